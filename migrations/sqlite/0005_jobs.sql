-- The jobs: the truth of the queue. The state machine of `fleet/src/job.rs` stands here as constraints; what the
-- columns mean stands in the Postgres migration of this number. Instants are milliseconds since 1970.
create table jobs (
    id               blob primary key not null,
    kind             text not null,
    label            text not null,
    priority         text not null,
    state            text not null,
    owner            blob,
    simulation       blob references simulations (id) on delete cascade,
    parent           blob,
    pending_children integer not null default 0,
    attempt          integer not null default 0,
    max_attempts     integer not null,
    timeout_ms       integer not null,
    epoch            integer not null default 0,
    progress         integer not null default 0,
    ready_at         integer not null,
    lease_until      integer,
    created_at       integer not null,
    started_at       integer,
    finished_at      integer,
    cancel_requested boolean not null default false,
    worker           text,
    idempotency_key  text,
    trace_context    text,
    error            text,
    result_key       text,
    samples_key      text,
    result           blob,
    payload          blob not null,
    constraint jobs_state_is_known check
        (state in ('scheduled', 'waiting', 'ready', 'running', 'succeeded', 'failed', 'cancelled')),
    constraint jobs_priority_is_known check (priority in ('high', 'normal', 'low')),
    constraint jobs_running_is_leased check
        ((state = 'running') = (worker is not null) and (worker is null) = (lease_until is null)),
    constraint jobs_waiting_has_children check ((state = 'waiting') = (pending_children > 0)),
    constraint jobs_terminal_is_finished check
        ((state in ('succeeded', 'failed', 'cancelled')) = (finished_at is not null)),
    constraint jobs_failed_says_why check (state <> 'failed' or error is not null),
    constraint jobs_only_succeeded_produced check
        (state = 'succeeded' or (result is null and result_key is null and samples_key is null)),
    constraint jobs_only_running_is_asked_to_stop check (state = 'running' or not cancel_requested),
    constraint jobs_attempts_are_bounded check (attempt between 0 and max_attempts and max_attempts > 0),
    constraint jobs_claims_are_counted check (epoch >= attempt),
    constraint jobs_is_not_its_own_child check (parent <> id)
);
create index jobs_unfinished on jobs (state, label, priority, ready_at, id)
    where state in ('scheduled', 'waiting', 'ready', 'running');
create index jobs_by_owner on jobs (owner, id) where owner is not null;
create index jobs_by_simulation on jobs (simulation, id) where simulation is not null;
create index jobs_by_parent on jobs (parent, id) where parent is not null;
-- Nulls are distinct here: the platform's own jobs take the empty name.
create unique index jobs_key_is_one_owners on jobs (coalesce(owner, x''), idempotency_key)
    where idempotency_key is not null;

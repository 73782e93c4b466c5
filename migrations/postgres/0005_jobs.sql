-- The jobs: the truth of the queue. The state machine of `fleet/src/job.rs` stands here as constraints.
--
-- A job's row is written three times in its life. Room is left in each page for the next version of a row; only the
-- primary key and one small partial index follow a change of state, and none a renewed lease.
create table jobs (
    id               uuid primary key,
    kind             text collate "C" not null,
    label            text collate "C" not null,
    priority         text collate "C" not null,
    state            text collate "C" not null,
    owner            uuid,
    simulation       uuid references simulations (id) on delete cascade,
    parent           uuid,
    pending_children integer not null default 0,
    attempt          integer not null default 0,
    max_attempts     integer not null,
    timeout_ms       bigint not null,
    epoch            bigint not null default 0,
    progress         bigint not null default 0,
    ready_at         timestamptz not null,
    lease_until      timestamptz,
    created_at       timestamptz not null,
    started_at       timestamptz,
    finished_at      timestamptz,
    cancel_requested boolean not null default false,
    worker           text,
    idempotency_key  text,
    trace_context    text,
    error            text,
    result_key       text,
    samples_key      text,
    result           bytea,
    payload          bytea not null,
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
) with (
    fillfactor = 60,
    -- Dead versions come at the pace of the queue, not of a table's size.
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_insert_scale_factor = 0.2,
    autovacuum_analyze_scale_factor = 0.05,
    autovacuum_vacuum_cost_delay = 1
);
comment on column jobs.parent is 'the job that waits for this one; submitted in the same call';
comment on column jobs.attempt is 'claims, less those that were handed back or interrupted';
comment on column jobs.epoch is 'the fence: claims in all; a settlement under an older one writes nothing';
comment on column jobs.progress is 'how far it is, in units of its kind: trials of a simulation';
comment on column jobs.ready_at is 'since when it may be claimed, or when it may be';
comment on column jobs.error is 'why the last attempt that failed did';
comment on column jobs.result_key is 'the blob of the result, where it is too large for the row';

-- What the relay, the promoter, the rescuer and the gauges look at: the unfinished jobs only.
create index jobs_unfinished on jobs (state, label, priority, ready_at, id)
    where state in ('scheduled', 'waiting', 'ready', 'running');
create index jobs_by_owner on jobs (owner, id) where owner is not null;
create index jobs_by_simulation on jobs (simulation, id) where simulation is not null;
create index jobs_by_parent on jobs (parent, id) where parent is not null;
create unique index jobs_key_is_one_owners on jobs (owner, idempotency_key) nulls not distinct
    where idempotency_key is not null;

-- What users submitted. A row never changes: how a simulation stands is how its jobs stand, its root's first.
create table simulations (
    id              uuid primary key,
    owner           uuid not null references users (id),
    workbook        uuid references workbooks (id) on delete set null,
    idempotency_key text,
    request         bytea not null,
    trials          bigint not null,
    root            uuid not null,
    created_at      timestamptz not null,
    constraint simulations_trials_are_positive check (trials > 0),
    constraint simulations_root_is_one_simulations unique (root)
);
comment on column simulations.request is 'the request as it was accepted; the same key with another request is refused';
comment on column simulations.root is 'the job whose result is the simulation''s: simulate, or combine';
create index simulations_by_owner on simulations (owner, id);
create index simulations_by_workbook on simulations (workbook) where workbook is not null;
create unique index simulations_key_is_one_owners on simulations (owner, idempotency_key) where idempotency_key is not null;

-- What users submitted. A row never changes: how a simulation stands is how its jobs stand, its root's first.
create table simulations (
    id              blob primary key not null,
    owner           blob not null references users (id),
    workbook        blob references workbooks (id) on delete set null,
    idempotency_key text,
    request         blob not null,
    trials          integer not null,
    root            blob not null,
    created_at      integer not null,
    constraint simulations_trials_are_positive check (trials > 0),
    constraint simulations_root_is_one_simulations unique (root)
);
create index simulations_by_owner on simulations (owner, id);
create index simulations_by_workbook on simulations (workbook) where workbook is not null;
create unique index simulations_key_is_one_owners on simulations (owner, idempotency_key) where idempotency_key is not null;

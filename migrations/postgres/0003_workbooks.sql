-- The workbooks that users uploaded. Their bytes are a blob named by its hash; users who upload the same have each a row.
create table workbooks (
    id         uuid primary key,
    owner      uuid not null references users (id),
    name       text not null,
    hash       text collate "C" not null,
    bytes      bigint not null,
    cells      bigint not null,
    formulas   bigint not null,
    created_at timestamptz not null,
    constraint workbooks_hash_is_sha256 check (length(hash) = 64)
);
create index workbooks_by_owner on workbooks (owner, id);
create index workbooks_by_hash on workbooks (hash);

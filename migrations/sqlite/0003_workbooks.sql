-- The workbooks that users uploaded. Their bytes are a blob named by its hash; users who upload the same have each a row.
create table workbooks (
    id         blob primary key not null,
    owner      blob not null references users (id),
    name       text not null,
    hash       text not null,
    bytes      integer not null,
    cells      integer not null,
    formulas   integer not null,
    created_at integer not null,
    constraint workbooks_hash_is_sha256 check (length(hash) = 64)
);
create index workbooks_by_owner on workbooks (owner, id);
create index workbooks_by_hash on workbooks (hash);

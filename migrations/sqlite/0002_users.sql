-- Who submits. A key is kept only as its hash; a revoked user stays, since rows name it.
create table users (
    id         blob primary key not null,
    name       text not null,
    operator   boolean not null,
    key_hash   blob not null,
    created_at integer not null,
    revoked_at integer,
    constraint users_name_is_given check (length(name) between 1 and 200),
    constraint users_key_hash_is_sha256 check (length(key_hash) = 32),
    constraint users_key_is_one_users unique (key_hash)
);
-- A name is taken while its user is not revoked.
create unique index users_name_is_one_users on users (name) where revoked_at is null;

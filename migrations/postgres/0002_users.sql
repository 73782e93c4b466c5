-- Who submits. A key is kept only as its hash; a revoked user stays, since rows name it.
create table users (
    id         uuid primary key,
    name       text not null,
    operator   boolean not null,
    key_hash   bytea not null,
    created_at timestamptz not null,
    revoked_at timestamptz,
    constraint users_name_is_given check (length(name) between 1 and 200),
    constraint users_key_hash_is_sha256 check (length(key_hash) = 32),
    constraint users_key_is_one_users unique (key_hash)
);
comment on column users.operator is 'sees everybody''s work and the platform''s own';
comment on column users.key_hash is 'SHA-256 of the API key: 256 random bits need no slow hash';
-- A name is taken while its user is not revoked.
create unique index users_name_is_one_users on users (name) where revoked_at is null;

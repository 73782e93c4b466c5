-- Who did what when. An entry is written with what it tells; a duty seals it into a chain of hashes. Both tables only grow.
create table audit (
    id      uuid primary key,
    at      timestamptz not null,
    actor   text not null,
    action  text collate "C" not null,
    subject text not null,
    detail  text not null
);
create index audit_by_time on audit (at);
comment on column audit.actor is 'user:ID, operator:LOGIN@HOST, or a role and its host';
comment on column audit.subject is 'to what it was done: an id, a label, a name';

create table audit_chain (
    number bigint primary key,
    entry  uuid not null unique references audit (id),
    hash   bytea not null,
    constraint audit_chain_counts_from_one check (number > 0),
    constraint audit_chain_hash_is_sha256 check (octet_length(hash) = 32)
);
comment on column audit_chain.hash is 'of the one before and of the entry';

-- What is not sealed yet.
create table audit_unsealed (
    entry uuid primary key references audit (id)
);

create function audit_await_seal() returns trigger language plpgsql as $$
begin
    insert into audit_unsealed (entry) values (new.id);
    return null;
end $$;
create trigger audit_awaits_seal after insert on audit for each row execute function audit_await_seal();

create function audit_refuse() returns trigger language plpgsql as $$
begin
    raise exception 'the audit trail only grows';
end $$;
create trigger audit_only_grows before update or delete or truncate on audit
    for each statement execute function audit_refuse();
create trigger audit_chain_only_grows before update or delete or truncate on audit_chain
    for each statement execute function audit_refuse();

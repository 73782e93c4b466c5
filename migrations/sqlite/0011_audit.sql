-- Who did what when. An entry is written with what it tells; a duty seals it into a chain of hashes. Both tables only grow.
-- What the columns mean stands in the Postgres migration of this number.
create table audit (
    id      blob primary key not null,
    at      integer not null,
    actor   text not null,
    action  text not null,
    subject text not null,
    detail  text not null
);
create index audit_by_time on audit (at);

create table audit_chain (
    number integer primary key not null,
    entry  blob not null unique references audit (id),
    hash   blob not null,
    constraint audit_chain_counts_from_one check (number > 0),
    constraint audit_chain_hash_is_sha256 check (length(hash) = 32)
);

-- What is not sealed yet.
create table audit_unsealed (
    entry blob primary key not null references audit (id)
);

create trigger audit_awaits_seal after insert on audit begin
    insert into audit_unsealed (entry) values (new.id);
end;

create trigger audit_is_not_altered before update on audit begin
    select raise(abort, 'the audit trail only grows');
end;
create trigger audit_is_not_deleted before delete on audit begin
    select raise(abort, 'the audit trail only grows');
end;
create trigger audit_chain_is_not_altered before update on audit_chain begin
    select raise(abort, 'the audit trail only grows');
end;
create trigger audit_chain_is_not_deleted before delete on audit_chain begin
    select raise(abort, 'the audit trail only grows');
end;

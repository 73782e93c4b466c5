-- Which environment this database belongs to, so that another's program refuses it.
create table installation (
    only_one    boolean primary key default true,
    environment text not null,
    created_at  integer not null default (cast(unixepoch('subsec') * 1000 as integer)),
    constraint installation_is_one_row check (only_one)
);

-- Whether the service is read-only: it is while there is a row. What the columns mean stands in the Postgres migration of
-- this number.
create table read_only (
    only_one boolean primary key not null,
    since    integer not null,
    actor    text not null,
    reason   text not null,
    constraint read_only_is_one_row check (only_one),
    constraint read_only_has_a_reason check (reason <> '')
);

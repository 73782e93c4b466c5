-- Whether the service is read-only: it is while there is a row.
create table read_only (
    only_one boolean primary key,
    since    timestamptz not null,
    actor    text not null,
    reason   text not null,
    constraint read_only_is_one_row check (only_one),
    constraint read_only_has_a_reason check (reason <> '')
);
comment on column read_only.actor is 'who made it so, as in the audit trail';
comment on column read_only.reason is 'for those whose requests are refused meanwhile';

-- Who leads: one row for each office, held for a term. A row rather than an advisory lock, which PgBouncer would lose.
create table leaderships (
    office     text primary key,
    holder     text not null,
    term       bigint not null,
    held_until timestamptz not null,
    constraint leaderships_term_is_positive check (term > 0)
) with (fillfactor = 60);
comment on column leaderships.term is 'grows with every change of the holder';

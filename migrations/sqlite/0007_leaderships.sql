-- Who leads: one row for each office, held for a term.
create table leaderships (
    office     text primary key not null,
    holder     text not null,
    term       integer not null,
    held_until integer not null,
    constraint leaderships_term_is_positive check (term > 0)
);

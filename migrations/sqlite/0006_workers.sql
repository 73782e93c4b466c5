-- The workers that are alive: each says so every few seconds.
create table workers (
    id         text primary key not null,
    labels     text not null,
    slots      integer not null,
    version    text not null,
    device     text not null,
    started_at integer not null,
    seen_at    integer not null,
    constraint workers_has_slots check (slots > 0)
);

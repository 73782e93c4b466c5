-- The workers that are alive: each says so every few seconds.
create table workers (
    id         text primary key,
    labels     text not null,
    slots      integer not null,
    version    text not null,
    device     text not null,
    started_at timestamptz not null,
    seen_at    timestamptz not null,
    constraint workers_has_slots check (slots > 0)
) with (fillfactor = 60);
comment on column workers.labels is 'with commas between them';
comment on column workers.id is 'host and boot: new for each process, so that an orphan never hides behind a reused name';

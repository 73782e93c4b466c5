-- What happens by the clock. The timetable itself stands in the profile; here stands how far each schedule is, and what
-- became of each tick. What the columns mean stands in the Postgres migration of this number.
create table schedules (
    name     text primary key not null,
    cron     text not null,
    mark     integer not null,
    last_job blob
);

create table schedule_ticks (
    schedule    text not null references schedules (name),
    tick        integer not null,
    fate        text not null,
    through     integer not null,
    ticks       integer not null,
    job         blob,
    reason      text,
    recorded_at integer not null,
    primary key (schedule, tick, fate),
    constraint schedule_ticks_fate_is_known check
        (fate in ('emitted', 'caught_up', 'by_hand', 'skipped', 'missed')),
    constraint schedule_ticks_only_missed_are_many check
        (fate = 'missed' and ticks > 0 and through >= tick or ticks = 1 and through = tick),
    constraint schedule_ticks_only_emitted_have_jobs check
        (job is null or fate in ('emitted', 'caught_up', 'by_hand'))
);
-- One tick emits once, whatever the number of schedulers.
create unique index schedule_ticks_emits_once on schedule_ticks (schedule, tick) where fate in ('emitted', 'caught_up');
create index schedule_ticks_by_age on schedule_ticks (schedule, recorded_at);

-- How many workers there should be: what an autoscaler goes by.
create table desired_workers (
    label    text primary key not null,
    workers  integer not null,
    as_of    integer not null,
    schedule text not null,
    constraint desired_workers_is_a_number check (workers >= 0)
);

-- What happens by the clock. The timetable itself stands in the profile; here stands how far each schedule is, and what
-- became of each tick.
create table schedules (
    name     text collate "C" primary key,
    cron     text not null,
    mark     timestamptz not null,
    last_job uuid
);
comment on column schedules.cron is 'what its ticks were decided by: one that changes begins anew';
comment on column schedules.mark is 'the high-water mark: every tick up to here is decided, whatever the clock says';
comment on column schedules.last_job is 'while this one has not ended, no other of its concurrency key is emitted';

create table schedule_ticks (
    schedule    text collate "C" not null references schedules (name),
    tick        timestamptz not null,
    fate        text collate "C" not null,
    through     timestamptz not null,
    ticks       bigint not null,
    job         uuid,
    reason      text,
    recorded_at timestamptz not null,
    primary key (schedule, tick, fate),
    constraint schedule_ticks_fate_is_known check
        (fate in ('emitted', 'caught_up', 'by_hand', 'skipped', 'missed')),
    constraint schedule_ticks_only_missed_are_many check
        (fate = 'missed' and ticks > 0 and through >= tick or ticks = 1 and through = tick),
    constraint schedule_ticks_only_emitted_have_jobs check
        (job is null or fate in ('emitted', 'caught_up', 'by_hand'))
);
comment on column schedule_ticks.through is 'the last tick of a run that was missed';
comment on column schedule_ticks.ticks is 'how many that run has, counted to 10,000';
-- One tick emits once, whatever the number of schedulers.
create unique index schedule_ticks_emits_once on schedule_ticks (schedule, tick) where fate in ('emitted', 'caught_up');
create index schedule_ticks_by_age on schedule_ticks (schedule, recorded_at);

-- How many workers there should be: what an autoscaler goes by.
create table desired_workers (
    label    text collate "C" primary key,
    workers  integer not null,
    as_of    timestamptz not null,
    schedule text collate "C" not null,
    constraint desired_workers_is_a_number check (workers >= 0)
);
comment on column desired_workers.as_of is 'the tick that said so: an older one, come late, changes nothing';

-- Jobs whose next attempt is their last after their worker died: it runs alone, so that it says whose fault that was.
alter table jobs
    add column alone boolean not null default false,
    add constraint jobs_alone_is_the_last_attempt check
        (not alone or (state in ('ready', 'running') and attempt >= max_attempts - 1));
comment on column jobs.alone is 'its last attempt is left, which runs with nothing beside it on its worker';
comment on column jobs.attempt is
    'claims, less those that were handed back or interrupted; one to run alone counts when it begins';

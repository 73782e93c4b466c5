-- Jobs whose next attempt is their last after their worker died: it runs alone, so that it says whose fault that was.
alter table jobs
    add column alone boolean not null default false
        constraint jobs_alone_is_the_last_attempt check
            (not alone or (state in ('ready', 'running') and attempt >= max_attempts - 1));

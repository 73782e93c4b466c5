-- Users that stand for nobody: what they submit shows that the platform works, and counts as nobody's work.
alter table users
    add column synthetic boolean not null default false
        constraint users_synthetic_sees_its_own check (not (synthetic and operator));
create index users_synthetic on users (id) where synthetic;

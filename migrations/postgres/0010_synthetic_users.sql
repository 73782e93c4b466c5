-- Users that stand for nobody: what they submit shows that the platform works, and counts as nobody's work.
alter table users
    add column synthetic boolean not null default false,
    add constraint users_synthetic_sees_its_own check (not (synthetic and operator));
comment on column users.synthetic is 'stands for nobody: left out of the figures of work, and swept away';
create index users_synthetic on users (id) where synthetic;

-- The backups that were taken, and the drills that proved them. A bucket's manifests alone suffice to restore: this is what
-- is known of them while the database lives.
create table backups (
    label           text collate "C" primary key,
    kind            text collate "C" not null,
    state           text collate "C" not null,
    begun_at        timestamptz not null,
    taken_at        timestamptz,
    verified_at     timestamptz,
    expired_at      timestamptz,
    bytes           bigint not null default 0,
    manifest_sha256 text,
    is_copied       boolean not null default false,
    needs           text,
    pinned          text,
    error           text,
    constraint backups_state_is_known check (state in ('running', 'uploaded', 'verified', 'failed')),
    constraint backups_uploaded_holds_an_instant check (state not in ('uploaded', 'verified') or taken_at is not null),
    constraint backups_verified_was_read_back check (state <> 'verified' or verified_at is not null),
    constraint backups_failed_says_why check ((state = 'failed') = (error is not null)),
    constraint backups_pinned_does_not_expire check (pinned is null or expired_at is null)
);
create index backups_by_begin on backups (begun_at);
comment on column backups.taken_at is 'the instant whose data it holds';
comment on column backups.verified_at is 'when it was last found whole';
comment on column backups.expired_at is 'when retention deleted it';
comment on column backups.needs is 'the backup without which it cannot be restored';
comment on column backups.pinned is 'why somebody wants it kept';

create table drills (
    id            uuid primary key,
    label         text,
    started_at    timestamptz not null,
    recovery_ms   bigint,
    lost_ms       bigint,
    findings      text not null
);
create index drills_by_start on drills (started_at);
comment on column drills.recovery_ms is 'from the beginning of the restore to a database that passed every check';
comment on column drills.lost_ms is 'how much would have been lost';
comment on column drills.findings is 'what was wrong, a JSON list; an empty one if it passed';

-- Rows that a drill writes to find them again in what it restores.
create table drill_markers (
    id         uuid primary key,
    written_at timestamptz not null
);

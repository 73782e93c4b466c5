-- The backups that were taken, and the drills that proved them. A bucket's manifests alone suffice to restore: this is what
-- is known of them while the database lives.
create table backups (
    label           text primary key not null,
    kind            text not null,
    state           text not null,
    begun_at        integer not null,
    taken_at        integer,
    verified_at     integer,
    expired_at      integer,
    bytes           integer not null default 0,
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

create table drills (
    id            blob primary key not null,
    label         text,
    started_at    integer not null,
    recovery_ms   integer,
    lost_ms       integer,
    findings      text not null
);
create index drills_by_start on drills (started_at);

-- Rows that a drill writes to find them again in what it restores.
create table drill_markers (
    id         blob primary key not null,
    written_at integer not null
);

//! The catalogue of backups.

use sqlx::{query, query_as};

use super::columns::Instant;
use super::transaction::run;
use super::{Store, StoreError};
use crate::audit::{Act, Action};
use crate::backup::{Backup, BackupKind, BackupState, UploadedBackup};
use crate::store::row::row;

impl Store {
    /// Writes down that a backup is being taken.
    pub async fn begin_backup(&self, label: &str, kind: BackupKind) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let now = transaction.now().await?;
        run!(&mut transaction, query(BEGIN).bind(label).bind(kind).bind(now), execute)?;
        transaction.note(&self.actor, Act::on(Action::BackupBegun, label)).await?;
        transaction.commit().await
    }

    /// Writes down that it is in the bucket.
    pub async fn backup_uploaded(&self, label: &str, uploaded: &UploadedBackup) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let written = run!(
            &mut transaction,
            query(UPLOADED)
                .bind(label)
                .bind(Instant(uploaded.taken_at))
                .bind(i64::try_from(uploaded.bytes).unwrap_or(i64::MAX))
                .bind(uploaded.manifest_sha256.as_deref())
                .bind(uploaded.is_copied)
                .bind(uploaded.needs.as_deref()),
            execute
        )?;
        changed(written, label, "is not being taken")?;
        transaction.note(&self.actor, Act::on(Action::BackupUploaded, label)).await?;
        transaction.commit().await
    }

    /// Writes down that it was read back and is whole.
    pub async fn backup_verified(&self, label: &str) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let now = transaction.now().await?;
        let written = run!(&mut transaction, query(VERIFIED).bind(label).bind(now), execute)?;
        changed(written, label, "is not in the bucket, as far as the catalogue knows")?;
        transaction.note(&self.actor, Act::on(Action::BackupVerified, label)).await?;
        transaction.commit().await
    }

    /// Writes down that it broke off or is damaged, and why.
    pub async fn backup_failed(&self, label: &str, error: &str) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let written = run!(&mut transaction, query(FAILED).bind(label).bind(error), execute)?;
        changed(written, label, "is not known")?;
        transaction.note(&self.actor, Act::on(Action::BackupFailed, label).saying(error)).await?;
        transaction.commit().await
    }

    /// Writes down that retention deleted it, unless somebody wants it kept.
    pub async fn backup_expired(&self, label: &str) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let now = transaction.now().await?;
        let written = run!(&mut transaction, query(EXPIRED).bind(label).bind(now), execute)?;
        changed(written, label, "is pinned or not known")?;
        transaction.note(&self.actor, Act::on(Action::BackupExpired, label)).await?;
        transaction.commit().await
    }

    /// Keeps a backup whatever its age, for a reason, or no longer.
    pub async fn pin_backup(&self, label: &str, reason: Option<&str>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let written = run!(&mut transaction, query(PIN).bind(label).bind(reason), execute)?;
        changed(written, label, "is deleted or not known")?;
        let act = match reason {
            Some(reason) => Act::on(Action::BackupPinned, label).saying(reason),
            None => Act::on(Action::BackupUnpinned, label),
        };
        transaction.note(&self.actor, act).await?;
        transaction.commit().await
    }

    /// One backup.
    pub async fn backup(&self, label: &str) -> Result<Backup, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let row: Option<BackupRow> = run!(&mut transaction, query_as(BACKUP).bind(label), fetch_optional)?;
        transaction.commit().await?;
        row.map(BackupRow::backup).ok_or(StoreError::NotFound { what: "backup" })
    }

    /// The backups that were not deleted, newest first, at most so many.
    pub async fn backups(&self, limit: u32) -> Result<Vec<Backup>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let rows: Vec<BackupRow> =
            run!(&mut transaction, query_as(BACKUPS).bind(i64::from(limit)), fetch_all)?;
        transaction.commit().await?;
        Ok(rows.into_iter().map(BackupRow::backup).collect())
    }
}

fn changed(rows: u64, label: &str, problem: &str) -> Result<(), StoreError> {
    if rows == 1 { Ok(()) } else { Err(StoreError::conflict(format!("the backup {label} {problem}"))) }
}

row! {
    struct BackupRow {
        label: String,
        kind: BackupKind,
        state: BackupState,
        begun_at: Instant,
        taken_at: Option<Instant>,
        verified_at: Option<Instant>,
        expired_at: Option<Instant>,
        bytes: i64,
        manifest_sha256: Option<String>,
        is_copied: bool,
        needs: Option<String>,
        pinned: Option<String>,
        error: Option<String>,
    }
}

impl BackupRow {
    fn backup(self) -> Backup {
        Backup {
            label: self.label,
            kind: self.kind,
            state: self.state,
            begun_at: self.begun_at.0,
            taken_at: self.taken_at.map(|instant| instant.0),
            verified_at: self.verified_at.map(|instant| instant.0),
            expired_at: self.expired_at.map(|instant| instant.0),
            bytes: self.bytes.unsigned_abs(),
            manifest_sha256: self.manifest_sha256,
            is_copied: self.is_copied,
            needs: self.needs,
            pinned: self.pinned,
            error: self.error,
        }
    }
}

const BEGIN: &str = "
-- name: begin backup
insert into backups (label, kind, state, begun_at) values ($1, $2, 'running', $3)";

const UPLOADED: &str = "
-- name: backup uploaded
update backups
set state = 'uploaded', taken_at = $2, bytes = $3, manifest_sha256 = $4, is_copied = $5, needs = $6
where label = $1 and state = 'running'";

const VERIFIED: &str = "
-- name: backup verified
update backups set state = 'verified', verified_at = $2, error = null
where label = $1 and taken_at is not null and expired_at is null";

const FAILED: &str = "
-- name: backup failed
update backups set state = 'failed', error = $2 where label = $1";

const EXPIRED: &str = "
-- name: backup expired
update backups set expired_at = $2 where label = $1 and pinned is null";

const PIN: &str = "
-- name: pin backup
update backups set pinned = $2 where label = $1 and expired_at is null";

const BACKUP: &str = "
-- name: look at backup
select label, kind, state, begun_at, taken_at, verified_at, expired_at, bytes, manifest_sha256, is_copied, needs, pinned, error
from backups where label = $1";

const BACKUPS: &str = "
-- name: list backups
select label, kind, state, begun_at, taken_at, verified_at, expired_at, bytes, manifest_sha256, is_copied, needs, pinned, error
from backups where expired_at is null
order by begun_at desc, label desc
limit $1";

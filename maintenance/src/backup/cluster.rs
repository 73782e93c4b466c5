//! Backups of the whole cluster, by pgBackRest: full once a day, and what changed since in between.

use chrono::{DateTime, TimeDelta, Utc};
use fermiac_fleet::backup::{BackupKind, UploadedBackup};

use super::{Extent, LOOKED_FOR, Taken, Verified, label};
use crate::context::Context;
use crate::error::{MaintenanceError, Result};
use crate::pgbackrest::{ClusterBackup, PgBackRest};

/// A backup that is younger by no more than this is a day's: schedules have jitter.
const A_DAY: TimeDelta = TimeDelta::hours(23);

/// Takes the backup that is due, reads the repository back, and writes both into the catalogue.
pub async fn back_up(
    context: &Context,
    cluster: &PgBackRest,
    extent: Option<Extent>,
) -> Result<(BackupKind, Taken)> {
    let there = cluster.backups().await?;
    if there.is_empty() {
        // A new repository; and whether the server archives to it shows before hours of copying, not after.
        cluster.prepare().await?;
    }
    let kind = match extent {
        Some(Extent::Full) => BackupKind::Full,
        // Without a full one before it, pgBackRest makes one.
        Some(Extent::Incremental) | None => due(&there, Utc::now()),
    };
    let taken = match cluster.back_up(kind).await {
        Ok(taken) => taken,
        Err(error) => {
            let label = label(kind, Utc::now());
            context.store.begin_backup(&label, kind).await?;
            context.store.backup_failed(&label, &error.to_string()).await?;
            return Err(error);
        }
    };
    context.store.begin_backup(&taken.label, kind).await?;
    let uploaded = UploadedBackup {
        taken_at: taken.taken_at,
        bytes: taken.bytes,
        manifest_sha256: None,
        is_copied: false,
        needs: taken.needs.clone(),
    };
    context.store.backup_uploaded(&taken.label, &uploaded).await?;
    verify(context, cluster, &taken).await?;
    let taken = Taken {
        label: taken.label,
        taken_at: taken.taken_at,
        bytes: taken.bytes,
        rows: None,
        blobs: 0,
        new_blobs: 0,
        is_verified: true,
        is_copied: false,
    };
    Ok((kind, taken))
}

/// Verifies a backup of the catalogue. One that a repository lacks is damaged only where the repository has others that
/// the catalogue knows; else it may be another's.
pub async fn verify_known(context: &Context, label: &str) -> Result<Verified> {
    let cluster = context.cluster.as_ref().ok_or_else(|| {
        MaintenanceError::refused(format!(
            "FERMIAC_BACKUP_KIND: {label} lies in pgBackRest's repository; verify it where the kind is pgbackrest"
        ))
    })?;
    let there = cluster.backups().await?;
    if let Some(taken) = there.iter().find(|taken| taken.label == label) {
        verify(context, cluster, taken).await?;
        return Ok(Verified { label: label.to_owned(), opened: 0, seen: 0 });
    }
    let known = context.store.backups(LOOKED_FOR).await?;
    if known.iter().any(|known| there.iter().any(|taken| taken.label == known.label)) {
        let missing = MaintenanceError::damaged(format!("pgBackRest's repository has no backup {label}"));
        return Err(super::condemned(context, label, missing).await?);
    }
    Err(MaintenanceError::refused(format!(
        "FERMIAC_PGBACKREST_URL: neither {label} nor any other backup of the catalogue is in pgBackRest's repository; if that \
         is the wrong bucket, prefix or stanza, give the right one; the catalogue stays as it is"
    )))
}

/// Verifies the repository on behalf of one backup in it.
async fn verify(context: &Context, cluster: &PgBackRest, taken: &ClusterBackup) -> Result<()> {
    let verified = match cluster.verify().await {
        Ok(()) if taken.has_errors => Err(MaintenanceError::damaged(format!(
            "pages of the database were damaged when {} was taken",
            taken.label
        ))),
        verified => verified,
    };
    match verified {
        Ok(()) => Ok(context.store.backup_verified(&taken.label).await?),
        Err(error) => Err(super::condemned(context, &taken.label, error).await?),
    }
}

fn due(there: &[ClusterBackup], now: DateTime<Utc>) -> BackupKind {
    let newest_full = there.iter().filter(|one| one.kind == BackupKind::Full).map(|one| one.taken_at).max();
    match newest_full {
        Some(taken_at) if now - taken_at < A_DAY => BackupKind::Incremental,
        _ => BackupKind::Full,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_backup_is_due_once_a_day() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let full = |hours| ClusterBackup {
            label: "20270115-080000F".to_owned(),
            kind: BackupKind::Full,
            needs: None,
            taken_at: now - TimeDelta::hours(hours),
            bytes: 1,
            has_errors: false,
        };
        let incremental = ClusterBackup { kind: BackupKind::Incremental, ..full(1) };
        assert_eq!(due(&[], now), BackupKind::Full);
        assert_eq!(due(&[full(6)], now), BackupKind::Incremental);
        assert_eq!(due(&[full(24), incremental], now), BackupKind::Full);
    }
}

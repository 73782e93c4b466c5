//! Backups that the catalogue says are being taken, by somebody who died.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use fermiac_fleet::backup::{Backup, BackupState};

use super::expire::LOOKED_AT;
use crate::context::Context;
use crate::error::Result;
use crate::vault::TERM;

/// Writes down that they failed. Whoever takes a backup holds it: one that nobody has held for a while is lost, and if its
/// taker comes back all the same, it finds the backup failed and takes no more of it.
///
/// # Errors
/// When the catalogue or the bucket does not answer.
pub async fn fail_lost(context: &Context) -> Result<Vec<String>> {
    let backups = context.store.backups(LOOKED_AT).await?;
    if !backups.iter().any(|backup| backup.state == BackupState::Running) {
        return Ok(Vec::new());
    }
    let now = context.store.now().await?;
    let lost = lost(&backups, &context.places.vault.held().await?, now);
    for label in &lost {
        tracing::warn!(label, "whoever took this backup died or was cut off");
        let error = "whoever took it died or was cut off before its end";
        context.store.backup_failed(label, error).await?;
    }
    Ok(lost)
}

fn lost(backups: &[Backup], held: &BTreeSet<String>, now: DateTime<Utc>) -> Vec<String> {
    let running = backups.iter().filter(|backup| backup.state == BackupState::Running);
    let lost = running.filter(|backup| !held.contains(&backup.label) && backup.begun_at < now - TERM);
    lost.map(|backup| backup.label.clone()).collect()
}

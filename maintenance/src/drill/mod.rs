//! The restore drill: proves that what is backed up can be had again, and measures how soon and how much of it.
//!
//! A marker is written, a backup is taken after it, and that is restored into a scratch server: the marker must be there,
//! every table must be what it was, and the time from the beginning of the restore to the end of the checks must be
//! within what was promised. How much would be lost is the age of the newest verified backup when the drill begins: what
//! a disaster at that moment would cost, before the drill itself has taken a newer one.

mod cluster;

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use fermiac_fleet::backup::{Backup, BackupState, Drill};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::backup::{BackupArguments, backup};
use crate::context::{Context, unhurried};
use crate::error::{MaintenanceError, Result};
use crate::restore::integrity::{Check, findings};
use crate::restore::{into_scratch, tear_down};

/// What is wanted of a drill.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DrillArguments {
    /// The backup to restore, in place of one that is taken for the drill; then there is no marker.
    pub label: Option<String>,
}

/// Holds a drill and writes down how it went.
///
/// # Errors
/// When it failed: [`MaintenanceError::Differs`] with all that was found, or what kept it from its end.
pub async fn drill(context: &Context, arguments: &DrillArguments) -> Result<Drill> {
    let mut drill = Drill {
        id: Uuid::now_v7(),
        label: arguments.label.clone(),
        started_at: Utc::now(),
        recovery_time: None,
        lost_time: None,
        findings: Vec::new(),
    };
    // Boxed: futures of futures of futures, the compiler gives up on their layout.
    let held = Box::pin(hold(context, arguments, &mut drill)).await;
    if let Err(error) = &held {
        drill.findings.push(error.to_string());
    }
    context.store.record_drill(&drill).await?;
    match held {
        Err(error) => Err(error),
        Ok(()) if !drill.passed() => Err(MaintenanceError::Differs(drill.findings)),
        Ok(()) => Ok(drill),
    }
}

async fn hold(context: &Context, arguments: &DrillArguments, drill: &mut Drill) -> Result<()> {
    if let Some(repository) = &context.cluster {
        return cluster::hold(context, repository, arguments.label.as_deref(), drill).await;
    }
    drill.lost_time = lost_time(&context.store.backups(1_000).await?, drill.started_at);
    let (label, marker) = match &arguments.label {
        Some(label) => (label.clone(), None),
        None => {
            let (marker, _) = context.store.write_marker().await?;
            (backup(context, &BackupArguments::default()).await?.label, Some(marker))
        }
    };
    drill.label = Some(label.clone());
    let begun = Instant::now();
    let checks = restore_and_look(context, label, marker).await?;
    drill.recovery_time = Some(begun.elapsed());
    drill.findings = findings(&checks);
    drill.findings.extend(late(context, drill));
    Ok(())
}

async fn restore_and_look(context: &Context, label: String, marker: Option<Uuid>) -> Result<Vec<Check>> {
    context.places.vault.while_held(&label, look_at(context, &label, marker)).await
}

async fn look_at(context: &Context, label: &str, marker: Option<Uuid>) -> Result<Vec<Check>> {
    let manifest = context.places.vault.manifest(label).await?.0;
    let (scratch, mut checks) = into_scratch(&context.places, &manifest).await?;
    if let Some(marker) = marker {
        let store = unhurried(&scratch.address("postgres")?, &context.places.environment).await?;
        let there = store.has_marker(marker).await;
        store.close().await;
        let finding = (!there?).then(|| format!("the marker {marker} is not in what was restored"));
        checks.push(Check { name: "marker", finding });
    }
    tear_down(scratch).await?;
    Ok(checks)
}

/// What a disaster at this moment would cost, unless there is no backup at all.
fn lost_time(backups: &[Backup], now: DateTime<Utc>) -> Option<Duration> {
    let verified = backups.iter().filter(|backup| backup.state == BackupState::Verified);
    let newest = verified.filter_map(|backup| backup.taken_at).max()?;
    Some((now - newest).to_std().unwrap_or_default())
}

fn late(context: &Context, drill: &Drill) -> Vec<String> {
    let mut late = Vec::new();
    let seconds = |span: Duration| format!("{:.1} s", span.as_secs_f64());
    if let Some(took) = drill.recovery_time.filter(|took| *took > context.recovery_time) {
        let promised = seconds(context.recovery_time);
        late.push(format!("recovery took {}, and {promised} is promised", seconds(took)));
    }
    match drill.lost_time {
        // The first drill of all has nothing before it.
        None => {
            tracing::warn!("no backup was verified before this drill: how much would be lost is not known");
        }
        Some(lost) if lost > context.lost_time => {
            let promised = seconds(context.lost_time);
            late.push(format!("{} of work would be lost, and {promised} is promised", seconds(lost)));
        }
        Some(_) => {}
    }
    late
}

//! Deletes backups that nobody has to keep: first a list of what would go, then that and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use fermiac_fleet::backup::{Backup, BackupKind, BackupState};
use serde::Serialize;

use super::keep::{Candidate, Policy, Reason, Standing, keep};
use crate::context::Context;
use crate::error::Result;
use crate::vault::Vault;

/// So many backups are looked at: years of four a day.
const LOOKED_AT: u32 = 10_000;

/// What stays and what goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// By label, every reason.
    pub kept: BTreeMap<String, BTreeSet<Reason>>,
    /// By label, how large it is in its bucket.
    pub goes: BTreeMap<String, u64>,
    /// Blobs that no backup needs once those are gone.
    pub blobs: Vec<String>,
}

/// What would go now. Nothing does.
///
/// # Errors
/// When the catalogue or the bucket does not answer.
pub async fn plan(context: &Context) -> Result<Plan> {
    let backups = context.store.backups(LOOKED_AT).await?;
    let candidates: Vec<Candidate> = backups.iter().map(candidate).collect();
    let kept = kept_of_each_tool(&candidates, &backups, &context.policy);
    let goes = backups.iter().filter(|backup| !kept.contains_key(&backup.label));
    let goes: BTreeMap<String, u64> = goes.map(|backup| (backup.label.clone(), backup.bytes)).collect();
    // One that is being taken counts on blobs that are there, and has no manifest yet.
    let blobs = match backups.iter().any(|backup| backup.state == BackupState::Running) {
        true => Vec::new(),
        false => unneeded_blobs(&context.places.vault, &goes).await?,
    };
    Ok(Plan { kept, goes, blobs })
}

/// Deletes what a plan says. Said again, it finds nothing to do.
///
/// # Errors
/// When the catalogue or a bucket does not answer; some are deleted then.
pub async fn carry_out(context: &Context, plan: &Plan) -> Result<()> {
    let in_cluster: BTreeSet<String> = match &context.cluster {
        Some(cluster) => cluster.backups().await?.into_iter().map(|backup| backup.label).collect(),
        None => BTreeSet::new(),
    };
    // The newest first: pgBackRest deletes what needs a backup along with it.
    for label in plan.goes.keys().rev() {
        if context.store.backup(label).await?.pinned.is_some() {
            continue;
        }
        match &context.cluster {
            Some(cluster) if in_cluster.contains(label) => cluster.expire(label).await?,
            _ => context.places.vault.delete(label).await?,
        }
        // Last: what broke off before is done again next time.
        context.store.backup_expired(label).await?;
        tracing::info!(label, "a backup was deleted");
    }
    context.places.vault.delete_objects(&plan.blobs).await
}

/// Dumps and backups of the cluster are kept by the same policy, and neither in place of the other.
fn kept_of_each_tool(
    candidates: &[Candidate],
    backups: &[Backup],
    policy: &Policy,
) -> BTreeMap<String, BTreeSet<Reason>> {
    let of = |is_dump: bool| -> Vec<Candidate> {
        let pairs = candidates.iter().zip(backups);
        let those = pairs.filter(|(_, backup)| (backup.kind == BackupKind::PgDump) == is_dump);
        those.map(|(candidate, _)| candidate.clone()).collect()
    };
    keep(&of(true), policy).into_iter().chain(keep(&of(false), policy)).collect()
}

fn candidate(backup: &Backup) -> Candidate {
    Candidate {
        label: backup.label.clone(),
        taken_at: backup.taken_at.unwrap_or(backup.begun_at),
        standing: match backup.state {
            BackupState::Verified => Standing::Verified,
            BackupState::Running | BackupState::Uploaded => Standing::Pending,
            BackupState::Failed => Standing::Failed,
        },
        is_pinned: backup.pinned.is_some(),
        needs: backup.needs.clone(),
    }
}

/// Blobs that came with a backup that goes, and that no manifest which stays names.
async fn unneeded_blobs(vault: &Vault, goes: &BTreeMap<String, u64>) -> Result<Vec<String>> {
    let (mut needed, mut going) = (BTreeSet::new(), BTreeSet::new());
    for label in vault.labels().await? {
        let keys = vault.manifest(&label).await?.0.blobs.into_iter().map(|blob| blob.sealed.key);
        if goes.contains_key(&label) { going.extend(keys) } else { needed.extend(keys) }
    }
    Ok(going.difference(&needed).cloned().collect())
}

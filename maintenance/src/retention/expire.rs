//! Deletes backups that nobody has to keep: first a list of what would go, then that and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use fermiac_fleet::backup::{Backup, BackupKind, BackupState};
use serde::Serialize;

use super::keep::{Candidate, Policy, Reason, Standing, keep};
use crate::backup::place;
use crate::context::Context;
use crate::error::Result;
use crate::pgbackrest::PgBackRest;
use crate::vault::Vault;

/// So many backups are looked at: years of four a day.
pub(super) const LOOKED_AT: u32 = 10_000;

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
    let held = context.places.vault.held().await?;
    let candidates: Vec<Candidate> = backups.iter().map(|backup| candidate(backup, &held)).collect();
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
/// When the catalogue or a bucket does not answer, or the service becomes read-only; some are deleted then.
pub async fn carry_out(context: &Context, plan: &Plan) -> Result<()> {
    context.store.check_writable().await?;
    let in_cluster: BTreeSet<String> = match &context.cluster {
        Some(cluster) => cluster.backups().await?.into_iter().map(|backup| backup.label).collect(),
        None => BTreeSet::new(),
    };
    // In the wrong place nothing would be found to delete, and the catalogue would forget what lies in the right one.
    if let Some(label) = plan.goes.keys().find(|label| !in_cluster.contains(*label)) {
        place::check(context, &context.store.backup(label).await?).await?;
    }
    // The newest first: pgBackRest deletes what needs a backup along with it.
    for label in plan.goes.keys().rev() {
        context.store.check_writable().await?;
        if context.store.backup(label).await?.pinned.is_some() {
            continue;
        }
        let is_gone = match &context.cluster {
            Some(cluster) if in_cluster.contains(label) => expire_in_cluster(context, cluster, label).await?,
            _ => context.places.vault.delete(label).await?,
        };
        if !is_gone {
            tracing::info!(label, "a backup stays for now: somebody works with it");
            continue;
        }
        // Last: what broke off before is done again next time.
        context.store.backup_expired(label).await?;
        tracing::info!(label, "a backup was deleted");
    }
    context.store.check_writable().await?;
    delete_blobs(context, &plan.blobs).await?;
    context.places.vault.sweep_holds().await
}

/// pgBackRest deletes what needs a backup along with it, and somebody may work with that.
async fn expire_in_cluster(context: &Context, cluster: &PgBackRest, label: &str) -> Result<bool> {
    let mut held = context.places.vault.held().await?;
    let there = cluster.backups().await?;
    // Newest first: what a held one needs is held, and what that needs.
    for backup in there.iter().rev().filter(|backup| backup.needs.is_some()) {
        if held.contains(&backup.label) {
            held.extend(backup.needs.clone());
        }
    }
    if held.contains(label) {
        return Ok(false);
    }
    cluster.expire(label).await?;
    Ok(true)
}

/// Those that no manifest which is there by now names, and no backup that is being taken may count on.
async fn delete_blobs(context: &Context, blobs: &[String]) -> Result<()> {
    if blobs.is_empty() || context.store.is_being_backed_up().await? {
        return Ok(());
    }
    let vault = &context.places.vault;
    let mut gone: BTreeSet<String> = blobs.iter().cloned().collect();
    for label in vault.labels().await? {
        for blob in vault.manifest(&label).await?.0.blobs {
            gone.remove(&blob.sealed.key);
        }
    }
    vault.delete_objects(&gone.into_iter().collect::<Vec<_>>()).await
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

fn candidate(backup: &Backup, held: &BTreeSet<String>) -> Candidate {
    Candidate {
        label: backup.label.clone(),
        taken_at: backup.taken_at.unwrap_or(backup.begun_at),
        standing: match backup.state {
            BackupState::Verified => Standing::Verified,
            BackupState::Running => Standing::Running,
            BackupState::Uploaded => Standing::Pending,
            BackupState::Failed => Standing::Failed,
        },
        is_pinned: backup.pinned.is_some(),
        is_held: held.contains(&backup.label),
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

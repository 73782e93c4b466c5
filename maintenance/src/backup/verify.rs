//! Reads backups back. A backup counts only once this has found it whole.

use std::collections::HashMap;
use std::io;

use fermiac_fleet::backup::{Backup, BackupKind, BackupState};
use serde::{Deserialize, Serialize};

use super::place;
use crate::context::Context;
use crate::error::{MaintenanceError, Result};
use crate::postgres::dump;
use crate::vault::{Manifest, SealedBlob, Vault};

/// Of blobs that came with earlier backups, so many are opened again.
const SAMPLE: usize = 20;

/// How much is opened. The dump and the settings always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// The blobs that came with this backup, and some of the others.
    #[default]
    New,
    /// Every blob.
    All,
}

/// What was found whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Which backup.
    pub label: String,
    /// How many objects were opened and compared; 0 where pgBackRest looked at its repository.
    pub opened: usize,
    /// How many more are there, with the length that they should have.
    pub seen: usize,
}

/// Verifies a backup and writes what comes of it into the catalogue.
///
/// # Errors
/// When it is damaged, or cannot be read. Where the settings may name the wrong place, nothing is said of the backup.
pub async fn verify(context: &Context, label: &str, depth: Depth) -> Result<Verified> {
    let known = context.store.backup(label).await?;
    refuse_to_verify(&known)?;
    let verified = match known.kind {
        BackupKind::Full | BackupKind::Incremental => {
            return super::cluster::verify_known(context, label).await;
        }
        BackupKind::PgDump => {
            place::check(context, &known).await?;
            context.places.vault.while_held(label, read_back(context, &known, depth)).await
        }
    };
    match verified {
        Ok(verified) => {
            context.store.backup_verified(label).await?;
            Ok(verified)
        }
        Err(error) => Err(super::condemned(context, label, error).await?),
    }
}

/// One that was never whole, or is gone by intention, is not to be found wanting.
fn refuse_to_verify(known: &Backup) -> Result<()> {
    let label = &known.label;
    if let Some(expired_at) = known.expired_at {
        let expired_at = expired_at.format("%Y-%m-%d %H:%M:%S UTC");
        return Err(MaintenanceError::refused(format!("{label} was deleted on {expired_at}")));
    }
    match (known.taken_at, known.state) {
        (Some(_), _) => Ok(()),
        (None, BackupState::Running) => {
            Err(MaintenanceError::refused(format!("{label} is still being taken: verify it afterwards")))
        }
        (None, _) => {
            let error = known.error.as_deref().unwrap_or("it broke off");
            Err(MaintenanceError::refused(format!("{label} never came to its end: {error}")))
        }
    }
}

async fn read_back(context: &Context, known: &Backup, depth: Depth) -> Result<Verified> {
    let (vault, label) = (&context.places.vault, &known.label);
    let (manifest, sha256) = vault.manifest(label).await?;
    if known.manifest_sha256.as_ref().is_some_and(|written_down| *written_down != sha256) {
        return Err(MaintenanceError::damaged(format!(
            "the manifest of {label} is not the one that was written"
        )));
    }
    vault.refuse_to_open(&manifest)?;
    let seen = see_blobs(vault, &manifest).await?;
    read_dump(vault, &manifest).await?;
    vault.open(&manifest.configuration, |_| Ok(())).await?;
    let chosen = chosen(&manifest, depth);
    for blob in &chosen {
        vault.open(&blob.sealed, |_| Ok(())).await?;
    }
    Ok(Verified { label: label.clone(), opened: chosen.len() + 2, seen: seen - chosen.len() })
}

/// Reads the dump as a restore would, without a server.
async fn read_dump(vault: &Vault, manifest: &Manifest) -> Result<()> {
    let read = vault.open(&manifest.database, |dump| {
        let read = dump::read_through(dump);
        // `pg_restore` leaves what comes after the end; it belongs to what was hashed.
        io::copy(dump, &mut io::sink()).map_err(MaintenanceError::disk("a dump on its way"))?;
        read
    });
    match read.await {
        Err(MaintenanceError::Tool { said, .. }) => {
            Err(MaintenanceError::damaged(format!("{} cannot be restored: {said}", manifest.database.key)))
        }
        read => read,
    }
}

/// All blobs are there and as long as they were. Says how many.
async fn see_blobs(vault: &Vault, manifest: &Manifest) -> Result<usize> {
    let there: HashMap<String, u64> =
        vault.list("blobs/").await?.into_iter().map(|entry| (entry.key, entry.bytes)).collect();
    let wrong = manifest.blobs.iter().find(|blob| there.get(&blob.sealed.key) != Some(&blob.sealed.bytes));
    match wrong {
        None => Ok(manifest.blobs.len()),
        Some(blob) => {
            let problem = format!("{} is missing or has another length than it had", blob.sealed.key);
            Err(MaintenanceError::damaged(problem))
        }
    }
}

/// The sample begins elsewhere for each backup, so that in time all are opened.
fn chosen(manifest: &Manifest, depth: Depth) -> Vec<&SealedBlob> {
    let (new, old): (Vec<&SealedBlob>, Vec<&SealedBlob>) =
        manifest.blobs.iter().partition(|blob| depth == Depth::All || blob.since == manifest.label);
    let begin = usize::try_from(manifest.taken_at.timestamp().unsigned_abs()).unwrap_or(0);
    let step = (old.len() / SAMPLE).max(1);
    let sample = (0..old.len().min(SAMPLE)).map(|place| old[(begin + place * step) % old.len()]);
    new.into_iter().chain(sample).collect()
}

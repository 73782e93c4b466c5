//! Takes backups: the database as one snapshot sees it, every blob that its rows need, and the settings.
//!
//! The manifest is written last. What breaks off before leaves objects that no manifest names, which retention removes,
//! and a row in the catalogue that says why.

mod blobs;
mod cluster;
pub(crate) mod place;
mod verify;

use std::io::Write;

use chrono::{DateTime, Utc};
use fermiac_fleet::backup::BackupKind;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use verify::{Depth, Verified, verify};

use crate::context::Context;
use crate::error::{MaintenanceError, Result};
use crate::postgres::dump;
use crate::retention::fail_lost;
use crate::vault::{FORMAT, Manifest, Sealed};

/// Of the catalogue, so many backups are looked for in a place.
const LOOKED_FOR: u32 = 1_000;

/// What is wanted of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BackupArguments {
    /// Why it is kept whatever its age.
    pub pin: Option<String>,
    /// What of the cluster; nothing for what is due. A dump is always the whole.
    #[serde(rename = "type")]
    pub extent: Option<Extent>,
}

/// How much of a cluster a backup copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// All of it.
    Full,
    /// What changed since the one before.
    Incremental,
}

/// A backup that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// What it is called.
    pub label: String,
    /// The instant whose data it holds.
    pub taken_at: DateTime<Utc>,
    /// How large it is in the bucket.
    pub bytes: u64,
    /// How many rows it holds, where they were counted.
    pub rows: Option<i64>,
    /// How many blobs it holds.
    pub blobs: usize,
    /// How many of them came with it; the others were there from earlier ones.
    pub new_blobs: usize,
    /// Whether it was read back and found whole.
    pub is_verified: bool,
    /// Whether a second place has it too.
    pub is_copied: bool,
}

/// Takes a backup, and verifies it where that can be done here. How it ends stands in the catalogue.
///
/// Where the cluster is backed up as a whole, a dump is taken once a day besides: it has the blobs and the settings, and
/// later versions of Postgres can restore it.
///
/// # Errors
/// When it breaks off, or is not whole.
pub async fn backup(context: &Context, arguments: &BackupArguments) -> Result<Taken> {
    fail_lost(context).await?;
    let Some(cluster) = &context.cluster else { return back_up_by_dump(context, arguments).await };
    let (kind, taken) = cluster::back_up(context, cluster, arguments.extent).await?;
    if kind == BackupKind::Full {
        back_up_by_dump(context, &BackupArguments::default()).await?;
    }
    if let Some(reason) = &arguments.pin {
        context.store.pin_backup(&taken.label, Some(reason)).await?;
    }
    Ok(taken)
}

async fn back_up_by_dump(context: &Context, arguments: &BackupArguments) -> Result<Taken> {
    let label = label(BackupKind::PgDump, Utc::now());
    context.store.begin_backup(&label, BackupKind::PgDump).await?;
    // While it is held, it is being taken; see `fail_lost`.
    let taken = match context.places.vault.while_held(&label, take_and_verify(context, &label)).await {
        Ok(taken) => taken,
        Err(error) => {
            tracing::error!(%error, label, "a backup failed");
            context.store.backup_failed(&label, &error.to_string()).await?;
            return Err(error);
        }
    };
    if let Some(reason) = &arguments.pin {
        context.store.pin_backup(&label, Some(reason)).await?;
    }
    tracing::info!(label, bytes = taken.bytes, is_verified = taken.is_verified, "a backup was taken");
    Ok(taken)
}

/// Writes into the catalogue that a backup is damaged, if that is what the error says, and gives the error back.
async fn condemned(context: &Context, label: &str, error: MaintenanceError) -> Result<MaintenanceError> {
    if matches!(error, MaintenanceError::Damaged(_)) {
        tracing::error!(%error, label, "a backup is damaged");
        context.store.backup_failed(label, &error.to_string()).await?;
    }
    Ok(error)
}

/// A label that no other backup has, and that sorts by time.
pub(crate) fn label(kind: BackupKind, now: DateTime<Utc>) -> String {
    let random = Uuid::now_v7().simple().to_string();
    format!("{}-{kind}-{}", now.format("%Y%m%dT%H%M%S%3fZ"), &random[24..])
}

async fn take_and_verify(context: &Context, label: &str) -> Result<Taken> {
    let vault = &context.places.vault;
    let manifest = take(context, label).await?;
    let manifest_sha256 = vault.write_manifest(&manifest).await?;
    if let Some(second) = &context.places.second {
        vault.copy(&manifest, second).await?;
    }
    let mut taken = Taken {
        label: label.to_owned(),
        taken_at: manifest.taken_at,
        bytes: manifest.bytes(),
        rows: Some(manifest.tables.iter().map(|table| table.rows).sum()),
        blobs: manifest.blobs.len(),
        new_blobs: manifest.blobs.iter().filter(|blob| blob.since == label).count(),
        is_verified: false,
        is_copied: context.places.second.is_some(),
    };
    let uploaded = manifest.uploaded(manifest_sha256, taken.is_copied);
    context.store.backup_uploaded(label, &uploaded).await?;
    if vault.can_open() {
        verify(context, label, Depth::New).await?;
        taken.is_verified = true;
    }
    Ok(taken)
}

async fn take(context: &Context, label: &str) -> Result<Manifest> {
    let vault = &context.places.vault;
    context.store.check_schema().await?;
    // As long as it lasts, nothing that it sees is vacuumed away; the blobs are copied after it.
    let mut snapshot = context.store.snapshot().await?;
    let taken_at = snapshot.taken_at();
    let (schema_version, server_version) = snapshot.versions().await?;
    let name = snapshot.export().await?;
    let database = {
        let database = context.database.clone();
        let key = vault.key_of(label, "database.dump.age");
        vault.seal(&key, move |into| dump::dump(&database, &name, into)).await?
    };
    let tables = snapshot.tables().await?;
    let keys = snapshot.blobs().await?;
    drop(snapshot);
    let blobs = blobs::keep_all(context, label, keys).await?;
    Ok(Manifest {
        format: FORMAT,
        label: label.to_owned(),
        environment: context.places.environment.clone(),
        taken_at,
        schema_version,
        server_version,
        recipient: vault.recipient().to_string(),
        database,
        tables,
        configuration: configuration(context, label).await?,
        blobs,
    })
}

async fn configuration(context: &Context, label: &str) -> Result<Sealed> {
    let text = context.configuration.clone();
    let key = context.places.vault.key_of(label, "configuration.toml.age");
    let write = move |into: &mut dyn Write| {
        into.write_all(text.as_bytes()).map_err(MaintenanceError::disk("the settings on their way"))
    };
    context.places.vault.seal(&key, write).await
}

//! Restores backups: into an empty database, or into a scratch server that is torn down when it was looked at.
//!
//! Only the place of the backups is needed, not the database that is lost nor its catalogue: what there is stands in
//! the manifests.

pub mod cluster;
pub mod integrity;

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use fermiac_fleet::audit::{Act, Action};
use fermiac_fleet::backup::BackupState;
use fermiac_fleet::blobs::{BlobError, Blobs};
use fermiac_fleet::store::{Store, StoreError};
use serde::Serialize;

use crate::context::{Places, unhurried};
use crate::error::{MaintenanceError, Result, blocking};
use crate::postgres::{DatabaseAddress, Scratch, dump};
use crate::vault::{Manifest, Vault};
use integrity::Check;

/// What is to be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The backup of this name.
    Label(String),
    /// The newest that holds nothing later than this.
    Time(DateTime<Utc>),
    /// The newest.
    Newest,
}

impl Target {
    /// From `latest`, an instant such as `2026-11-21T06:00:00Z`, or a label.
    #[must_use]
    pub fn parse(text: &str) -> Target {
        match DateTime::parse_from_rfc3339(text) {
            Ok(instant) => Target::Time(instant.to_utc()),
            Err(_) if text == "latest" => Target::Newest,
            Err(_) => Target::Label(text.to_owned()),
        }
    }
}

/// A backup that was restored and looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// Which backup.
    pub label: String,
    /// The instant whose data it holds.
    pub taken_at: DateTime<Utc>,
    /// How long it took, checks included.
    #[serde(rename = "took_ms", serialize_with = "as_milliseconds")]
    pub took: Duration,
    /// What was checked.
    pub checks: Vec<Check>,
}

/// The manifest of the backup that is meant, held to nothing but itself.
///
/// # Errors
/// When there is none.
pub async fn find(vault: &Vault, target: &Target) -> Result<Manifest> {
    if let Target::Label(label) = target {
        vault.refuse_missing(label).await?;
        return Ok(vault.manifest(label).await?.0);
    }
    for label in vault.labels().await?.into_iter().rev() {
        let (manifest, _) = vault.manifest(&label).await?;
        match target {
            Target::Time(instant) if manifest.taken_at > *instant => {}
            _ => return Ok(manifest),
        }
    }
    Err(MaintenanceError::refused(match target {
        Target::Time(instant) => {
            format!("no backup in {} holds what was at {instant}: all are later", vault.place())
        }
        Target::Newest | Target::Label(_) => {
            format!("FERMIAC_BACKUP_URL: there is no backup in {}", vault.place())
        }
    }))
}

/// Restores into an empty database, and checks it there.
///
/// # Errors
/// When the database is not empty, when the backup is damaged, and when what was restored is not what was backed up; it
/// stays there then, to be looked at.
pub async fn into_database(places: &Places, target: &Target, database: &DatabaseAddress) -> Result<Restored> {
    let begun = Instant::now();
    refuse_unless_empty(database, &places.environment).await?;
    let label = label_of(&places.vault, target).await?;
    let restoring = async {
        let manifest = places.vault.manifest(&label).await?.0;
        restore(&places.vault, &manifest, database).await?;
        let checks = check(places, &manifest, database).await?;
        judged(manifest, begun.elapsed(), checks)
    };
    places.vault.while_held(&label, restoring).await
}

/// Holds a database that was restored to its backup once more, and the blobs that it needs to their home. Before anything
/// is written to it.
///
/// # Errors
/// When something cannot be looked at, and when it is not what was backed up.
pub async fn verify(
    places: &Places,
    label: &str,
    database: &DatabaseAddress,
    home: &Blobs,
) -> Result<Vec<Check>> {
    let verifying = async {
        let manifest = places.vault.manifest(label).await?.0;
        let mut checks = check(places, &manifest, database).await?;
        checks.push(Check { name: "blobs_in_place", finding: missing_blobs(&manifest, home).await? });
        match integrity::findings(&checks) {
            findings if findings.is_empty() => Ok(checks),
            findings => Err(MaintenanceError::Differs(findings)),
        }
    };
    places.vault.while_held(label, verifying).await
}

async fn missing_blobs(manifest: &Manifest, home: &Blobs) -> Result<Option<String>> {
    for blob in &manifest.blobs {
        match home.size(&blob.blob).await {
            Ok(bytes) if bytes == blob.sealed.content_bytes => {}
            Ok(bytes) => {
                return Ok(Some(format!(
                    "{} has {bytes} bytes, and had {}",
                    blob.blob, blob.sealed.content_bytes
                )));
            }
            Err(BlobError::NotFound { key }) => return Ok(Some(format!("{key} is missing"))),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

/// Notes in a database that was restored what it is, and who made it so. One whose schema is older than this program's
/// has no place for that.
///
/// # Errors
/// When the database does not answer.
pub async fn note(places: &Places, database: &DatabaseAddress, label: &str, actor: String) -> Result<()> {
    let store = unhurried(database, &places.environment).await?.acting_as(actor);
    if store.check_schema().await.is_ok() {
        store.note(Act::on(Action::DatabaseRestored, label)).await?;
        settle(&store, &places.vault, label).await?;
    }
    store.close().await;
    Ok(())
}

/// The catalogue saw this backup while it was being taken, and would take its taker for dead and the backup for lost,
/// which has just proven the contrary.
async fn settle(store: &Store, vault: &Vault, label: &str) -> Result<()> {
    match store.backup(label).await {
        Ok(known) if known.state == BackupState::Running => {}
        Ok(_) | Err(StoreError::NotFound { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    let (manifest, sha256) = vault.manifest(label).await?;
    // Whether a second place has it too is not known here.
    store.backup_uploaded(label, &manifest.uploaded(sha256, false)).await?;
    Ok(store.backup_verified(label).await?)
}

/// Restores into a scratch server, checks it there page by page, and tears it down.
///
/// # Errors
/// When the backup is damaged, or what was restored is not what was backed up.
pub async fn rehearse(places: &Places, target: &Target) -> Result<Restored> {
    let begun = Instant::now();
    let label = label_of(&places.vault, target).await?;
    let rehearsing = async {
        let manifest = places.vault.manifest(&label).await?.0;
        let (scratch, checks) = into_scratch(places, &manifest).await?;
        tear_down(scratch).await?;
        judged(manifest, begun.elapsed(), checks)
    };
    places.vault.while_held(&label, rehearsing).await
}

/// A scratch server with the backup restored into it, and what was found there.
pub(crate) async fn into_scratch(places: &Places, manifest: &Manifest) -> Result<(Scratch, Vec<Check>)> {
    let place = places.scratch.clone();
    let scratch = blocking(move || Scratch::empty(&place)).await?;
    let database = scratch.address("postgres")?;
    restore(&places.vault, manifest, &database).await?;
    let mut checks = check(places, manifest, &database).await?;
    checks.push(integrity::pages(&database).await?);
    Ok((scratch, checks))
}

pub(crate) async fn tear_down(scratch: Scratch) -> Result<()> {
    blocking(move || {
        drop(scratch);
        Ok(())
    })
    .await
}

/// Brings the blobs that a backup holds to a home that lacks them. Says how many.
///
/// # Errors
/// When one is damaged, and what either place fails with.
pub async fn blobs(places: &Places, target: &Target, home: &Blobs) -> Result<usize> {
    let label = label_of(&places.vault, target).await?;
    places.vault.while_held(&label, bring_blobs(places, &label, home)).await
}

/// The backup that is meant, to be held before its manifest is read again: it may have gone before.
pub(crate) async fn label_of(vault: &Vault, target: &Target) -> Result<String> {
    match target {
        Target::Label(label) => {
            vault.refuse_missing(label).await?;
            Ok(label.clone())
        }
        Target::Time(_) | Target::Newest => Ok(find(vault, target).await?.label),
    }
}

async fn bring_blobs(places: &Places, label: &str, home: &Blobs) -> Result<usize> {
    let manifest = places.vault.manifest(label).await?.0;
    let mut brought = 0;
    for blob in &manifest.blobs {
        match home.size(&blob.blob).await {
            Ok(bytes) if bytes == blob.sealed.content_bytes => continue,
            Ok(_) | Err(BlobError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        places.vault.unseal_into(&blob.sealed, home, &blob.blob).await?;
        brought += 1;
    }
    Ok(brought)
}

async fn restore(vault: &Vault, manifest: &Manifest, database: &DatabaseAddress) -> Result<()> {
    let database = database.clone();
    vault.open(&manifest.database, move |from| dump::restore(&database, from)).await
}

async fn check(places: &Places, manifest: &Manifest, database: &DatabaseAddress) -> Result<Vec<Check>> {
    let store = unhurried(database, &places.environment).await?;
    let checks = integrity::against_manifest(&store, manifest, &places.vault).await;
    store.close().await;
    checks
}

fn judged(manifest: Manifest, took: Duration, checks: Vec<Check>) -> Result<Restored> {
    let findings = integrity::findings(&checks);
    if !findings.is_empty() {
        return Err(MaintenanceError::Differs(findings));
    }
    Ok(Restored { label: manifest.label, taken_at: manifest.taken_at, took, checks })
}

/// Refuses a database that holds anything.
///
/// # Errors
/// When it does, or does not answer.
pub async fn refuse_unless_empty(database: &DatabaseAddress, environment: &str) -> Result<()> {
    let store = unhurried(database, environment).await?;
    let tables = async { store.snapshot().await?.tables().await }.await;
    store.close().await;
    match tables?.first() {
        None => Ok(()),
        Some(table) => {
            let problem =
                format!("the database to restore into has a table {}: give an empty one", table.table);
            Err(MaintenanceError::refused(problem))
        }
    }
}

fn as_milliseconds<S: serde::Serializer>(
    span: &Duration,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_u128(span.as_millis())
}

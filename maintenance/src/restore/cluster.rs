//! Brings a whole cluster back, as it was at an instant, into a folder of data: for the server that takes over.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Target;
use crate::context::Places;
use crate::error::{MaintenanceError, Result, blocking};
use crate::pgbackrest::{PgBackRest, Until};
use crate::postgres::scratch::data_folder;

/// A folder of data to start a server on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RestoredCluster {
    /// Where it is.
    pub data: PathBuf,
    /// The backup that the log is followed from.
    pub label: String,
    /// The instant up to which it is; nothing for the end of the log.
    pub until: Option<DateTime<Utc>>,
    /// How long it took, without the way of the server through its log.
    #[serde(rename = "took_ms", serialize_with = "super::as_milliseconds")]
    pub took: Duration,
}

/// Restores into an empty folder, which is made if it is not there. The server goes through the log when it starts, and
/// does not write to the archive.
///
/// # Errors
/// When the folder is not empty, no backup is old enough, and what pgBackRest fails with.
pub async fn into_folder(
    places: &Places,
    cluster: &PgBackRest,
    target: &Target,
    data: &Path,
) -> Result<RestoredCluster> {
    let begun = Instant::now();
    let until = match target {
        Target::Newest => None,
        Target::Time(instant) => Some(*instant),
        Target::Label(label) => {
            let problem =
                format!("a cluster is restored to an instant or to latest, not to a label: {label}");
            return Err(MaintenanceError::refused(problem));
        }
    };
    let there = cluster.backups().await?;
    let old_enough = there.into_iter().rev().find(|one| until.is_none_or(|until| one.taken_at <= until));
    let label = old_enough.ok_or_else(|| match until {
        Some(until) => MaintenanceError::refused(format!("no backup reaches back to {until}: all are later")),
        None => MaintenanceError::refused("there is no backup of the cluster"),
    })?;
    let label = label.label;
    let folder = data.to_owned();
    blocking(move || data_folder(&folder)).await?;
    let follow = until.map_or(Until::End, Until::Instant);
    places.vault.while_held(&label, cluster.restore(Some(&label), follow, data)).await?;
    Ok(RestoredCluster { data: data.to_owned(), label, until, took: begun.elapsed() })
}

//! Who works with a backup says so in its bucket, so that it does not go meanwhile.
//!
//! ```text
//! {environment}/holds/{label}/{id}      written again and again while the work lasts, and deleted at its end
//! ```
//! No database is asked: after a disaster there may be none. A hold counts for [`TERM`] after it was last written, by the
//! clock of the bucket, so that one whose holder died ends by itself.
//!
//! **Order.** A hold is written before the manifest is read; a backup that is deleted loses its manifest before holds are
//! looked for. So whoever still finds the manifest is seen by whoever deletes, and that one puts the manifest back.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use fermiac_fleet::blobs::{BlobEntry, BlobError};
use uuid::Uuid;

use super::Vault;
use crate::error::Result;

/// How long a hold counts after it was written.
pub const TERM: TimeDelta = TimeDelta::minutes(15);
const WRITTEN_EVERY: Duration = Duration::from_secs(240);
/// What its holder did not delete is deleted after so long.
const SWEPT_AFTER: TimeDelta = TimeDelta::days(1);

impl Vault {
    /// Does something with a backup, which stays there as long as that takes. Where the keys allow only reading there is
    /// a warning, and no hold.
    ///
    /// # Errors
    /// What the work fails with.
    pub async fn while_held<T>(&self, label: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
        let key = format!("{}/holds/{label}/{}", self.environment, Uuid::now_v7());
        self.write_hold(&key).await;
        let renewing = async {
            loop {
                tokio::time::sleep(WRITTEN_EVERY).await;
                self.write_hold(&key).await;
            }
        };
        // Boxed: futures of futures, of which the compiler makes a copy for each.
        let done = tokio::select! {
            done = Box::pin(work) => done,
            () = renewing => unreachable!("a loop without an end"),
        };
        if let Err(error) = self.blobs.delete(&[key]).await {
            tracing::warn!(%error, label, "a hold could not be deleted; it ends by itself");
        }
        done
    }

    /// The labels of the backups that somebody works with.
    ///
    /// # Errors
    /// What the bucket fails with.
    pub async fn held(&self) -> Result<BTreeSet<String>> {
        let since = Utc::now() - TERM;
        let holds = self.list("holds/").await?;
        Ok(holds
            .iter()
            .filter(|hold| hold.last_modified > since)
            .filter_map(|hold| self.held_by(hold))
            .collect())
    }

    /// Deletes holds whose holders died long ago.
    ///
    /// # Errors
    /// What the bucket fails with.
    pub async fn sweep_holds(&self) -> Result<()> {
        let before: DateTime<Utc> = Utc::now() - SWEPT_AFTER;
        let holds = self.list("holds/").await?.into_iter();
        let old: Vec<String> =
            holds.filter(|hold| hold.last_modified < before).map(|hold| hold.key).collect();
        self.delete_objects(&old).await
    }

    async fn write_hold(&self, key: &str) {
        if let Err(error) = self.blobs.put(key, Bytes::from_static(b"in use\n")).await {
            tracing::warn!(%error, key, "a backup is used without a hold: it goes if its time comes meanwhile");
        }
    }

    fn held_by(&self, hold: &BlobEntry) -> Option<String> {
        let rest = hold.key.strip_prefix(&format!("{}/holds/", self.environment))?;
        Some(rest.split_once('/')?.0.to_owned())
    }

    /// Deletes a backup, unless somebody works with it; says whether it is gone. Its manifest goes first, so that it is
    /// one no more before it is none. Shared blobs stay.
    ///
    /// # Errors
    /// What the bucket fails with.
    pub async fn delete(&self, label: &str) -> Result<bool> {
        let key = self.key_of(label, "manifest.json");
        let manifest = match self.blobs.get(&key, super::MAX_MANIFEST_BYTES).await {
            Err(BlobError::NotFound { .. }) => None,
            manifest => Some(manifest?),
        };
        self.delete_objects(std::slice::from_ref(&key)).await?;
        if self.held().await?.contains(label) {
            if let Some(manifest) = manifest {
                self.blobs.put(&key, manifest).await?;
            }
            return Ok(false);
        }
        let left = self.list(&format!("backups/{label}/")).await?;
        let keys: Vec<String> = left.into_iter().map(|entry| entry.key).collect();
        self.delete_objects(&keys).await?;
        Ok(true)
    }
}

//! Deletes blobs that no row names any more.
//!
//! - The rows go first, so that nobody who reads a row that is there misses its blob.
//! - While a backup is being taken nothing is deleted: it saw rows that may be gone by now, and counts on their blobs. One
//!   that begins later does not see them.
//! - While the service is read-only nothing is deleted either.
//! - A workbook's blob is named by its hash, and somebody may upload the same again at this moment. So it is moved aside,
//!   and rows are looked for once more: one that came meanwhile has it back. Whoever uploads looks for the blob after
//!   writing the row, so that one of the two sees the other. Where it lies aside its name tells its hash: if whoever moved it
//!   is stopped before that look, the next one who would delete it there looks instead.

use std::future::ready;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use uuid::Uuid;

use crate::blobs::{BlobError, Blobs};
use crate::job::named;
use crate::simulation::workbook_key;
use crate::store::{Store, StoreError};

/// Where blobs lie that many rows may name.
const SHARED: &str = "workbooks/";
/// Where one of these is moved aside, its hash before the first dot.
const ASIDE: &str = "uploads/";
/// So many are asked for their size at a time.
const AT_A_TIME: usize = 16;

/// What was deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Freed {
    /// How many blobs.
    pub blobs: u64,
    /// How large they were together.
    pub bytes: u64,
    /// How many stay for now, though no row names them.
    pub spared: Spared,
}

/// Blobs that nobody needs, and that stay for now: they go once the reason has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Spared {
    /// How many.
    pub blobs: u64,
    /// Why; nothing if there are none.
    pub because: Option<Reprieve>,
}

named! {
    /// Why blobs stay that nobody needs.
    Reprieve {
        /// It saw rows that may be gone by now, and counts on their blobs.
        BackupRunning = "backup_running",
        /// Nothing is deleted then.
        ReadOnly = "read_only",
    }
}

impl Freed {
    fn and(self, other: Freed) -> Freed {
        Freed {
            blobs: self.blobs + other.blobs,
            bytes: self.bytes + other.bytes,
            spared: self.spared.and(other.spared),
        }
    }
}

impl Spared {
    /// Both.
    #[must_use]
    pub fn and(self, other: Spared) -> Spared {
        Spared { blobs: self.blobs + other.blobs, because: self.because.or(other.because) }
    }

    /// So many blobs, for this reason.
    #[must_use]
    pub fn by(because: Reprieve, blobs: u64) -> Spared {
        Spared { blobs, because: (blobs > 0).then_some(because) }
    }
}

impl Reprieve {
    /// In words.
    #[must_use]
    pub fn told(self) -> &'static str {
        match self {
            Reprieve::BackupRunning => "a backup is being taken, which may count on them",
            Reprieve::ReadOnly => "the service is read-only",
        }
    }
}

/// Deletes those of these blobs that no row names.
///
/// # Errors
/// When the store or the home of the blobs does not answer; some may be deleted then.
pub async fn free<E>(store: &Store, blobs: &Blobs, keys: &[String]) -> Result<Freed, E>
where
    E: From<StoreError> + From<BlobError>,
{
    let referenced = store.referenced(keys).await?;
    let orphans = keys.iter().zip(referenced).filter(|(_, referenced)| !referenced);
    let orphans: Vec<String> = orphans.map(|(key, _)| key.clone()).collect();
    // After the look at the rows: a backup that begins from here on sees what that look saw.
    if orphans.is_empty() {
        return Ok(Freed::default());
    }
    if let Some(reprieve) = reprieve(store).await? {
        let spared = Spared::by(reprieve, weigh(blobs, &orphans).await?.blobs);
        return Ok(Freed { spared, ..Freed::default() });
    }
    let (shared, own): (Vec<String>, Vec<String>) =
        orphans.into_iter().partition(|key| key.starts_with(SHARED));
    let own = not_set_aside::<E>(store, blobs, own).await?;
    let mut freed = weigh(blobs, &own).await?;
    blobs.delete(&own).await?;
    for key in shared {
        freed = freed.and(free_shared::<E>(store, blobs, key).await?);
    }
    Ok(freed)
}

/// Why no blob goes at this moment, if none does.
///
/// # Errors
/// When the store does not answer.
pub async fn reprieve(store: &Store) -> Result<Option<Reprieve>, StoreError> {
    if store.is_being_backed_up().await? {
        return Ok(Some(Reprieve::BackupRunning));
    }
    Ok(store.read_only().await?.map(|_| Reprieve::ReadOnly))
}

/// How many of these blobs there are, and how large they are together.
///
/// # Errors
/// When their home does not answer.
pub async fn weigh(blobs: &Blobs, keys: &[String]) -> Result<Freed, BlobError> {
    let sizes = stream::iter(keys.to_vec()).map(|key| size(blobs, key)).buffer_unordered(AT_A_TIME);
    sizes.try_fold(Freed::default(), |freed, size| ready(Ok(freed.and(size)))).await
}

async fn size(blobs: &Blobs, key: String) -> Result<Freed, BlobError> {
    match blobs.size(&key).await {
        Err(BlobError::NotFound { .. }) => Ok(Freed::default()),
        size => size.map(|bytes| Freed { blobs: 1, bytes, ..Freed::default() }),
    }
}

/// Those of these blobs that are no workbook which was moved aside and is needed: such a one gets its name back. Whoever moved
/// it was stopped before the second look at the rows.
async fn not_set_aside<E>(store: &Store, blobs: &Blobs, keys: Vec<String>) -> Result<Vec<String>, E>
where
    E: From<StoreError> + From<BlobError>,
{
    let mut others = Vec::with_capacity(keys.len());
    for key in keys {
        let home = key.strip_prefix(ASIDE).and_then(|rest| rest.split_once('.'));
        let home = home.map(|(hash, _)| [workbook_key(hash)]);
        match home {
            Some(home) if store.referenced(&home).await? == [true] => {
                match blobs.rename(&key, &home[0]).await {
                    // Another was here first.
                    Err(BlobError::NotFound { .. }) => {}
                    moved => moved?,
                }
            }
            _ => others.push(key),
        }
    }
    Ok(others)
}

async fn free_shared<E>(store: &Store, blobs: &Blobs, key: String) -> Result<Freed, E>
where
    E: From<StoreError> + From<BlobError>,
{
    let keys = [key];
    let freed = weigh(blobs, &keys).await?;
    // Many may have gone before this one: a row that came meanwhile should not miss its blob even for a moment.
    if store.referenced(&keys).await? == [true] {
        return Ok(Freed::default());
    }
    let aside = format!("{ASIDE}{}.{}", keys[0].trim_start_matches(SHARED), Uuid::now_v7());
    match blobs.rename(&keys[0], &aside).await {
        Err(BlobError::NotFound { .. }) => return Ok(Freed::default()),
        moved => moved?,
    }
    if store.referenced(&keys).await? == [true] {
        blobs.rename(&aside, &keys[0]).await?;
        return Ok(Freed::default());
    }
    blobs.delete(&[aside]).await?;
    Ok(freed)
}

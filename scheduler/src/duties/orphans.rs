//! Deletes blobs that no row names: what a worker wrote and could not settle, the parts of finished simulations, uploads
//! that broke off.

use std::time::Duration;

use chrono::Utc;
use fermiac_fleet::blobs::Blobs;
use fermiac_fleet::orphans::{self, Freed};
use fermiac_fleet::store::Store;
use fermiac_fleet::telemetry::metrics as names;

use super::{Duty, DutyError};

/// Where a row may lag behind its blob.
const PREFIXES: [&str; 5] = ["slices/", "results/", "samples/", "uploads/", "workbooks/"];
/// A blob is written before the row that names it; after so long the row will not come any more. Longer than any job
/// may run and any upload may take.
const SETTLED_BY: Duration = Duration::from_secs(2 * 3600);
/// So many pages of a prefix are looked through in one tick; the next one goes on from there.
const PAGES: usize = 20;

/// The duty.
#[derive(Debug)]
pub struct Orphans {
    store: Store,
    blobs: Blobs,
    settled_by: Duration,
    /// The key after which the next tick goes on, by prefix.
    after: [Option<String>; PREFIXES.len()],
}

/// What a tick did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// How many blobs it looked at.
    pub seen: usize,
    /// How many it deleted.
    pub deleted: u64,
}

impl Orphans {
    /// Of blobs that rows of a store name.
    #[must_use]
    pub fn new(store: Store, blobs: Blobs) -> Orphans {
        Orphans { store, blobs, settled_by: SETTLED_BY, after: Default::default() }
    }

    /// The same, where rows come within another time.
    #[must_use]
    pub fn settled_by(self, settled_by: Duration) -> Orphans {
        Orphans { settled_by, ..self }
    }

    async fn collect(&mut self, place: usize) -> Result<Collected, DutyError> {
        let mut collected = Collected::default();
        for _ in 0..PAGES {
            let page = self.blobs.list(PREFIXES[place], self.after[place].as_deref()).await?;
            collected.seen += page.blobs.len();
            let before = Utc::now() - self.settled_by;
            let old = page.blobs.iter().filter(|blob| blob.last_modified < before);
            let old: Vec<String> = old.map(|blob| blob.key.clone()).collect();
            let freed: Freed = orphans::free::<DutyError>(&self.store, &self.blobs, &old).await?;
            collected.deleted += freed.blobs;
            self.after[place] = page.next;
            if self.after[place].is_none() {
                break;
            }
        }
        Ok(collected)
    }
}

impl Duty for Orphans {
    const NAME: &str = "orphans";
    /// Pages upon pages of blobs.
    const WITHIN: Duration = Duration::from_secs(600);
    type Done = Collected;

    async fn tick(&mut self) -> Result<Collected, DutyError> {
        let mut all = Collected::default();
        for place in 0..PREFIXES.len() {
            let collected = self.collect(place).await?;
            all.seen += collected.seen;
            all.deleted += collected.deleted;
        }
        metrics::counter!(names::BLOBS_COLLECTED).increment(all.deleted);
        Ok(all)
    }

    fn tell(done: &Collected) {
        if done.deleted > 0 {
            let Collected { seen, deleted } = done;
            tracing::info!(duty = Self::NAME, seen, deleted, "blobs that no row names were deleted");
        }
    }
}

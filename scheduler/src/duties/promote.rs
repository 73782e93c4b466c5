//! Makes jobs ready whose time has come: those submitted for later, and those that are tried again.

use fermiac_fleet::queue::Queue;
use fermiac_fleet::store::Store;
use fermiac_fleet::telemetry::metrics as names;

use super::{Duty, DutyError};

/// So many at once.
const BATCH: u32 = 1_000;
/// So often in one tick.
const ROUNDS: usize = 20;

/// The duty.
#[derive(Debug)]
pub struct Promote {
    store: Store,
    queue: Queue,
}

/// What a tick did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Promoted {
    /// How many jobs became ready.
    pub promoted: usize,
}

impl Promote {
    /// From a store into a queue.
    #[must_use]
    pub fn new(store: Store, queue: Queue) -> Promote {
        Promote { store, queue }
    }
}

impl Duty for Promote {
    const NAME: &str = "promote";
    type Done = Promoted;

    async fn tick(&mut self) -> Result<Promoted, DutyError> {
        let mut promoted = 0;
        for _ in 0..ROUNDS {
            let bells = self.store.promote(BATCH).await?;
            promoted += bells.len();
            // They are ready whether or not this rings: the relay would notice.
            self.queue.ring(&bells).await?;
            if bells.len() < BATCH as usize {
                break;
            }
        }
        metrics::counter!(names::JOBS_PROMOTED).increment(promoted as u64);
        Ok(Promoted { promoted })
    }

    fn tell(_: &Promoted) {}
}

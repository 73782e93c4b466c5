//! Seals what was written to the audit trail since the last tick, and says how the chain stands: a head that stands in
//! a log elsewhere is what shows that a chain was made anew.

use fermiac_fleet::audit::Head;
use fermiac_fleet::store::Store;

use super::{Duty, DutyError};

/// So many entries at once.
const BATCH: u32 = 1_000;
/// So often in one tick.
const ROUNDS: usize = 10;

/// The duty.
#[derive(Debug)]
pub struct Audit {
    store: Store,
}

/// What a tick did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// How many entries were sealed.
    pub sealed: usize,
    /// How the chain stands.
    pub head: Head,
}

impl Audit {
    /// Of this store.
    #[must_use]
    pub fn new(store: Store) -> Audit {
        Audit { store }
    }
}

impl Duty for Audit {
    const NAME: &str = "audit";
    type Done = Sealed;

    async fn tick(&mut self) -> Result<Sealed, DutyError> {
        let mut done = Sealed { sealed: 0, head: Head::default() };
        for _ in 0..ROUNDS {
            let (sealed, head) = self.store.seal_audit(BATCH).await?;
            done = Sealed { sealed: done.sealed + sealed, head };
            if sealed < BATCH as usize {
                break;
            }
        }
        Ok(done)
    }

    fn tell(done: &Sealed) {
        if done.sealed > 0 {
            tracing::info!(duty = Self::NAME, sealed = done.sealed, head = %done.head, "entries were sealed");
        }
    }
}

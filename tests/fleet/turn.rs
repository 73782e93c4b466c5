//! Fleets at a time: each has several processes, and recovery is measured while they work.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// At most so many.
const MOST: usize = 3;

static TAKEN: Mutex<usize> = Mutex::new(0);
static GIVEN_BACK: Condvar = Condvar::new();

/// The right to have a fleet, given back when dropped.
pub struct Turn(());

impl Turn {
    /// Waits for one.
    pub fn take() -> Turn {
        let mut taken =
            GIVEN_BACK.wait_while(lock(), |taken| *taken >= MOST).unwrap_or_else(PoisonError::into_inner);
        *taken += 1;
        Turn(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *lock() -= 1;
        GIVEN_BACK.notify_one();
    }
}

fn lock() -> MutexGuard<'static, usize> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

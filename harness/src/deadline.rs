//! Awaiting a state that can be observed, instead of sleeping and hoping.

use std::thread;
use std::time::{Duration, Instant};

/// How often a state is looked at.
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// Looks until the condition holds.
///
/// # Panics
/// When it does not by the deadline, saying `what` did not happen.
pub async fn await_until(what: &str, deadline: Duration, mut condition: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !condition().await {
        assert!(started.elapsed() < deadline, "not within {deadline:?}: {what}");
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

/// The same, blocking the thread.
///
/// # Panics
/// When the condition does not hold by the deadline, saying `what` did not happen.
pub fn wait_until(what: &str, deadline: Duration, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < deadline, "not within {deadline:?}: {what}");
        thread::sleep(BETWEEN_LOOKS);
    }
}

//! Which of several schedulers does the duties.

use std::time::Duration;

use fermiac_fleet::store::{Store, StoreError};
use fermiac_fleet::telemetry::metrics as names;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The lease that schedulers ask for.
const NAME: &str = "scheduler";
/// It is asked for so often in a term: two that go unanswered do no harm, and another takes over within a third of a term
/// after it ran out.
const ASKED_IN_A_TERM: u32 = 3;
/// A store that says nothing for so long is asked again on another connection.
const ANSWERED_WITHIN: Duration = Duration::from_secs(3);
/// After the store was away nobody leads for so long. Leases ran out meanwhile that no worker could renew; now those
/// that are alive do, before a rescue takes their jobs and an attempt of each.
const WORKERS_FIRST: Duration = Duration::from_secs(4);

/// Who asks for the lease, and for how long at a time.
#[derive(Debug)]
pub struct Candidate {
    pub store: Store,
    pub holder: String,
    pub term: Duration,
}

/// Asks for the lease until told to end, and says whether it is held. Then gives it back, so that another need not wait.
pub async fn lead(candidate: Candidate, leading: watch::Sender<bool>, ended: CancellationToken) {
    let Candidate { store, holder, term } = candidate;
    let mut every = tokio::time::interval(term / ASKED_IN_A_TERM);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut was_away, mut leads_from) = (false, Instant::now());
    loop {
        tokio::select! {
            () = ended.cancelled() => break,
            _ = every.tick() => {}
        }
        let asking = store.lead(NAME, &holder, term);
        let leads = match StoreError::unless_silent(ANSWERED_WITHIN, asking).await {
            Ok(leadership) => {
                if std::mem::take(&mut was_away) {
                    leads_from = Instant::now() + WORKERS_FIRST;
                }
                leadership.leading && Instant::now() >= leads_from
            }
            Err(error) => {
                tracing::warn!(%error, "cannot ask for the lease of the scheduler");
                was_away = true;
                false
            }
        };
        metrics::gauge!(names::SCHEDULER_LEADING).set(f64::from(u8::from(leads)));
        leading.send_if_modified(|leading| {
            let changes = *leading != leads;
            if changes {
                tracing::info!(holder, leads, "leadership changes");
            }
            *leading = leads;
            changes
        });
    }
    if let Err(error) = store.resign(NAME, &holder).await {
        tracing::warn!(%error, "cannot give the lease back; it will run out");
    }
}

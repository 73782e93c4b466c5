//! Which of several schedulers does the duties.

use std::time::Duration;

use fermiac_fleet::store::{Store, StoreError};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The lease that schedulers ask for.
const NAME: &str = "scheduler";
/// It lasts so long. With [`RENEW_EVERY`] another takes over within 8 s, and whatever waited for a duty is well within
/// the 15 s in which a crashed worker's job must run again.
const TERM: Duration = Duration::from_secs(6);
const RENEW_EVERY: Duration = Duration::from_secs(2);
/// A store that says nothing for so long is asked again on another connection.
const ANSWERED_WITHIN: Duration = Duration::from_secs(3);
/// After the store was away nobody leads for so long. Leases ran out meanwhile that no worker could renew; now those
/// that are alive do, before a rescue takes their jobs and an attempt of each.
const WORKERS_FIRST: Duration = Duration::from_secs(4);

/// Asks for the lease until told to end, and says whether it is held. Then gives it back, so that another need not wait.
pub async fn lead(store: Store, holder: String, leading: watch::Sender<bool>, ended: CancellationToken) {
    let mut every = tokio::time::interval(RENEW_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut was_away, mut leads_from) = (false, Instant::now());
    loop {
        tokio::select! {
            () = ended.cancelled() => break,
            _ = every.tick() => {}
        }
        let asking = store.lead(NAME, &holder, TERM);
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

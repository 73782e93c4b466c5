//! Which of several schedulers does the duties.

use std::time::Duration;

use fermiac_fleet::store::Store;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The lease that schedulers ask for.
const NAME: &str = "scheduler";
/// It lasts so long. With [`RENEW_EVERY`] another takes over within 8 s, and whatever waited for a duty is well within
/// the 15 s in which a crashed worker's job must run again.
const TERM: Duration = Duration::from_secs(6);
const RENEW_EVERY: Duration = Duration::from_secs(2);

/// Asks for the lease until told to end, and says whether it is held. Then gives it back, so that another need not wait.
pub async fn lead(store: Store, holder: String, leading: watch::Sender<bool>, ended: CancellationToken) {
    let mut every = tokio::time::interval(RENEW_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = ended.cancelled() => break,
            _ = every.tick() => {}
        }
        let leads = match store.lead(NAME, &holder, TERM).await {
            Ok(leadership) => leadership.leading,
            Err(error) => {
                tracing::warn!(%error, "cannot ask for the lease of the scheduler");
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

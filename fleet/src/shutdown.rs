//! How a process ends: asked once it drains, asked twice it exits.
//!
//! 1. *Running* until SIGTERM or SIGINT.
//! 2. *Draining*: [`Shutdown::draining`] is cancelled; nothing new is begun, what runs goes on.
//! 3. *Over* when the time for draining is up: [`Shutdown::over`] is cancelled; what still runs is handed back.
//!
//! A second signal ends the process at once, with status 130.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The status of a process that did not wait for what it was doing.
const IMPATIENT: i32 = 130;

/// The two tokens that everything in the process watches.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    /// Cancelled when nothing new is to be begun.
    pub draining: CancellationToken,
    /// Cancelled when what still runs is to be handed back.
    pub over: CancellationToken,
}

impl Shutdown {
    /// One that only its owner ends.
    #[must_use]
    pub fn new() -> Shutdown {
        Shutdown::default()
    }

    /// Begins to drain, as a signal would; over after `drain`, or when `finished` is cancelled.
    pub async fn drain(&self, drain: Duration, finished: &CancellationToken) {
        self.draining.cancel();
        // Whichever comes first ends the wait: both mean that nobody drains any more.
        let _ = tokio::time::timeout(drain, finished.cancelled()).await;
        self.over.cancel();
    }

    /// Waits for a signal, then drains. Returns when all is over; `finished` tells that nothing is left to wait for.
    pub async fn on_signals(&self, drain: Duration, finished: &CancellationToken) -> std::io::Result<()> {
        let mut signals = Signals::listen()?;
        tokio::select! {
            name = signals.next() => {
                tracing::info!(signal = name, drain_ms = drain.as_millis() as u64, "draining; a second signal exits at once");
            }
            () = finished.cancelled() => {
                self.draining.cancel();
                self.over.cancel();
                return Ok(());
            }
        }
        tokio::select! {
            () = self.drain(drain, finished) => Ok(()),
            name = signals.next() => {
                tracing::warn!(signal = name, "second signal: exiting at once");
                std::process::exit(IMPATIENT)
            }
        }
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_runs_has_until_the_deadline() {
        let (shutdown, finished) = (Shutdown::new(), CancellationToken::new());
        let started = tokio::time::Instant::now();
        let watched = shutdown.clone();
        let watching = tokio::spawn(async move {
            watched.draining.cancelled().await;
            assert!(!watched.over.is_cancelled());
            watched.over.cancelled().await;
            tokio::time::Instant::now()
        });
        shutdown.drain(Duration::from_secs(20), &finished).await;
        assert_eq!(watching.await.unwrap() - started, Duration::from_secs(20));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_what_is_done() {
        let (shutdown, finished) = (Shutdown::new(), CancellationToken::new());
        let started = tokio::time::Instant::now();
        finished.cancel();
        shutdown.drain(Duration::from_secs(20), &finished).await;
        assert!(shutdown.over.is_cancelled());
        assert_eq!(started.elapsed(), Duration::ZERO);
    }
}

//! What probes and operators are told of a process, whatever its role: `/livez`, `/health`, `/ready`, `/metrics`.
//!
//! The API answers at these addresses among its own. A worker and a scheduler listen for nothing else, and only where
//! their profile says so.

mod answers;
mod machine;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::blobs::Blobs;
use crate::queue::Queue;
use crate::store::Store;
use crate::telemetry::Figures;

/// What a process is asked about. Clones share everything.
#[derive(Debug, Clone)]
pub struct Probes(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    store: Store,
    queue: Queue,
    blobs: Blobs,
    figures: Figures,
    draining: CancellationToken,
    started: AtomicBool,
}

impl Probes {
    /// Of a process that has not started, with these homes. `draining` turns readiness off.
    #[must_use]
    pub fn new(homes: (Store, Queue, Blobs), figures: Figures, draining: CancellationToken) -> Probes {
        let (store, queue, blobs) = homes;
        Probes(Arc::new(Parts { store, queue, blobs, figures, draining, started: AtomicBool::new(false) }))
    }

    /// The process does its work from now on.
    pub fn set_started(&self) {
        self.0.started.store(true, Ordering::Relaxed);
    }

    fn has_started(&self) -> bool {
        self.0.started.load(Ordering::Relaxed)
    }

    /// Where they are answered, to be merged into whatever else is.
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        Router::new()
            .route("/livez", get(answers::livez))
            .route("/health", get(answers::health))
            .route("/health/", get(answers::health))
            .route("/api/health", get(answers::health))
            .route("/ready", get(answers::ready))
            .route("/api/ready", get(answers::ready))
            .route("/metrics", get(answers::metrics))
            .with_state(self.clone())
    }

    /// Answers nothing else, until the process ends: one that drains is asked too.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(self, listener: TcpListener, ended: CancellationToken) -> std::io::Result<()> {
        tracing::info!(address = %listener.local_addr()?, "answers probes");
        self.set_started();
        let serving = axum::serve(listener, self.router::<()>());
        tokio::select! {
            served = serving.into_future() => served,
            () = ended.cancelled() => Ok(()),
        }
    }
}

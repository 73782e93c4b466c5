//! Listens until told to stop.

use fermiac_fleet::shutdown::Shutdown;
use tokio::net::TcpListener;

use crate::api::Api;
use crate::router::router;

/// Answers until `shutdown` drains: then no connection is taken any more, requests that run are answered, and what is
/// not answered when all is over is cut off.
pub async fn serve(api: Api, listener: TcpListener, shutdown: &Shutdown) -> std::io::Result<()> {
    let address = listener.local_addr()?;
    tracing::info!(%address, "api begins");
    api.set_started();
    let draining = shutdown.draining.clone();
    let serving = axum::serve(listener, router(api)).with_graceful_shutdown(draining.cancelled_owned());
    tokio::select! {
        served = serving.into_future() => served,
        () = shutdown.over.cancelled() => {
            tracing::warn!("api ends with requests unanswered");
            Ok(())
        }
    }
}

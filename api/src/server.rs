//! Listens until told to stop.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use fermiac_fleet::profile::Http;
use fermiac_fleet::shutdown::Shutdown;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::api::Api;
use crate::router::router;

/// After a connection could not be taken, mostly because the process has too many files open.
const AFTER_A_FAILURE: Duration = Duration::from_millis(100);
/// A connection of HTTP/2 that does not answer to this is closed.
const PING_EVERY: Duration = Duration::from_secs(20);

/// Answers until `shutdown` drains: then no connection is taken any more, requests that run are answered, and what is
/// not answered when all is over is cut off.
pub async fn serve(api: Api, listener: TcpListener, shutdown: &Shutdown) -> io::Result<()> {
    let address = listener.local_addr()?;
    tracing::info!(%address, "api begins");
    api.probes.set_started();
    let connections = Connections::new(&api.profile.http, router(api.clone()));
    loop {
        tokio::select! {
            (stream, turn) = connections.next(&listener) => connections.attend(stream, turn),
            () = shutdown.draining.cancelled() => break,
        }
    }
    drop(listener);
    tokio::select! {
        () = connections.open.shutdown() => {}
        () = shutdown.over.cancelled() => tracing::warn!("api ends with requests unanswered"),
    }
    Ok(())
}

/// All connections, and how each is served.
struct Connections {
    server: Builder<TokioExecutor>,
    router: Router,
    turns: Arc<Semaphore>,
    open: GracefulShutdown,
}

impl Connections {
    fn new(settings: &Http, router: Router) -> Connections {
        let mut server = Builder::new(TokioExecutor::new());
        server.http1().timer(TokioTimer::new()).header_read_timeout(settings.head_timeout);
        server.http2().timer(TokioTimer::new()).keep_alive_interval(PING_EVERY);
        let turns = Arc::new(Semaphore::new(settings.max_connections));
        Connections { server, router, turns, open: GracefulShutdown::new() }
    }

    /// The next connection, taken once there is room for it; until then it waits in the listener's backlog.
    async fn next(&self, listener: &TcpListener) -> (TcpStream, OwnedSemaphorePermit) {
        let turn = Arc::clone(&self.turns).acquire_owned().await.expect("nothing closes this semaphore");
        loop {
            match listener.accept().await {
                Ok((stream, _)) => return (stream, turn),
                Err(error) => {
                    tracing::warn!(%error, "cannot take a connection");
                    tokio::time::sleep(AFTER_A_FAILURE).await;
                }
            }
        }
    }

    fn attend(&self, stream: TcpStream, turn: OwnedSemaphorePermit) {
        // Answers are small and whole: nothing is gained by waiting for more to send.
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(self.router.clone());
        let connection = self.server.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = self.open.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error, "a connection ends");
            }
            drop(turn);
        });
    }
}

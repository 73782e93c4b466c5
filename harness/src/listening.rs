//! A server in process: a thread of its own takes connections until it is dropped.

use std::convert::Infallible;
use std::net::TcpListener as StdTcpListener;
use std::thread;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::port::listener;

/// Listens on a port of 127.0.0.1. Ends when dropped, and all connections with it.
#[derive(Debug)]
pub(crate) struct Listening {
    port: u16,
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Listening {
    /// Begins. Each connection is attended by what `attend` makes of it.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn start<A, F>(attend: A) -> Self
    where
        A: Fn(TcpStream) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = listener();
        listener.set_nonblocking(true).expect("a socket can be made not to block");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime starts").block_on(serve(listener, attend, stopped));
        });
        Listening { port, stop: Some(stop), thread: Some(thread) }
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // If it panicked, the test has seen broken connections and says so itself.
            let _ = thread.join();
        }
    }
}

async fn serve<A, F>(listener: StdTcpListener, attend: A, mut stopped: oneshot::Receiver<Infallible>)
where
    A: Fn(TcpStream) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::from_std(listener).expect("the runtime takes a socket that does not block");
    // Dropped with this function, and every connection with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            connection = listener.accept() => {
                // A client that is gone before it was accepted is no news.
                let Ok((client, _)) = connection else { continue };
                connections.spawn(attend(client));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

//! A proxy between a client and a server, to be cut, delayed or silenced.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::listening::Listening;

/// What a proxy does with what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Passes it on.
    Forward,
    /// Passes each piece on after a while.
    Delay(Duration),
    /// Closes connections, those that stand and those that come.
    Cut,
    /// Keeps connections open, accepts new ones, and passes nothing on, as when a cable is pulled.
    Blackhole,
}

/// Passes connections on to a server. Ends when dropped.
#[derive(Debug)]
pub struct TcpProxy {
    listening: Listening,
    orders: watch::Sender<Orders>,
    accepted: Arc<AtomicUsize>,
}

#[derive(Debug, Clone, Copy)]
struct Orders {
    mode: Mode,
    /// How often all connections were to be closed so far.
    cuts: u64,
    /// How often all connections were to fall silent so far.
    silences: u64,
}

impl TcpProxy {
    /// Starts one to a port on 127.0.0.1.
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    pub fn to(server_port: u16) -> Self {
        let (orders, watched) = watch::channel(Orders { mode: Mode::Forward, cuts: 0, silences: 0 });
        let accepted = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&accepted);
        let listening = Listening::start(move |client| {
            counter.fetch_add(1, Ordering::Relaxed);
            connect(client, server_port, watched.clone())
        });
        TcpProxy { listening, orders, accepted }
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.listening.port()
    }

    /// From now on, for connections that stand and those that come.
    pub fn set(&self, mode: Mode) {
        self.orders.send_modify(|orders| orders.mode = mode);
    }

    /// Closes the connections that stand; new ones are treated as the mode says.
    pub fn cut_once(&self) {
        self.orders.send_modify(|orders| orders.cuts += 1);
    }

    /// The connections that stand are kept open and pass nothing on any more, as when the machine behind the address is
    /// another now; new ones are treated as the mode says.
    pub fn silence_once(&self) {
        self.orders.send_modify(|orders| orders.silences += 1);
    }

    /// How many connections were accepted so far.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }
}

async fn connect(client: TcpStream, server_port: u16, orders: watch::Receiver<Orders>) {
    let before = orders.borrow().cuts;
    tokio::select! {
        () = heard(orders.clone(), |orders| orders.cuts > before || orders.mode == Mode::Cut) => {}
        () = forward(client, server_port, orders) => {}
    }
}

async fn heard(mut orders: watch::Receiver<Orders>, wanted: impl Fn(&Orders) -> bool) {
    // Orders that nobody can give any more come from a proxy that is dropped: that is heard too.
    let _ = orders.wait_for(wanted).await;
}

async fn forward(mut client: TcpStream, server_port: u16, orders: watch::Receiver<Orders>) {
    // A server that is not there closes the connection, as it would without a proxy.
    let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server_port)).await else { return };
    for side in [&client, &server] {
        // Only a matter of speed.
        let _ = side.set_nodelay(true);
    }
    let before = orders.borrow().silences;
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    tokio::join!(
        pump(from_client, to_server, orders.clone(), before),
        pump(from_server, to_client, orders, before)
    );
}

/// Until its reader ends; then the writer is told so. It passes on as long as there were so many silences.
async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut orders: watch::Receiver<Orders>,
    silences: u64,
) {
    let mut piece = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let passes = |orders: &Orders| orders.mode != Mode::Blackhole && orders.silences == silences;
        let mode = match orders.wait_for(passes).await {
            Ok(orders) => orders.mode,
            Err(_) => return,
        };
        if let Mode::Delay(delay) = mode {
            sleep(delay).await;
        }
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
    // The other side may be gone already.
    let _ = to.shutdown().await;
}

//! Ports that nobody listens on.

use std::net::{Ipv4Addr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the ports that the kernel gives to outgoing connections. A client that keeps connecting to a server that is
/// down would otherwise, sooner or later, be given the server's own port, connect to itself, and keep it.
const FIRST: u32 = 12_000;
const COUNT: u32 = 20_000;

static TAKEN: AtomicU32 = AtomicU32::new(0);

/// A port on 127.0.0.1 that was free a moment ago. Another process may be quicker: whoever starts a server tries again.
///
/// # Panics
/// When none is free.
#[must_use]
pub fn free_port() -> u16 {
    listener().local_addr().expect("a bound socket has an address").port()
}

/// A listener on such a port.
pub(crate) fn listener() -> TcpListener {
    // Processes start at places of their own, so that they seldom meet.
    let start = process::id().wrapping_mul(2_654_435_761) >> 8;
    for _ in 0..COUNT {
        let step = TAKEN.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + start.wrapping_add(step) % COUNT;
        let port = u16::try_from(port).expect("the last port is below 65,536");
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return listener;
        }
    }
    panic!("no port from {FIRST} to {} is free", FIRST + COUNT - 1);
}

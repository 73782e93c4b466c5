//! TLS in front of a server that speaks none, with a certificate of its own.

use std::convert::Infallible;
use std::net::{Ipv4Addr, TcpListener as StdTcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::{fs, thread};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::folder::Folder;
use crate::port::free_port;

/// Takes connections under TLS as `localhost` and passes what comes on to a server. Ends when dropped.
#[derive(Debug)]
pub struct TlsFront {
    folder: Folder,
    port: u16,
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl TlsFront {
    /// Starts one before a port on 127.0.0.1.
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    pub fn to(server_port: u16) -> Self {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()])
            .expect("the name of a host can stand in a certificate");
        let folder = Folder::new("tls");
        open_to_all(&folder);
        fs::write(folder.path().join("ca.pem"), cert.pem()).expect("a file can be made in an empty folder");
        let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring speaks them")
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .expect("the key is the certificate's");
        let listener =
            StdTcpListener::bind((Ipv4Addr::LOCALHOST, free_port())).expect("a free port can be bound");
        listener.set_nonblocking(true).expect("a socket can be made not to block");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let (stop, stopped) = oneshot::channel();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let thread = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime starts").block_on(serve(listener, acceptor, server_port, stopped));
        });
        TlsFront { folder, port, stop: Some(stop), thread: Some(thread) }
    }

    /// Where it is, for clients.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// The file of the certificate that clients have to trust.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // If it panicked, the test has seen broken connections and says so itself.
            let _ = thread.join();
        }
    }
}

/// Clients that run as another user read the certificate.
fn open_to_all(folder: &Folder) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("the folder is ours");
}

async fn serve(
    listener: StdTcpListener,
    acceptor: TlsAcceptor,
    server_port: u16,
    mut stopped: oneshot::Receiver<Infallible>,
) {
    let listener = TcpListener::from_std(listener).expect("the runtime takes a socket that does not block");
    // Dropped with this function, and every connection with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            connection = listener.accept() => {
                // A client that is gone before it was accepted is no news.
                let Ok((client, _)) = connection else { continue };
                connections.spawn(pass(client, acceptor.clone(), server_port));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn pass(client: TcpStream, acceptor: TlsAcceptor, server_port: u16) {
    // A client that speaks no TLS, and a server that is away, are seen as a connection that closes.
    let Ok(mut client) = acceptor.accept(client).await else { return };
    let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server_port)).await else { return };
    let _ = server.set_nodelay(true);
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

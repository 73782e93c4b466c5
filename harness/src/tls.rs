//! TLS in front of a server that speaks none, with a certificate of its own.

use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::certificate::Certificate;
use crate::folder::Folder;
use crate::listening::Listening;

/// Takes connections under TLS as `localhost` and passes what comes on to a server. Ends when dropped.
#[derive(Debug)]
pub struct TlsFront {
    listening: Listening,
    certificate: Certificate,
    /// Gone with the front.
    _folder: Folder,
}

impl TlsFront {
    /// Starts one before a port on 127.0.0.1.
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    pub fn to(server_port: u16) -> Self {
        TlsFront::with(server_port, Certificate::make)
    }

    /// The same, with a certificate that has expired.
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    pub fn expired_to(server_port: u16) -> Self {
        TlsFront::with(server_port, Certificate::make_expired)
    }

    fn with(server_port: u16, make: impl Fn(&Folder) -> Certificate) -> Self {
        let folder = Folder::new("tls");
        open_to_all(&folder);
        let certificate = make(&folder);
        let chain = CertificateDer::from_pem_slice(certificate.pem.as_bytes()).expect("it was just made");
        let key = PrivateKeyDer::from_pem_file(&certificate.key_path).expect("it was just made");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring speaks them")
            .with_no_client_auth()
            .with_single_cert(vec![chain], key)
            .expect("the key is the certificate's");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listening = Listening::start(move |client| pass(client, acceptor.clone(), server_port));
        TlsFront { listening, certificate, _folder: folder }
    }

    /// Where it is, for clients.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("https://localhost:{}", self.listening.port())
    }

    /// The file of the certificate that clients have to trust.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.certificate.path.clone()
    }
}

/// Clients that run as another user read the certificate.
fn open_to_all(folder: &Folder) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("the folder is ours");
}

async fn pass(client: TcpStream, acceptor: TlsAcceptor, server_port: u16) {
    // A client that speaks no TLS, and a server that is away, are seen as a connection that closes.
    let Ok(mut client) = acceptor.accept(client).await else { return };
    let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server_port)).await else { return };
    let _ = server.set_nodelay(true);
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

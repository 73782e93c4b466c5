//! The certificate of a server, read whether or not anybody would trust it.

use std::io;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use x509_parser::parse_x509_certificate;

/// How TLS begins with a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// At once.
    AtOnce,
    /// After Postgres was asked for it.
    OfPostgres,
}

/// A request of Postgres' protocol: its length, and the number that stands for TLS.
const ASKS_FOR_TLS: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
/// The answer that takes it up.
const TAKES_TLS: u8 = b'S';

/// When the certificate of a server ends. Nothing is said to it, and nothing of what it says is believed.
pub async fn certificate_ends_at(host: &str, port: u16, opening: Opening) -> io::Result<DateTime<Utc>> {
    let mut stream = TcpStream::connect((host, port)).await?;
    if opening == Opening::OfPostgres {
        stream.write_all(&ASKS_FOR_TLS).await?;
        if stream.read_u8().await? != TAKES_TLS {
            return Err(io::Error::other("the server speaks no TLS"));
        }
    }
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let stream = TlsConnector::from(Arc::new(configuration()?)).connect(name, stream).await?;
    let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let first = chain.first().ok_or_else(|| io::Error::other("the server shows no certificate"))?;
    ends_at(first)
}

fn ends_at(certificate: &[u8]) -> io::Result<DateTime<Utc>> {
    let (_, certificate) =
        parse_x509_certificate(certificate).map_err(|error| io::Error::other(error.to_string()))?;
    let ends_at = DateTime::from_timestamp(certificate.validity().not_after.timestamp(), 0);
    ends_at.ok_or_else(|| io::Error::other("its certificate ends beyond all calendars"))
}

fn configuration() -> io::Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let builder = builder.map_err(io::Error::other)?;
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth())
}

/// Takes every certificate: one that ended is what is looked for. Whoever sends something verifies again.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use fermiac_harness::{PostgresServer, TlsFront};

    use super::*;

    fn port_of(front: &TlsFront) -> u16 {
        front.endpoint().rsplit(':').next().unwrap().parse().unwrap()
    }

    #[tokio::test]
    async fn a_certificate_is_read_even_if_it_has_expired_and_nobody_trusts_it() {
        let (expired, valid) = (TlsFront::expired_to(1), TlsFront::to(1));
        let ended = certificate_ends_at("localhost", port_of(&expired), Opening::AtOnce).await.unwrap();
        assert_eq!(ended.to_rfc3339(), "2020-01-01T00:00:00+00:00");
        let ends = certificate_ends_at("127.0.0.1", port_of(&valid), Opening::AtOnce).await.unwrap();
        assert!(ends > Utc::now());
    }

    #[tokio::test]
    async fn postgres_is_asked_for_tls_first() {
        let postgres = PostgresServer::shared();
        let refused =
            certificate_ends_at("127.0.0.1", postgres.port(), Opening::OfPostgres).await.unwrap_err();
        assert!(refused.to_string().contains("speaks no TLS"), "{refused}");
    }
}

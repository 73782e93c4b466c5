//! Certificates of servers that speak TLS.

use std::fs;
use std::path::PathBuf;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use crate::folder::Folder;

/// A certificate for servers on this machine, signed by itself, and its key.
#[derive(Debug)]
pub struct Certificate {
    /// Where it is.
    pub path: PathBuf,
    /// Where its key is.
    pub key_path: PathBuf,
    /// The certificate, as PEM: what a client needs to trust it.
    pub pem: String,
}

impl Certificate {
    /// Makes one in a folder.
    ///
    /// # Panics
    /// When the folder cannot be written to.
    pub fn make(folder: &Folder) -> Certificate {
        Certificate::with(folder, &parameters())
    }

    /// The same, of a certificate that ended with the year 2019.
    ///
    /// # Panics
    /// When the folder cannot be written to.
    pub fn make_expired(folder: &Folder) -> Certificate {
        let mut parameters = parameters();
        (parameters.not_before, parameters.not_after) =
            (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 1, 1));
        Certificate::with(folder, &parameters)
    }

    fn with(folder: &Folder, parameters: &CertificateParams) -> Certificate {
        let key = KeyPair::generate().expect("there is randomness");
        let made = parameters.self_signed(&key).expect("a key can sign what it was made for");
        let (path, key_path) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
        let pem = made.pem();
        fs::write(&path, &pem).expect("a temporary folder can be written to");
        fs::write(&key_path, key.serialize_pem()).expect("a temporary folder can be written to");
        Certificate { path, key_path, pem }
    }
}

fn parameters() -> CertificateParams {
    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    CertificateParams::new(names).expect("these names can be certified")
}

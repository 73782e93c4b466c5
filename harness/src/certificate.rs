//! Certificates of servers that speak TLS.

use std::fs;
use std::path::PathBuf;

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
        let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).expect("these names can be certified");
        let (path, key_path) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
        let pem = made.cert.pem();
        fs::write(&path, &pem).expect("a temporary folder can be written to");
        fs::write(&key_path, made.signing_key.serialize_pem()).expect("a temporary folder can be written to");
        Certificate { path, key_path, pem }
    }
}

//! A server of S3 that follows rules of a lifecycle and keeps versions. It checks neither signatures nor checksums, which
//! [`crate::S3Server`] does.

use std::env;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::deadline::wait_until;
use crate::folder::Folder;
use crate::port::free_port;
use crate::process::Process;

const STARTS_WITHIN: Duration = Duration::from_secs(120);

/// A server of moto. Addresses are in path style.
#[derive(Debug)]
pub struct MotoServer {
    port: u16,
    _process: Process,
    _folder: Folder,
}

impl MotoServer {
    /// Starts one with empty buckets of these names.
    ///
    /// # Panics
    /// When moto is not installed or does not start.
    #[must_use]
    pub fn start(buckets: &[&str]) -> Self {
        let (folder, port) = (Folder::new("moto"), free_port());
        let arguments = ["-H", "127.0.0.1", "-p", &port.to_string()].map(str::to_owned);
        let process = Process::start(&moto_server(), &arguments, None, &folder.path().join("log"));
        wait_until("moto answers", STARTS_WITHIN, || status(port, "GET /").is_some());
        for bucket in buckets {
            assert_eq!(status(port, &format!("PUT /{bucket}")), Some(200), "moto makes no bucket '{bucket}'");
        }
        MotoServer { port, _process: process, _folder: folder }
    }

    /// Where it is, for clients.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// On the path, or where `./check` installs it.
fn moto_server() -> PathBuf {
    let folders = env::var_os("PATH").unwrap_or_default();
    let mut files = env::split_paths(&folders).map(|folder| folder.join("moto_server"));
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"));
    let own = target.join("moto/bin/moto_server");
    files.find(|file| file.is_file()).or(Some(own).filter(|file| file.is_file())).unwrap_or_else(|| {
        panic!("'moto_server' is not installed: run ./check, or pip install 'moto[server]'")
    })
}

/// What a request without a body is answered, if it is.
fn status(port: u16, request: &str) -> Option<u16> {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let head =
        format!("{request} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    connection.write_all(head.as_bytes()).ok()?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

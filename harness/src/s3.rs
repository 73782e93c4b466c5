//! An S3 server in process: signatures and checksums are checked, objects are files.

mod faults;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::net::TcpStream;

pub use faults::Fault;
use faults::Faults;

use crate::folder::Folder;
use crate::listening::Listening;

/// Who clients are.
pub const ACCESS_KEY: &str = "harness";
/// How they show it.
pub const SECRET_KEY: &str = "a secret that opens nothing";
/// Where they think the server is.
pub const REGION: &str = "us-east-1";

/// An S3 server. Addresses are in path style.
#[derive(Debug)]
pub struct S3Server {
    /// First, so that nobody serves from the folder any more when it goes.
    listening: Listening,
    folder: Folder,
    faults: Arc<Faults>,
}

impl S3Server {
    /// Starts one with an empty bucket.
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    pub fn start(bucket: &str) -> Self {
        let folder = Folder::new("s3");
        fs::create_dir(folder.path().join(bucket)).expect("a folder can be made in an empty one");
        let faults = Arc::new(Faults::of(folder.path()));
        let (service, shared) = (service(folder.path()), Arc::clone(&faults));
        let listening = Listening::start(move |client| answer(client, service.clone(), Arc::clone(&shared)));
        S3Server { listening, folder, faults }
    }

    /// Where it is, for clients.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.listening.port()
    }

    /// Lets `skip` requests pass, then spoils the next `count`.
    pub fn spoil(&self, fault: Fault, skip: usize, count: usize) {
        self.faults.plan(fault, skip, count);
    }

    /// No faults from now on; requests that hang are cut.
    pub fn heal(&self) {
        self.faults.heal();
    }

    /// How many requests came so far, spoilt ones included.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.faults.requests()
    }

    /// The method of every request that asked for encryption, and what it asked for.
    #[must_use]
    pub fn encryptions(&self) -> Vec<String> {
        self.faults.encryptions()
    }

    /// The keys in a bucket, sorted, as its disk holds them.
    #[must_use]
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        let root = self.folder.path().join(bucket);
        let files = files_below(&root).into_iter();
        let key = |file: PathBuf| Some(file.strip_prefix(&root).ok()?.to_str()?.to_owned());
        let mut keys: Vec<String> = files.filter_map(key).collect();
        keys.sort();
        keys
    }

    /// How many uploads in parts were begun and neither completed nor aborted.
    #[must_use]
    pub fn unfinished_uploads(&self) -> usize {
        let entries = fs::read_dir(self.folder.path()).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        names.filter(|name| name.starts_with(".upload-")).count()
    }
}

fn service(root: &Path) -> S3Service {
    let files = s3s_fs::FileSystem::new(root).expect("the folder was just made");
    let mut builder = S3ServiceBuilder::new(files);
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    builder.build()
}

async fn answer(client: TcpStream, service: S3Service, faults: Arc<Faults>) {
    // Only a matter of speed.
    let _ = client.set_nodelay(true);
    let handler = service_fn(|request| faults::answer(request, &service, &faults));
    // A connection that breaks is what some tests are about.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(client), handler).await;
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

//! PgBouncer in transaction mode, as production has it: consecutive transactions may come to different server processes.

use std::fs;
use std::sync::LazyLock;
use std::time::Duration;

use fermiac_fleet::ids::JobId;
use fermiac_fleet::job::NewJob;
use fermiac_fleet::store::{Store, StoreSettings};
use fermiac_harness::{Folder, PostgresServer, Process, await_until, free_port, program, wait_until};

use crate::support::{LEASE, completed, job};

const START: Duration = Duration::from_secs(10);
const PROGRAM: &str = "/usr/sbin/pgbouncer";

/// One for all tests of this binary, before the Postgres that they share.
static SHARED: LazyLock<Bouncer> = LazyLock::new(Bouncer::start);

struct Bouncer {
    // Dropped before the folder that it writes to.
    _process: Process,
    _folder: Folder,
    port: u16,
}

/// Whether these tests can be; said where they cannot.
pub fn is_installed() -> bool {
    let installed = std::path::Path::new(PROGRAM).exists();
    if !installed {
        eprintln!("SKIPPED: pgbouncer is not installed (apt-get install pgbouncer)");
    }
    installed
}

/// Makes an empty database and says where it is.
pub fn create_database() -> String {
    let direct = PostgresServer::shared().create_database();
    let database = direct.rsplit('/').next().unwrap();
    PostgresServer::shared().url_through(SHARED.port, database)
}

impl Bouncer {
    fn start() -> Bouncer {
        let (folder, port) = (Folder::new("pgbouncer"), free_port());
        let process = start(&folder, PostgresServer::shared().port(), port);
        wait_until("pgbouncer listens", START, || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        Bouncer { _process: process, _folder: folder, port }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_handed_from_one_server_process_to_another() {
    if !is_installed() {
        return;
    }
    let url = create_database();
    let settings = StoreSettings { pooled_by_pgbouncer: true, ..StoreSettings::of("testing") };
    await_until("pgbouncer answers", START, async || Store::connect(&url, &settings).await.is_ok()).await;
    let store = Store::connect(&url, &settings).await.unwrap();
    assert!(!store.migrate().await.unwrap().is_empty());
    store.check_schema().await.unwrap();
    // More clients than server connections.
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..8 {
        let store = store.clone();
        clients.spawn(async move { work(&store, &format!("worker {client}")).await });
    }
    assert_eq!(clients.join_all().await.into_iter().sum::<usize>(), 8 * 5 * 20);
}

async fn work(store: &Store, worker: &str) -> usize {
    let mut done = 0;
    for _ in 0..5 {
        let jobs: Vec<NewJob> = (0..20).map(|_| job()).collect();
        let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
        store.submit(&jobs).await.unwrap();
        store.outstanding().await.unwrap();
        let deliveries = store.claim(worker, &ids, LEASE).await.unwrap();
        let settlements = deliveries.into_iter().map(|one| one.settle(completed())).collect();
        done += store.settle(settlements).await.unwrap().written.len();
        store.lead("scheduler", worker, LEASE).await.unwrap();
    }
    done
}

fn start(folder: &Folder, postgres: u16, port: u16) -> Process {
    let settings = format!(
        "[databases]\n* = host=127.0.0.1 port={postgres} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
         listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n\
         default_pool_size = 3\nmax_client_conn = 500\n"
    );
    let path = folder.path().join("pgbouncer.ini");
    fs::write(&path, settings).unwrap();
    let status = std::process::Command::new("chown").args(["-R", "postgres"]).arg(folder.path()).status();
    assert!(status.unwrap().success(), "pgbouncer does not run as root");
    let arguments = [path.display().to_string()];
    Process::start(
        &program("pgbouncer", "pgbouncer"),
        &arguments,
        Some("postgres"),
        &folder.path().join("log"),
    )
}

//! What it costs to cut a simulation into jobs: the same trials by `fermiac run` on two threads, and by `fermiac submit`
//! to an API and two workers of one thread, each until its process has printed the result.

use std::process::Command;
use std::time::{Duration, Instant};

use fermiac_harness::{Folder, Process, await_until, free_port, wait_until};

use crate::processes::{self, FERMIAC};
use crate::servers::Servers;

const TRIALS: u64 = 10_000_000;
/// One is a few numbers, whose time goes to the statistics; the other a workbook, whose time goes to its formulas.
const MODELS: [&str; 2] = ["european_call.json", "project_npv.xlsx"];
const DEADLINE: Duration = Duration::from_secs(120);

/// Seconds of one model.
#[derive(Debug, Clone, Copy)]
pub struct Split {
    /// Which one.
    pub model: &'static str,
    /// Of `fermiac run`, as a process.
    pub run: f64,
    /// Of the fleet.
    pub fleet: f64,
}

impl Split {
    /// How many times as long the fleet took.
    pub fn ratio(&self) -> f64 {
        self.fleet / self.run
    }
}

/// An API and its workers.
struct Fleet {
    address: String,
    key: String,
    _processes: [Process; 3],
    _folder: Folder,
}

/// `rounds` rounds of each model, run and fleet taking turns.
pub async fn measure(servers: &mut Servers, rounds: usize) -> Vec<Split> {
    let fleet = start(servers).await;
    tokio::task::block_in_place(|| {
        let mut splits = Vec::new();
        for (model, _) in MODELS.iter().flat_map(|model| (0..rounds).map(move |round| (model, round))) {
            let split = Split { model, run: run(model), fleet: fleet.run(model) };
            eprintln!("{model}: run {:.3} s, fleet {:.3} s", split.run, split.fleet);
            splits.push(split);
        }
        splits
    })
}

async fn start(servers: &mut Servers) -> Fleet {
    let homes = servers.homes().await;
    let key = homes.store.add_user("benchmark", false).await.unwrap().key;
    let (folder, port) = (Folder::new("split"), free_port());
    let listen = format!("127.0.0.1:{port}");
    let start = |role, more: &[_]| processes::start(role, (servers, &homes), &folder, more);
    let one_thread = [("FERMIAC_WORKER_THREADS", "1")];
    let processes = [
        start("api", &[("FERMIAC_HTTP_LISTEN", listen.as_str())]),
        start("worker", &one_thread),
        start("worker", &one_thread),
    ];
    let both = async || homes.store.workers(DEADLINE).await.unwrap().len() == 2;
    await_until("both workers are there", DEADLINE, both).await;
    let address = format!("http://{listen}");
    wait_until("the API listens", DEADLINE, || ureq::get(format!("{address}/livez")).call().is_ok());
    Fleet { address, key, _processes: processes, _folder: folder }
}

impl Fleet {
    fn run(&self, model: &str) -> f64 {
        let mut command = Command::new(FERMIAC);
        command.args(["submit", &path_of(model), "--wait"]);
        seconds_of(command.env("FERMIAC_SERVER", &self.address).env("FERMIAC_API_KEY", &self.key))
    }
}

fn run(model: &str) -> f64 {
    seconds_of(Command::new(FERMIAC).args(["run", &path_of(model), "--threads", "2"]))
}

/// How long a process takes until it has printed the result.
fn seconds_of(command: &mut Command) -> f64 {
    let started = Instant::now();
    let output = command.args(["--json", "--trials", &TRIALS.to_string()]).output().unwrap();
    let seconds = started.elapsed().as_secs_f64();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"outputs\""));
    seconds
}

fn path_of(model: &str) -> String {
    format!("{}/examples/{model}", env!("CARGO_MANIFEST_DIR"))
}

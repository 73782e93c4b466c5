//! What it costs to cut a simulation into jobs: the same trials by `fermiac run` on two threads, and by an API and two
//! workers of one thread, from sending the request until the result is read.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use fermiac_harness::{Folder, Process, await_until, free_port, wait_until};
use serde_json::{Value, json};

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
        let source = self.source(model);
        let started = Instant::now();
        let mut request = json!({ "trials": TRIALS });
        request[source.0] = source.1;
        let accepted =
            self.post("/v1/simulations").send_json(request).unwrap().into_body().read_json::<Value>();
        let path = format!("/v1/simulations/{}", accepted.unwrap()["id"].as_str().unwrap());
        wait_until("it succeeds", DEADLINE, || {
            let seen: Value = serde_json::from_str(&self.get(&path)).unwrap();
            assert!(seen["error"].is_null(), "{seen}");
            seen["state"] == "succeeded"
        });
        let result = self.get(&format!("{path}/result"));
        let seconds = started.elapsed().as_secs_f64();
        assert!(result.contains("\"outputs\""));
        seconds
    }

    /// What a request says of the model; a workbook is uploaded first, and known from the second time on.
    fn source(&self, model: &str) -> (&'static str, Value) {
        let bytes = std::fs::read(path_of(model)).unwrap();
        if model.ends_with(".json") {
            return ("model", serde_json::from_slice(&bytes).unwrap());
        }
        let sheets = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        let upload = self.post("/v1/workbooks").header("Content-Type", sheets).send(&bytes[..]);
        let uploaded: Value = upload.unwrap().into_body().read_json().unwrap();
        ("workbook", uploaded["id"].clone())
    }

    fn get(&self, path: &str) -> String {
        let asked =
            ureq::get(format!("{}{path}", self.address)).header("Authorization", self.bearer()).call();
        asked.unwrap().into_body().read_to_string().unwrap()
    }

    fn post(&self, path: &str) -> ureq::RequestBuilder<ureq::typestate::WithBody> {
        ureq::post(format!("{}{path}", self.address)).header("Authorization", self.bearer())
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.key)
    }
}

fn run(model: &str) -> f64 {
    let started = Instant::now();
    let mut command = Command::new(FERMIAC);
    command.args(["run", &path_of(model).display().to_string(), "--trials", &TRIALS.to_string()]);
    let output = command.args(["--threads", "2", "--json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    started.elapsed().as_secs_f64()
}

fn path_of(model: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "examples", model].iter().collect()
}

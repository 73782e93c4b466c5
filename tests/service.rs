//! The whole system in one process, over HTTP: what it answers are the bytes of `fermiac run`.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a panic is what a test wants")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Far beyond what anything here takes: it is there so that a test ends.
const DEADLINE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// `fermiac dev` in a folder of its own; it ends with the test.
struct Service {
    process: Child,
    folder: PathBuf,
    port: u16,
    key: String,
}

impl Service {
    fn start(name: &str) -> Service {
        let folder = std::env::temp_dir().join(format!("fermiac-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let log = folder.join("log");
        let process = Command::new(env!("CARGO_BIN_EXE_fermiac"))
            .arg("dev")
            .current_dir(&folder)
            .env("FERMIAC_HTTP_LISTEN", format!("127.0.0.1:{port}"))
            .stderr(Stdio::from(std::fs::File::create(&log).unwrap()))
            .spawn()
            .unwrap();
        let mut service = Service { process, folder, port, key: String::new() };
        service.key = until("the key is shown", || {
            let log = std::fs::read_to_string(&log).unwrap();
            let key = log.split_whitespace().find(|word| word.starts_with("fmc_"))?;
            Some(key.to_owned())
        });
        until("it listens", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok());
        service
    }

    /// The body of an answer.
    fn request(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        let (key, length) = (&self.key, body.len());
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all((head + body).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").expect("an answer has a head and a body").1.to_owned()
    }

    fn simulate(&self, request: &str) -> String {
        let accepted: Value =
            serde_json::from_str(&self.request("POST", "/v1/simulations", request)).unwrap();
        let path = format!("/v1/simulations/{}", accepted["id"].as_str().expect("it was accepted"));
        until("it succeeds", || {
            let simulation: Value = serde_json::from_str(&self.request("GET", &path, "")).unwrap();
            assert!(simulation["error"].is_null(), "{simulation}");
            (simulation["state"] == "succeeded").then_some(())
        });
        self.request("GET", &format!("{path}/result"), "")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < DEADLINE, "waited too long until {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}

fn without_timing(document: &str) -> String {
    let mut document: Value = serde_json::from_str(document).expect("a document is JSON");
    document
        .as_object_mut()
        .expect("a document is an object")
        .remove("timing_ms")
        .expect("it says its timing");
    document.to_string()
}

fn run(model: &str, trials: &str) -> String {
    let model = format!("{}/examples/{model}", env!("CARGO_MANIFEST_DIR"));
    let arguments = ["run", &model, "--trials", trials, "--json"];
    let output = Command::new(env!("CARGO_BIN_EXE_fermiac")).args(arguments).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn one_job_and_many_slices_both_give_what_run_gives() {
    let service = Service::start("service");
    let model =
        std::fs::read_to_string(format!("{}/examples/european_call.json", env!("CARGO_MANIFEST_DIR")));
    let model = model.unwrap();
    // The second is cut into slices.
    for trials in ["100000", "20000000"] {
        let answered = service.simulate(&format!("{{\"model\":{model},\"trials\":{trials}}}"));
        assert_eq!(without_timing(&answered), without_timing(&run("european_call.json", trials)));
    }
    let jobs = service.request("GET", "/v1/jobs", "");
    assert!(jobs.contains("\"simulate\"") && jobs.contains("\"slice\"") && jobs.contains("\"combine\""));
}

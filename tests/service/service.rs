//! `fermiac dev`, started for a test.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Far beyond what anything here takes: it is there so that a test ends.
const DEADLINE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// `fermiac dev` in a folder of its own; it ends with the test.
pub struct Service {
    process: Child,
    pub folder: PathBuf,
    pub port: u16,
    key: String,
}

impl Service {
    pub fn start(name: &str) -> Service {
        let folder = std::env::temp_dir().join(format!("fermiac-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let log = folder.join("log");
        let process = Command::new(env!("CARGO_BIN_EXE_fermiac"))
            .arg("dev")
            .current_dir(&folder)
            .env("FERMIAC_HTTP_LISTEN", format!("127.0.0.1:{port}"))
            // Simulations are cut for so many.
            .env("FERMIAC_WORKER_SLOTS", "4")
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

    /// What `fermiac` says with these arguments, in the folder of the service and with the key.
    pub fn fermiac(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fermiac"));
        command.args(arguments).current_dir(&self.folder).env("FERMIAC_API_KEY", &self.key);
        command.env("FERMIAC_SERVER", format!("http://127.0.0.1:{}/", self.port)).output().unwrap()
    }

    /// What `fermiac smoke` says of it, with this key.
    pub fn smoke(&self, key: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fermiac"));
        let command =
            command.args(["smoke", "--env", "development"]).args(arguments).current_dir(&self.folder);
        let listen = format!("127.0.0.1:{}", self.port);
        command.env("FERMIAC_SMOKE_API_KEY", key).env("FERMIAC_HTTP_LISTEN", listen).output().unwrap()
    }

    pub fn done(&self, arguments: &[&str]) -> String {
        let output = self.fermiac(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn refused(&self, arguments: &[&str]) -> String {
        let output = self.fermiac(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    }

    /// The body of an answer.
    pub fn request(&self, method: &str, path: &str, body: impl AsRef<[u8]>) -> String {
        let body = body.as_ref();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        let (key, length) = (&self.key, body.len());
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").expect("an answer has a head and a body").1.to_owned()
    }

    /// Where a simulation is that has succeeded.
    pub fn simulate(&self, request: &str) -> String {
        let accepted: Value =
            serde_json::from_str(&self.request("POST", "/v1/simulations", request)).unwrap();
        let path = format!("/v1/simulations/{}", accepted["id"].as_str().expect("it was accepted"));
        until("it succeeds", || {
            let simulation: Value = serde_json::from_str(&self.request("GET", &path, "")).unwrap();
            assert!(simulation["error"].is_null(), "{simulation}");
            (simulation["state"] == "succeeded").then_some(())
        });
        path
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Looks until there is something to be seen.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < DEADLINE, "waited too long until {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}

//! A Redis server.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};
use std::{io, thread};

use rustix::process::Signal;

use crate::certificate::Certificate;
use crate::folder::Folder;
use crate::port::free_port;
use crate::process::{Process, program};

const START: Duration = Duration::from_secs(20);

/// What a Redis server forgets when it dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persistence {
    /// Everything.
    None,
    /// At most the last second before the machine dies; nothing if only the server does.
    AppendOnlyEverySecond,
    /// Nothing.
    AppendOnlyAlways,
}

/// How a Redis server is started.
#[derive(Debug, Clone)]
pub struct RedisOptions {
    /// What it keeps on disk.
    pub persistence: Persistence,
    /// How much it holds before it refuses writes.
    pub max_memory_bytes: Option<u64>,
    /// What clients must know.
    pub password: Option<String>,
    /// Whether clients come over TLS.
    pub tls: bool,
}

impl Default for RedisOptions {
    fn default() -> Self {
        RedisOptions { persistence: Persistence::None, max_memory_bytes: None, password: None, tls: false }
    }
}

/// A Redis server.
#[derive(Debug)]
pub struct RedisServer {
    // Dropped before the folder that it writes to.
    process: Process,
    folder: Folder,
    port: u16,
    /// Where it speaks TLS, and the certificate that vouches for it.
    tls: Option<(u16, Certificate)>,
    options: RedisOptions,
}

impl RedisServer {
    /// Starts one that answers.
    ///
    /// # Panics
    /// When `redis-server` is not installed or does not start.
    #[must_use]
    pub fn start(options: RedisOptions) -> Self {
        let folder = Folder::new("redis");
        for _ in 0..5 {
            let port = free_port();
            let tls = options.tls.then(|| (free_port(), Certificate::make(&folder)));
            if let Some(process) =
                launch(&folder, &words(&folder, port, tls.as_ref(), &options), (port, &options))
            {
                return RedisServer { process, folder, port, tls, options };
            }
        }
        panic!("redis-server found its port taken five times");
    }

    /// Where it is, for clients.
    #[must_use]
    pub fn url(&self) -> String {
        match &self.tls {
            Some((port, _)) => self.url_through(*port).replacen("redis:", "rediss:", 1),
            None => self.url_through(self.port),
        }
    }

    /// The certificate that vouches for it, as PEM, if it speaks TLS.
    #[must_use]
    pub fn root_certificate(&self) -> Option<&str> {
        self.tls.as_ref().map(|(_, certificate)| certificate.pem.as_str())
    }

    /// The same, by way of a proxy on another port.
    #[must_use]
    pub fn url_through(&self, port: u16) -> String {
        let secret =
            self.options.password.as_ref().map(|password| format!(":{password}@")).unwrap_or_default();
        format!("redis://{secret}127.0.0.1:{port}/")
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it with SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again, with its folder, where it was; a server that runs is killed first.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&mut self) {
        self.process.kill();
        let words = words(&self.folder, self.port, self.tls.as_ref(), &self.options);
        self.process = launch(&self.folder, &words, (self.port, &self.options))
            .unwrap_or_else(|| panic!("port {} of redis-server was taken while it was down", self.port));
    }

    /// Stops it with SIGSTOP: connections stay open and nothing answers.
    pub fn pause(&self) {
        self.process.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.process.signal(Signal::CONT);
    }

    /// Runs a command given by its words, and gives the first 64 KiB of the answer as it came over the wire.
    ///
    /// # Panics
    /// When the server does not answer.
    pub fn command(&self, words: &[&str]) -> String {
        ask(self.port, self.options.password.as_deref(), words).expect("redis-server answers")
    }
}

/// Nothing, if another process has the port.
fn launch(folder: &Folder, words: &[String], (port, options): (u16, &RedisOptions)) -> Option<Process> {
    let program = program("redis-server", "redis-server");
    let log = folder.path().join("log");
    let mut process = Process::start(&program, words, None, &log);
    let own = format!("process_id:{}\r\n", process.id());
    let started = Instant::now();
    loop {
        if process.ended().is_some() {
            let log = process.log();
            assert!(log.contains("Address already in use"), "redis-server does not start:\n{log}");
            return None;
        }
        // Another server on the same port would answer too, but not with this number; and one that still reads its
        // file answers with an error.
        if ask(port, options.password.as_deref(), &["INFO", "server"]).is_ok_and(|info| info.contains(&own))
            && ask(port, options.password.as_deref(), &["PING"]).is_ok_and(|answer| answer.contains("+PONG"))
        {
            return Some(process);
        }
        assert!(started.elapsed() < START, "redis-server does not answer:\n{}", process.log());
        thread::sleep(Duration::from_millis(5));
    }
}

fn words(
    folder: &Folder,
    port: u16,
    tls: Option<&(u16, Certificate)>,
    options: &RedisOptions,
) -> Vec<String> {
    let (append_only, sync) = match options.persistence {
        Persistence::None => ("no", "no"),
        Persistence::AppendOnlyEverySecond => ("yes", "everysec"),
        Persistence::AppendOnlyAlways => ("yes", "always"),
    };
    let mut words: Vec<String> = vec!["--port".to_owned(), port.to_string()];
    words.extend(["--dir".to_owned(), folder.path().display().to_string()]);
    words.extend(["--bind", "127.0.0.1", "--save", "", "--appendonly", append_only].map(str::to_owned));
    words.extend(["--appendfsync", sync, "--maxmemory-policy", "noeviction"].map(str::to_owned));
    words.extend(["--maxmemory".to_owned(), options.max_memory_bytes.unwrap_or(0).to_string()]);
    if let Some(password) = &options.password {
        words.extend(["--requirepass".to_owned(), password.clone()]);
    }
    if let Some((port, certificate)) = tls {
        words.extend(["--tls-port".to_owned(), port.to_string()]);
        words.extend(["--tls-auth-clients", "no"].map(str::to_owned));
        words.extend(["--tls-cert-file".to_owned(), certificate.path.display().to_string()]);
        words.extend(["--tls-key-file".to_owned(), certificate.key_path.display().to_string()]);
        words.extend(["--tls-ca-cert-file".to_owned(), certificate.path.display().to_string()]);
    }
    words
}

fn ask(port: u16, password: Option<&str>, words: &[&str]) -> io::Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    if let Some(password) = password {
        stream.write_all(in_wire_format(&["AUTH", password]).as_bytes())?;
        let mut ok = [0; 5];
        stream.read_exact(&mut ok)?;
        if &ok != b"+OK\r\n" {
            return Err(io::Error::other("the password is refused"));
        }
    }
    stream.write_all(in_wire_format(words).as_bytes())?;
    let mut answer = vec![0; 64 << 10];
    let length = stream.read(&mut answer)?;
    answer.truncate(length);
    String::from_utf8(answer).map_err(io::Error::other)
}

fn in_wire_format(words: &[&str]) -> String {
    let parts: String = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
    format!("*{}\r\n{parts}", words.len())
}

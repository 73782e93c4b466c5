//! The servers are real, come back, and leave nothing behind.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use fermiac_harness::{
    Durability, Folder, Mode, Persistence, PostgresServer, RedisOptions, RedisServer, S3Server, TcpProxy,
    wait_until,
};

const SOON: Duration = Duration::from_secs(20);

#[test]
fn redis_comes_back_on_its_port_with_what_it_wrote() {
    let persistence = Persistence::AppendOnlyEverySecond;
    let mut redis = RedisServer::start(RedisOptions { persistence, ..RedisOptions::default() });
    let port = redis.port();
    assert_eq!(redis.command(&["SET", "key", "value"]), "+OK\r\n");
    redis.kill();
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
    redis.restart();
    assert_eq!(redis.port(), port);
    assert_eq!(redis.command(&["GET", "key"]), "$5\r\nvalue\r\n");
}

#[test]
fn a_paused_redis_is_silent_until_it_is_resumed() {
    let redis = RedisServer::start(RedisOptions::default());
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, redis.port())).unwrap();
    redis.pause();
    stream.write_all(b"PING\r\n").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert!(stream.read(&mut [0; 7]).is_err());
    redis.resume();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"+PONG\r\n");
}

#[test]
fn redis_wants_its_password_and_refuses_what_does_not_fit() {
    let options = RedisOptions {
        password: Some("open".to_owned()),
        max_memory_bytes: Some(1_000),
        ..RedisOptions::default()
    };
    let redis = RedisServer::start(options);
    assert!(redis.url().contains(":open@"));
    assert!(redis.command(&["SET", "key", "value"]).starts_with("-OOM"));
}

#[test]
fn postgres_keeps_its_databases_apart_and_comes_back() {
    let mut postgres = PostgresServer::start(Durability::Synced);
    let (one, other) = (postgres.create_database(), postgres.create_database());
    assert_ne!(one, other);
    postgres.sql("test_0", "CREATE TABLE kept (number int); INSERT INTO kept VALUES (7)");
    assert_eq!(postgres.sql("test_1", "SELECT count(*) FROM pg_tables WHERE tablename = 'kept'"), "0");
    postgres.stop();
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, postgres.port())).is_err());
    postgres.start_again();
    postgres.kill();
    postgres.start_again();
    assert_eq!(postgres.sql("test_0", "SELECT number FROM kept"), "7");
    assert_eq!(postgres.sql("test_0", "SHOW fsync"), "on");
}

#[test]
fn a_shared_postgres_is_one() {
    assert_eq!(PostgresServer::shared().port(), PostgresServer::shared().port());
    assert_eq!(PostgresServer::shared().sql("postgres", "SHOW max_connections"), "200");
}

#[test]
fn s3_refuses_who_does_not_sign() {
    let server = S3Server::start("bucket");
    let answer = http_get(server.port(), "/bucket?list-type=2");
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert_eq!((server.requests(), server.unfinished_uploads()), (1, 0));
}

#[test]
fn a_proxy_forwards_cuts_and_swallows() {
    let redis = RedisServer::start(RedisOptions::default());
    let proxy = TcpProxy::to(redis.port());
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let ping =
        |stream: &mut TcpStream| stream.write_all(b"PING\r\n").and_then(|()| stream.read_exact(&mut [0; 7]));
    ping(&mut stream).unwrap();
    proxy.set(Mode::Delay(Duration::from_millis(1)));
    ping(&mut stream).unwrap();
    proxy.set(Mode::Blackhole);
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert!(ping(&mut stream).is_err());
    proxy.set(Mode::Forward);
    proxy.cut_once();
    stream.set_read_timeout(Some(SOON)).unwrap();
    wait_until("the connection is cut", SOON, || ping(&mut stream).is_err());
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap();
    ping(&mut stream).unwrap();
    assert_eq!(proxy.accepted(), 2);
}

/// Not a test of its own: what the test below kills.
#[test]
#[ignore = "runs inside the test of a killed process"]
fn a_process_with_servers_that_waits_to_be_killed() {
    if env::var_os("HARNESS_WAITS_TO_BE_KILLED").is_none() {
        return;
    }
    let redis = RedisServer::start(RedisOptions::default());
    let folder = Folder::new("killed");
    println!("servers {} {} {}", redis.port(), PostgresServer::shared().port(), folder.path().display());
    wait_until("somebody kills this process", Duration::from_secs(60), || false);
}

#[test]
fn servers_and_folders_end_with_a_process_that_is_killed() {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "a_process_with_servers_that_waits_to_be_killed", "--ignored", "--nocapture"]);
    let mut child = command.env("HARNESS_WAITS_TO_BE_KILLED", "yes").stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.map(Result::unwrap).find(|line| line.contains("servers ")).unwrap();
    let words: Vec<&str> = line.split("servers ").last().unwrap().split(' ').collect();
    let (ports, folder) =
        ([words[0], words[1]].map(|port| port.parse::<u16>().unwrap()), Path::new(words[2]));
    assert!(ports.iter().all(|&port| listens(port)) && folder.exists());
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until("its servers end", SOON, || ports.iter().all(|&port| !listens(port)));
    wait_until("its folders go", SOON, || !folder.exists());
}

fn listens(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn http_get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the server listens");
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the server answers");
    answer
}

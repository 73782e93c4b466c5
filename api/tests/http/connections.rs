//! Connections have bounds.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::server::{Home, Server};

#[tokio::test]
async fn who_never_finishes_a_request_is_hung_up_on() {
    let server = Server::start_with(Home::Sqlite, &[("FERMIAC_HTTP_HEAD_TIMEOUT_MS", "200")]).await;
    let mut slow = TcpStream::connect(server.user.address).await.unwrap();
    slow.write_all(b"GET /livez HTTP/1.1\r\nHost: ").await.unwrap();
    let mut answer = Vec::new();
    slow.read_to_end(&mut answer).await.unwrap();
    assert!(!answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn beyond_the_bound_connections_wait_for_their_turn() {
    let server = Server::start_with(Home::Sqlite, &[("FERMIAC_HTTP_MAX_CONNECTIONS", "1")]).await;
    let first = TcpStream::connect(server.user.address).await.unwrap();
    let mut second = TcpStream::connect(server.user.address).await.unwrap();
    second.write_all(b"GET /livez HTTP/1.0\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    {
        let mut waiting = Box::pin(second.read_to_end(&mut answer));
        // Whoever has the turn is heard while the other waits.
        let mut first = first;
        first.write_all(b"GET /livez HTTP/1.0\r\n\r\n").await.unwrap();
        let mut heard = Vec::new();
        tokio::select! {
            biased;
            read = first.read_to_end(&mut heard) => assert!(read.unwrap() > 0),
            _ = &mut waiting => panic!("the second was answered before the first had gone"),
        }
        assert!(heard.starts_with(b"HTTP/1.0 200"));
        waiting.await.unwrap();
    }
    assert!(answer.starts_with(b"HTTP/1.0 200"));
}

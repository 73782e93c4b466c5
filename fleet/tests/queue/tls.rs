//! Redis over TLS, as managed ones are reached: the URL says so and holds the password.

use std::time::Duration;

use fermiac_fleet::queue::{Queue, QueueError, QueueSettings};
use fermiac_harness::{RedisOptions, RedisServer};

use crate::support::{bells, environment, hear, jobs, listen};

fn server() -> RedisServer {
    let password = Some("not-a-word".to_owned());
    RedisServer::start(RedisOptions { tls: true, password, ..RedisOptions::default() })
}

fn trusting(server: &RedisServer) -> QueueSettings {
    let certificate = server.root_certificate().unwrap().as_bytes().to_vec();
    QueueSettings {
        root_certificate: Some(certificate),
        patience: Duration::from_millis(500),
        ..QueueSettings::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bells_ring_over_tls() {
    let server = server();
    let url = server.url();
    assert!(url.starts_with("rediss://:"), "{url}");
    let queue = Queue::connect(&url, &environment(), &trusting(&server)).unwrap();
    queue.ping().await.unwrap();
    let rung = bells(10);
    queue.ring(&rung).await.unwrap();
    let heard = hear(&mut listen(&queue), 10).await;
    assert_eq!(jobs(&heard), rung.iter().map(|bell| bell.job).collect::<Vec<_>>());
    queue.answer(&heard).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_nobody_vouches_for_is_not_trusted() {
    let server = server();
    let settings = QueueSettings { root_certificate: None, ..trusting(&server) };
    let queue = Queue::connect(&server.url(), &environment(), &settings).unwrap();
    let error = queue.ring(&bells(1)).await.unwrap_err();
    assert!(error.to_string().to_lowercase().contains("certificate"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_refused() {
    let server = server();
    let url = server.url().replace("not-a-word", "another-one");
    let queue = Queue::connect(&url, &environment(), &trusting(&server)).unwrap();
    let error = queue.ring(&bells(1)).await.unwrap_err();
    assert!(!matches!(error, QueueError::Unavailable(_)), "{error}");
    assert!(!error.to_string().contains("another-one"), "{error}");
}

//! What probes are told.

use std::time::{Duration, Instant};

use bytes::Bytes;
use fermiac_fleet::queue::{Queue, QueueSettings};
use fermiac_fleet::store::{Store, StoreSettings};
use fermiac_harness::{Folder, Mode, PostgresServer, RedisOptions, RedisServer, TcpProxy};
use serde_json::Value;

use super::server::{Home, Server};
use super::simulations::call;

#[tokio::test]
async fn a_healthy_process_says_so_at_every_address() {
    let server = Server::start(Home::Sqlite).await;
    for path in ["/health", "/health/", "/api/health"] {
        let health = server.stranger().get(path).await.expect(200);
        assert_eq!(health["status"], "healthy");
        for field in
            ["database", "redis", "external_api", "disk_space", "memory_usage", "database_connection"]
        {
            assert_eq!(health[field], true, "{field}: {health}");
        }
        assert_eq!(
            (&health["redis_connection"], &health["external_services"]),
            (&Value::Bool(true), &Value::Bool(true))
        );
    }
    for path in ["/ready", "/api/ready"] {
        let ready = server.stranger().get(path).await.expect(200);
        for field in ["application_started", "database_migrations", "cache_warmup"] {
            assert_eq!(ready[field], true, "{field}: {ready}");
        }
    }
    assert_eq!(server.stranger().get("/livez").await.status, 200);
    let page = server.stranger().get("/metrics").await;
    let page = std::str::from_utf8(&page.body).unwrap();
    assert!(
        page.contains("fermiac_http_requests_total{method=\"GET\",route=\"/api/ready\",status=\"200\"}"),
        "{page}"
    );
    assert!(page.contains("fermiac_build_info{"));
}

#[tokio::test]
async fn a_method_that_nobody_knows_has_no_figures_of_its_own() {
    let server = Server::start(Home::Sqlite).await;
    for method in ["BREW", "WHEN"] {
        server.stranger().send(method, "/livez", &[], Bytes::new()).await;
    }
    let page = server.stranger().get("/metrics").await;
    let page = std::str::from_utf8(&page.body).unwrap();
    assert!(page.contains("method=\"other\""), "{page}");
    assert!(!page.contains("BREW") && !page.contains("WHEN"), "{page}");
}

#[tokio::test]
async fn a_schema_that_is_not_complete_is_not_ready() {
    let url = PostgresServer::shared().create_database();
    let store = Store::connect(&url, &StoreSettings::of("testing")).await.unwrap();
    store.migrate().await.unwrap();
    let server = Server::over(store, Queue::in_process(), Folder::new("api"), &[]).await;
    assert_eq!(server.stranger().get("/ready").await.status, 200);
    let database = url.rsplit('/').next().unwrap();
    PostgresServer::shared().sql(database, "delete from migrations where version = 7");
    let told = server.stranger().get("/ready").await.expect(503);
    assert_eq!(
        (&told["database_migrations"], &told["application_started"]),
        (&Value::Bool(false), &Value::Bool(true))
    );
    assert_eq!(server.stranger().get("/health").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_hangs_is_told_of_in_time() {
    let proxy = TcpProxy::to(PostgresServer::shared().port());
    let direct = PostgresServer::shared().create_database();
    let database = direct.rsplit('/').next().unwrap();
    let url = PostgresServer::shared().url_through(proxy.port(), database);
    let store = Store::connect(&url, &StoreSettings::of("testing")).await.unwrap();
    store.migrate().await.unwrap();
    let server = Server::over(store, Queue::in_process(), Folder::new("api"), &[]).await;
    assert_eq!(server.stranger().get("/health").await.status, 200);
    proxy.set(Mode::Blackhole);
    for (path, within, field) in
        [("/api/health", 5, "database_connection"), ("/api/ready", 3, "database_migrations")]
    {
        let started = Instant::now();
        let told = server.stranger().get(path).await.expect(503);
        assert_eq!(told[field], false, "{told}");
        assert!(started.elapsed() < Duration::from_secs(within), "{path} took {:?}", started.elapsed());
    }
    assert_eq!(server.stranger().get("/livez").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_simulations_are_accepted_and_the_relay_is_left_to_ring() {
    let mut redis = RedisServer::start(RedisOptions::default());
    let queue = Queue::connect(&redis.url(), "testing", &QueueSettings::default()).unwrap();
    let url = PostgresServer::shared().create_database();
    let store = Store::connect(&url, &StoreSettings::of("testing")).await.unwrap();
    store.migrate().await.unwrap();
    let server = Server::over(store, queue, Folder::new("api"), &[]).await;
    assert_eq!(server.stranger().get("/health").await.expect(200)["redis"], true);
    redis.kill();
    server.user.post("/v1/simulations", call()).await.expect(202);
    assert_eq!(server.rows().await, (1, 1));
    let started = Instant::now();
    let told = server.stranger().get("/health").await.expect(503);
    assert_eq!(
        (&told["redis"], &told["database"], &told["status"]),
        (&Value::Bool(false), &Value::Bool(true), &"unhealthy".into())
    );
    assert!(started.elapsed() < Duration::from_secs(5));
}

//! A database that goes away and comes back: calls say that they may be repeated, and the same store goes on.

use std::time::Duration;

use fermiac_fleet::store::{Store, StoreError, StoreSettings};
use fermiac_harness::{Durability, PostgresServer, await_until};

use crate::support::{LEASE, job};

const BACK: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn store_goes_on_after_its_database_was_killed() {
    let mut server = PostgresServer::start(Durability::Synced);
    let settings = StoreSettings { acquire_timeout: Duration::from_secs(1), ..StoreSettings::of("testing") };
    let store = Store::connect(&server.create_database(), &settings).await.unwrap();
    store.migrate().await.unwrap();
    let new = job();
    store.submit(std::slice::from_ref(&new)).await.unwrap();
    server.kill();
    let away = store.submit(&[job()]).await.unwrap_err();
    assert!(away.is_retryable(), "{away:?}");
    server.start_again();
    await_until("the database answers again", BACK, async || store.ping().await.is_ok()).await;
    assert_eq!(store.claim("worker", &[new.id], LEASE).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_connections_are_an_error_that_passes() {
    let server = PostgresServer::start(Durability::Unsynced);
    let url = server.create_database();
    let database = url.rsplit('/').next().unwrap();
    let store = Store::connect(&url, &StoreSettings::of("testing")).await.unwrap();
    store.migrate().await.unwrap();
    for _ in 0..20 {
        server.sql(
            "postgres",
            &format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{database}'"),
        );
        match store.submit(&[job()]).await {
            Ok(_) | Err(StoreError::Unavailable { .. }) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statement_that_takes_too_long_is_ended() {
    let url = PostgresServer::shared().create_database();
    let settings =
        StoreSettings { statement_timeout: Duration::from_millis(100), ..StoreSettings::of("testing") };
    let store = Store::connect(&url, &settings).await.unwrap();
    store.migrate().await.unwrap();
    let new = job();
    store.submit(std::slice::from_ref(&new)).await.unwrap();
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let mut holder = pool.begin().await.unwrap();
    sqlx::query("select id from jobs for update").execute(&mut *holder).await.unwrap();
    let late = store.claim("worker", &[new.id], LEASE).await.unwrap_err();
    assert!(late.is_retryable(), "{late:?}");
    holder.rollback().await.unwrap();
    assert_eq!(store.claim("worker", &[new.id], LEASE).await.unwrap().len(), 1);
}

/// Why a store cannot be opened, at this address.
async fn refusal(url: &str) -> StoreError {
    Store::connect(url, &StoreSettings::of("testing")).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_that_stays_shut_is_told_by_host_user_and_database_and_never_by_the_password() {
    let server = PostgresServer::start(Durability::Unsynced);
    let at = format!("127.0.0.1:{}", server.port());
    let missing = refusal(&format!("postgres://postgres@{at}/nowhere")).await;
    assert_eq!(missing.to_string(), format!("the server at {at} has no database 'nowhere'"));
    server.sql("postgres", "create role ada login password 'right'");
    server.sql(
        "postgres",
        &format!(
            "copy (select 'host all all 127.0.0.1/32 scram-sha-256') to '{}/pg_hba.conf'; select pg_reload_conf()",
            server.data().display()
        ),
    );
    let right = format!("postgres://ada:right@{at}/postgres");
    await_until("passwords count", BACK, async || {
        refusal(&right.replace("right", "wrong")).await.to_string().contains("password")
    })
    .await;
    let wrong = refusal(&right.replace("right", "not-it")).await;
    let words = format!("the database at {at} refuses the user 'ada' with this password");
    assert_eq!(wrong.to_string(), words);
    assert_eq!(wrong.naming("DATABASE_URL").to_string(), format!("{words}: correct DATABASE_URL"));
    Store::connect(&right, &StoreSettings::of("testing")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_has_no_address_or_does_not_answer_is_named() {
    let nowhere = refusal("postgres://ada@no-such-host.invalid/fermiac").await;
    assert!(nowhere.to_string().contains("its host 'no-such-host.invalid' cannot be found"), "{nowhere}");
    assert!(nowhere.is_retryable());
    let port = fermiac_harness::free_port();
    let settings = StoreSettings { acquire_timeout: Duration::from_secs(1), ..StoreSettings::of("testing") };
    let silent = Store::connect(&format!("postgres://ada@127.0.0.1:{port}/fermiac"), &settings).await;
    let silent = silent.unwrap_err();
    assert!(
        silent.to_string().contains(&format!("nobody answered at 127.0.0.1:{port} within 1 s")),
        "{silent}"
    );
}

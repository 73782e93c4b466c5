//! What the store promises of its schema: it is the one that the program knows, and it holds the state machine.

use fermiac_fleet::store::{MigrationStatus, Store, StoreError, StoreSettings};

use crate::support::{Bench, Home, LEASE, job};

on_all!(migrating_twice_changes_nothing,);

async fn migrating_twice_changes_nothing(bench: Bench) {
    assert_eq!(bench.store.migrate().await.unwrap(), []);
    let states = bench.store.migration_state().await.unwrap();
    assert!(states.iter().all(|state| matches!(state.status, MigrationStatus::Applied { .. })));
    bench.store.check_schema().await.unwrap();
    bench.store.ping().await.unwrap();
    assert!(bench.store.pool_gauges().open >= 1);
}

#[tokio::test]
async fn database_without_a_schema_is_refused() {
    for home in [Home::Postgres, Home::Sqlite] {
        let bench = Bench::empty_on(home).await;
        let refused = bench.store.check_schema().await.unwrap_err();
        assert!(matches!(refused, StoreError::Schema { .. }), "{refused:?}");
        assert!(refused.to_string().contains("fermiac migrate"), "{refused}");
    }
}

#[tokio::test]
async fn database_of_another_environment_is_refused() {
    let bench = Bench::on(Home::Postgres).await;
    let production = StoreSettings { environment: "production".to_owned(), ..bench.settings.clone() };
    let stranger = Store::connect(&bench.url, &production).await.unwrap();
    for refused in [stranger.check_schema().await, stranger.migrate().await.map(drop)] {
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("testing") && refused.contains("production"), "{refused}");
    }
}

#[tokio::test]
async fn newer_and_altered_schemas_are_refused() {
    let server = fermiac_harness::PostgresServer::shared();
    for (statement, words) in [
        ("insert into migrations values (99, 'later', '', now())", "newer"),
        ("update migrations set hash = 'other' where version = 2", "another text"),
    ] {
        let bench = Bench::on(Home::Postgres).await;
        let database = bench.url.rsplit('/').next().unwrap();
        server.sql(database, statement);
        let refused = bench.store.check_schema().await.unwrap_err().to_string();
        assert!(refused.contains(words), "{refused}");
    }
}

#[tokio::test]
async fn constraints_hold_the_state_machine() {
    let bench = Bench::on(Home::Postgres).await;
    bench.store.submit(&[job()]).await.unwrap();
    let pool = sqlx::PgPool::connect(&bench.url).await.unwrap();
    for statement in [
        "update jobs set state = 'running'",
        "update jobs set state = 'waiting'",
        "update jobs set state = 'succeeded'",
        "update jobs set state = 'failed', finished_at = now()",
        "update jobs set result = ''",
        "update jobs set cancel_requested = true",
        "update jobs set attempt = 4, epoch = 4",
        "update jobs set alone = true",
        "update jobs set alone = true, attempt = 2, epoch = 2, state = 'scheduled'",
        "update jobs set state = 'asleep'",
    ] {
        let refused = sqlx::query(statement).execute(&pool).await.unwrap_err();
        assert!(refused.to_string().contains("constraint"), "{statement}: {refused}");
    }
}

#[tokio::test]
async fn sqlite_file_holds_what_was_committed() {
    let folder = fermiac_harness::Folder::new("sqlite");
    let url = format!("sqlite:{}", folder.path().join("fermiac.db").display());
    let new = job();
    let store = Store::connect(&url, &StoreSettings::of("testing")).await.unwrap();
    store.migrate().await.unwrap();
    store.submit(std::slice::from_ref(&new)).await.unwrap();
    store.close().await;
    let store = Store::connect(&url, &StoreSettings::of("testing")).await.unwrap();
    assert_eq!(store.claim("worker", &[new.id], LEASE).await.unwrap().len(), 1);
}

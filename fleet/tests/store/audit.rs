//! What the store promises of the audit trail: who did what stands there, and nobody alters it unseen.

use fermiac_fleet::audit::{Act, Action, Broken, Head, Verifier};
use fermiac_fleet::ids::WorkbookId;
use fermiac_fleet::job::NewJob;
use fermiac_fleet::store::{NewWorkbook, Store, Viewer};
use sqlx::{Connection, PgConnection, SqliteConnection, raw_sql};

use crate::support::{Bench, Home, job, simulation};

on_all!(
    acts_are_noted_with_who_did_them,
    what_did_not_happen_is_not_noted,
    entries_are_sealed_once_in_their_order,
    entry_is_cut_and_cleaned_before_it_is_written,
);

async fn entries(store: &Store) -> Vec<(String, String)> {
    let mut entries = store.audit_entries(None, 1000).await.unwrap();
    entries.reverse();
    entries.into_iter().map(|entry| (entry.actor, entry.action)).collect()
}

async fn verified(store: &Store, noted: Option<Head>) -> Result<Head, Broken> {
    let mut verifier = Verifier::awaiting(noted);
    loop {
        // A small page, so that there are several.
        let links = store.audit_links(verifier.head().number, 3).await.unwrap();
        links.iter().try_for_each(|link| verifier.take(link))?;
        if links.is_empty() {
            return verifier.end();
        }
    }
}

async fn acts_are_noted_with_who_did_them(bench: Bench) {
    let owner = bench.user("ada").await;
    let theirs = bench.store.acting_as("user:ada");
    let workbook = NewWorkbook {
        id: WorkbookId::new(),
        owner,
        name: "plan.xlsx".to_owned(),
        hash: "0".repeat(64),
        bytes: 1,
        cells: 1,
        formulas: 0,
    };
    theirs.add_workbook(&workbook).await.unwrap();
    theirs.delete_workbook(Viewer::Owner(owner), workbook.id).await.unwrap();
    let mut jobs: Vec<NewJob> = vec![job()];
    let submitted = simulation(owner, &mut jobs);
    theirs.submit_simulation(&submitted, &jobs).await.unwrap();
    bench
        .store
        .acting_as("operator:root@host")
        .cancel_simulation(Viewer::Operator, submitted.id)
        .await
        .unwrap();
    bench.store.revoke_user(owner).await.unwrap();
    let expected = [
        ("fermiac", "schema.migrated"),
        ("fermiac", "user.added"),
        ("user:ada", "workbook.uploaded"),
        ("user:ada", "workbook.deleted"),
        ("user:ada", "simulation.submitted"),
        ("operator:root@host", "simulation.cancelled"),
        ("fermiac", "user.revoked"),
    ];
    assert_eq!(
        entries(&bench.store).await,
        expected.map(|(actor, action)| (actor.to_owned(), action.to_owned()))
    );
    let one = bench.store.audit_entries(Some("simulation.submitted"), 10).await.unwrap();
    assert_eq!(
        (one.len(), &one[0].subject, one[0].at),
        (1, &submitted.id.to_string(), crate::support::noon())
    );
}

async fn what_did_not_happen_is_not_noted(bench: Bench) {
    let owner = bench.user("ada").await;
    let before = entries(&bench.store).await;
    bench.store.add_user("ada", false).await.unwrap_err();
    bench.store.delete_workbook(Viewer::Owner(owner), WorkbookId::new()).await.unwrap_err();
    bench.store.retry(job().id).await.unwrap_err();
    let mut jobs: Vec<NewJob> = vec![job()];
    let submitted = simulation(owner, &mut jobs);
    bench.store.submit_simulation(&submitted, &[]).await.unwrap_err();
    assert_eq!(entries(&bench.store).await, before);
}

async fn entries_are_sealed_once_in_their_order(bench: Bench) {
    for number in 0..7 {
        bench.store.note(Act::on(Action::RoleStarted, number)).await.unwrap();
    }
    let (first, _) = bench.store.seal_audit(5).await.unwrap();
    let (second, head) = bench.store.seal_audit(5).await.unwrap();
    // The migrations were noted too.
    assert_eq!((first, second, head.number), (5, 3, 8));
    assert_eq!(bench.store.seal_audit(5).await.unwrap(), (0, head));
    let links = bench.store.audit_links(1, 100).await.unwrap();
    let subjects: Vec<&str> = links.iter().map(|link| link.entry.subject.as_str()).collect();
    assert_eq!(subjects, ["0", "1", "2", "3", "4", "5", "6"]);
    assert_eq!(verified(&bench.store, Some(head)).await, Ok(head));
    let counts = bench.store.audit_counts().await.unwrap();
    assert_eq!((counts.entries, counts.sealed, counts.unsealed), (8, 8, 0));
}

async fn entry_is_cut_and_cleaned_before_it_is_written(bench: Bench) {
    let long = format!("a\0{}", "é".repeat(5000));
    bench.store.note(Act::on(Action::BackupFailed, "label").saying(&long)).await.unwrap();
    let (_, head) = bench.store.seal_audit(10).await.unwrap();
    let entry = &bench.store.audit_entries(None, 1).await.unwrap()[0];
    assert!(entry.detail.starts_with("a\u{fffd}é") && entry.detail.len() <= 4100);
    assert_eq!(verified(&bench.store, None).await, Ok(head));
}

/// Statements that would hide something.
const HIDE: [&str; 4] = [
    "update audit set actor = 'nobody'",
    "delete from audit",
    "update audit_chain set number = number + 1",
    "delete from audit_chain",
];

#[tokio::test]
async fn the_trail_only_grows_on_postgres_and_whoever_forces_it_is_seen() {
    let bench = Bench::on(Home::Postgres).await;
    for number in 0..5 {
        bench.store.note(Act::on(Action::RoleStarted, number)).await.unwrap();
    }
    let (_, head) = bench.store.seal_audit(10).await.unwrap();
    let mut connection = PgConnection::connect(&bench.url).await.unwrap();
    for statement in HIDE.into_iter().chain(["truncate audit, audit_chain, audit_unsealed"]) {
        let refused = raw_sql(statement).execute(&mut connection).await.unwrap_err().to_string();
        assert!(refused.contains("only grows"), "{statement}: {refused}");
    }
    // Who owns the database can switch triggers off.
    let forced =
        "set session_replication_role = replica; update audit set actor = 'nobody' where subject = '2'";
    raw_sql(forced).execute(&mut connection).await.unwrap();
    let Err(Broken::Altered { number, actor, .. }) = verified(&bench.store, None).await else {
        panic!("it went unseen")
    };
    assert_eq!((number, actor.as_str()), (4, "nobody"));
    // And can take the last ones away, which only a head that was noted shows.
    let cut =
        "update audit set actor = 'fermiac' where subject = '2'; delete from audit_chain where number > 4";
    raw_sql(cut).execute(&mut connection).await.unwrap();
    assert_eq!(verified(&bench.store, None).await.map(|head| head.number), Ok(4));
    assert_eq!(verified(&bench.store, Some(head)).await, Err(Broken::OtherChain(head)));
    let counts = bench.store.audit_counts().await.unwrap();
    assert_eq!((counts.entries, counts.sealed, counts.unsealed), (6, 4, 0));
}

#[tokio::test]
async fn the_trail_only_grows_on_sqlite() {
    let folder = fermiac_harness::Folder::new("audit");
    let url = format!("sqlite:{}", folder.path().join("database").display());
    let store = Store::connect(&url, &fermiac_fleet::store::StoreSettings::of("testing")).await.unwrap();
    store.migrate().await.unwrap();
    store.seal_audit(10).await.unwrap();
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    for statement in HIDE {
        let refused = raw_sql(statement).execute(&mut connection).await.unwrap_err().to_string();
        assert!(refused.contains("only grows"), "{statement}: {refused}");
    }
}

//! The read-only switch, turned while the platform's own work is under way.

use std::time::Duration;

use fermiac_fleet::ids::JobId;
use fermiac_fleet::job::{Kind, Label, NewJob, Priority, Start};
use fermiac_fleet::store::{Store, StoreSettings};
use fermiac_harness::PostgresServer;
use tokio::runtime::Runtime;

use crate::fleet::Fleet;
use crate::load::kinds;
use crate::workers_killed::SEEN;

#[test]
fn cleanup_that_meets_a_read_only_service_waits_and_is_done_afterwards() {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let _worker = fleet.worker_with(&["FERMIAC_WORKER_LABELS=cpu,maintenance"]);
    fleet.client.submit(&kinds()[0].request, "old");
    fleet.await_all_ended();
    fleet.database.execute(
        "update jobs set created_at = created_at - interval '60 days', ready_at = ready_at - interval '60 days',
             started_at = started_at - interval '60 days', finished_at = finished_at - interval '60 days'",
    );
    // Before it deletes anything it looks through this table.
    let held = fleet.database.hold("lock table workbooks in access exclusive mode");
    let cleanup = submit_cleanup(&fleet);
    let is = |what: &str| format!("select count(*) = 1 from jobs where id = '{}' and {what}", cleanup.0);
    fleet.database.wait_until("the cleanup runs", SEEN, &is("state = 'running'"));
    fleet.fermiac(&["read-only", "on", "--reason", "moving house"]);
    held.release();
    fleet.database.wait_until("it is handed back", SEEN, &is("state = 'ready' and attempt = 0"));
    assert_eq!(fleet.database.count("select count(*) from simulations"), 1);
    fleet.fermiac(&["read-only", "off"]);
    fleet.database.wait_until("it is done", SEEN, &is("state = 'succeeded' and attempt = 1"));
    assert_eq!(fleet.database.count("select count(*) from simulations"), 0);
}

fn submit_cleanup(fleet: &Fleet) -> JobId {
    let job = NewJob {
        id: JobId::new(),
        kind: Kind::Retention,
        label: Label::Maintenance,
        priority: Priority::Normal,
        owner: None,
        simulation: None,
        parent: None,
        payload: br#"{ "results_days": 30 }"#.to_vec(),
        start: Start::Now,
        max_attempts: 3,
        timeout: Duration::from_secs(60),
        idempotency_key: None,
        trace_context: None,
    };
    let url = fleet.database.url_through(PostgresServer::shared().port());
    let submitting = async {
        let store = Store::connect(&url, &StoreSettings::of("testing")).await.expect("the database answers");
        store.submit(std::slice::from_ref(&job)).await.expect("a job like others");
        store.close().await;
    };
    // The relay rings for it.
    Runtime::new().expect("a runtime starts").block_on(submitting);
    job.id
}

//! What the store promises of users, workers and who leads.

use std::time::Duration;

use fermiac_fleet::ids::{SimulationId, UserId};
use fermiac_fleet::job::{Kind, Label, NewJob};
use fermiac_fleet::store::{NewSimulation, StoreError, Viewer, WorkerBeat};

use crate::support::{Bench, LEASE, job};

on_all!(
    key_opens_until_it_is_revoked,
    office_is_held_for_a_term,
    office_is_taken_from_before_the_clock_was_set_back,
    silent_worker_is_forgotten,
    what_synthetic_users_submit_is_told_apart_and_swept_away,
);

async fn key_opens_until_it_is_revoked(bench: Bench) {
    let added = bench.store.add_user("ada", true).await.unwrap();
    assert_eq!((added.key.len(), &added.key[..4]), (68, "fmc_"));
    assert_eq!(bench.store.user_by_key(&added.key).await.unwrap().as_ref(), Some(&added.user));
    assert_eq!(bench.store.user_by_key("fmc_0").await.unwrap(), None);
    assert!(matches!(bench.store.add_user("ada", false).await, Err(StoreError::Conflict { .. })));
    assert!(matches!(bench.store.add_user("  ", false).await, Err(StoreError::Refused { .. })));
    bench.store.revoke_user(added.user.id).await.unwrap();
    assert_eq!(bench.store.user_by_key(&added.key).await.unwrap(), None);
    bench.store.add_user("ada", false).await.unwrap();
    assert_eq!(bench.store.users().await.unwrap().len(), 2);
}

async fn office_is_held_for_a_term(bench: Bench) {
    let lead = |holder| bench.store.lead("scheduler", holder, LEASE);
    let first = lead("a").await.unwrap();
    assert_eq!((first.leading, first.term), (true, 1));
    assert!(!lead("b").await.unwrap().leading);
    assert_eq!(lead("a").await.unwrap(), first);
    bench.clock.advance(LEASE);
    let second = lead("b").await.unwrap();
    assert_eq!((second.leading, second.term), (true, 2));
    assert!(!lead("a").await.unwrap().leading);
    bench.store.resign("scheduler", "a").await.unwrap();
    assert!(!lead("a").await.unwrap().leading);
    bench.store.resign("scheduler", "b").await.unwrap();
    assert_eq!(lead("a").await.unwrap().term, 3);
}

async fn office_is_taken_from_before_the_clock_was_set_back(bench: Bench) {
    let lead = |holder| bench.store.lead("scheduler", holder, LEASE);
    assert!(lead("a").await.unwrap().leading);
    bench.clock.set(bench.clock.now() - LEASE);
    assert!(!lead("b").await.unwrap().leading, "it is waited for so long at most");
    bench.clock.set(bench.clock.now() - Duration::from_secs(3600));
    let second = lead("b").await.unwrap();
    assert_eq!((second.leading, second.term), (true, 2));
    assert!(!lead("a").await.unwrap().leading);
}

async fn silent_worker_is_forgotten(bench: Bench) {
    let beat = WorkerBeat {
        id: "host-1".to_owned(),
        labels: vec![Label::Cpu, Label::Gpu],
        slots: 2,
        version: "0.1.0".to_owned(),
        device: "cpu".to_owned(),
    };
    bench.store.heartbeat(&beat).await.unwrap();
    bench.clock.advance(LEASE);
    bench.store.heartbeat(&WorkerBeat { id: "host-2".to_owned(), ..beat.clone() }).await.unwrap();
    let all = bench.store.workers(LEASE).await.unwrap();
    assert_eq!((all.len(), &all[0].beat), (2, &beat));
    assert_eq!(bench.store.workers(LEASE / 2).await.unwrap().len(), 1);
    assert_eq!(bench.store.forget_dead(LEASE / 2).await.unwrap(), ["host-1"]);
    bench.store.forget_worker("host-2").await.unwrap();
    assert!(bench.store.workers(LEASE).await.unwrap().is_empty());
}

async fn what_synthetic_users_submit_is_told_apart_and_swept_away(bench: Bench) {
    const HOUR: Duration = Duration::from_secs(3600);
    let synthetic = bench.store.add_synthetic_user("smoke").await.unwrap();
    assert!(synthetic.user.synthetic && !synthetic.user.operator);
    assert_eq!(bench.store.user_by_key(&synthetic.key).await.unwrap(), Some(synthetic.user.clone()));
    let (synthetic, real) = (synthetic.user.id, bench.user("ada").await);
    let left_behind = submit(&bench, synthetic).await;
    bench.clock.advance(HOUR + Duration::from_secs(1));
    let (ours, theirs) = (submit(&bench, synthetic).await, submit(&bench, real).await);
    let later = submit(&bench, synthetic).await;
    let told = [bench.claim(ours.root).await.synthetic, bench.claim(theirs.root).await.synthetic];
    assert_eq!(told, [true, false]);
    let platform = job();
    bench.store.submit(std::slice::from_ref(&platform)).await.unwrap();
    assert!(!bench.claim(platform.id).await.synthetic);
    assert_eq!(bench.store.sweep_synthetic(theirs.id, HOUR).await.unwrap(), 1, "what was left behind");
    assert_eq!(bench.store.sweep_synthetic(ours.id, HOUR).await.unwrap(), 1);
    for (gone, is_gone) in [(&left_behind, true), (&ours, true), (&theirs, false), (&later, false)] {
        assert_eq!(bench.store.simulation(Viewer::Operator, gone.id).await.is_err(), is_gone);
        assert_eq!(bench.store.job(gone.root).await.is_err(), is_gone);
    }
}

async fn submit(bench: &Bench, owner: UserId) -> NewSimulation {
    let id = SimulationId::new();
    let root = NewJob { kind: Kind::Simulate, owner: Some(owner), simulation: Some(id), ..job() };
    let simulation = NewSimulation {
        id,
        owner,
        workbook: None,
        idempotency_key: None,
        request: b"{}".to_vec(),
        trials: 1,
        root: root.id,
    };
    bench.store.submit_simulation(&simulation, &[root]).await.unwrap();
    simulation
}

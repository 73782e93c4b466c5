//! What the store promises of users, workers and who leads.

use fermiac_fleet::job::Label;
use fermiac_fleet::store::{StoreError, WorkerBeat};

use crate::support::{Bench, LEASE};

on_all!(key_opens_until_it_is_revoked, office_is_held_for_a_term, silent_worker_is_forgotten,);

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

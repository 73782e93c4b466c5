//! What the store promises of simulations, and of the workbooks and blobs that they need.

use fermiac_fleet::delivery::{Held, Outcome, Produced};
use fermiac_fleet::ids::{SimulationId, WorkbookId};
use fermiac_fleet::simulation::{part_key, result_key};
use fermiac_fleet::store::{
    NewWorkbook, Renewal, SimulationFilter, SimulationState, StoreError, SubmittedSimulation, Viewer,
};

use crate::support::{Bench, LEASE, completed, family, job, simulation};

on_all!(
    simulation_stands_as_its_jobs_do,
    repeated_simulation_is_the_one_that_is_there,
    simulation_is_seen_by_its_owner_and_operators,
    workbook_in_use_is_not_deleted,
    blob_is_needed_while_a_row_points_to_it,
);

async fn simulation_stands_as_its_jobs_do(bench: Bench) {
    let owner = bench.user("ada").await;
    let mut jobs = family(2);
    let new = simulation(owner, &mut jobs);
    let submitted = bench.store.submit_simulation(&new, &jobs).await.unwrap();
    assert!(matches!(submitted, SubmittedSimulation::New { bells } if bells.len() == 2));
    let viewer = Viewer::Owner(owner);
    let bench = &bench;
    let look = || async { bench.store.simulation(viewer, new.id).await.unwrap() };
    assert_eq!(look().await.state, SimulationState::Queued);
    let delivery = bench.claim(jobs[1].id).await;
    bench.store.renew(&[Renewal { held: delivery.held(), progress: Some(300) }], LEASE).await.unwrap();
    assert_eq!((look().await.state, look().await.trials_done), (SimulationState::Running, 300));
    let produced = Produced { progress: Some(500), ..Produced::default() };
    bench.store.settle(vec![delivery.settle(Outcome::Completed(produced))]).await.unwrap();
    assert_eq!(look().await.trials_done, 500);
    let listed = |state| SimulationFilter { viewer, state: Some(state), after: None, limit: 10 };
    let of = |state| async move { bench.store.simulations(listed(state)).await.unwrap().len() };
    assert_eq!((of(SimulationState::Running).await, of(SimulationState::Queued).await), (1, 0));
}

async fn repeated_simulation_is_the_one_that_is_there(bench: Bench) {
    let owner = bench.user("ada").await;
    let mut jobs = vec![job()];
    let mut first = simulation(owner, &mut jobs);
    first.idempotency_key = Some("key".to_owned());
    bench.store.submit_simulation(&first, &jobs).await.unwrap();
    let mut jobs = vec![job()];
    let mut second = simulation(owner, &mut jobs);
    second.idempotency_key = Some("key".to_owned());
    let known = bench.store.submit_simulation(&second, &jobs).await.unwrap();
    assert_eq!(known, SubmittedSimulation::Known { id: first.id });
    second.request = b"another".to_vec();
    let conflict = bench.store.submit_simulation(&second, &jobs).await;
    assert!(matches!(conflict, Err(StoreError::Conflict { .. })), "{conflict:?}");
    assert!(matches!(bench.store.job(jobs[0].id).await, Err(StoreError::NotFound { .. })));
}

async fn simulation_is_seen_by_its_owner_and_operators(bench: Bench) {
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    let mut jobs = vec![job()];
    let new = simulation(ada, &mut jobs);
    bench.store.submit_simulation(&new, &jobs).await.unwrap();
    let page = |viewer| SimulationFilter { viewer, state: None, after: None, limit: 10 };
    assert_eq!(bench.store.simulation_request(new.id).await.unwrap(), new.request);
    for (viewer, sees) in [(Viewer::Owner(ada), true), (Viewer::Operator, true), (Viewer::Owner(bob), false)]
    {
        assert_eq!(bench.store.simulation(viewer, new.id).await.is_ok(), sees);
        assert_eq!(bench.store.simulations(page(viewer)).await.unwrap().len(), usize::from(sees));
    }
    let cancelled = bench.store.cancel_simulation(Viewer::Owner(bob), new.id).await;
    assert!(matches!(cancelled, Err(StoreError::NotFound { what: "simulation" })));
    let early = bench.store.simulation_result(Viewer::Owner(ada), new.id).await;
    assert!(matches!(early, Err(StoreError::Conflict { .. })));
    bench.run(jobs[0].id, completed()).await;
    let result = bench.store.simulation_result(Viewer::Owner(ada), new.id).await.unwrap();
    assert_eq!(result.result.as_deref(), Some(&b"result"[..]));
    let done = bench.store.simulation(Viewer::Owner(ada), new.id).await.unwrap();
    assert_eq!((done.state, done.trials_done), (SimulationState::Succeeded, 1_000));
    let late = bench.store.cancel_simulation(Viewer::Owner(ada), new.id).await;
    assert!(matches!(late, Err(StoreError::Conflict { .. })));
}

async fn workbook_in_use_is_not_deleted(bench: Bench) {
    let owner = bench.user("ada").await;
    let viewer = Viewer::Owner(owner);
    let hash = "ab".repeat(32);
    let workbook = NewWorkbook {
        id: WorkbookId::new(),
        owner,
        name: "model.xlsx".to_owned(),
        hash: hash.clone(),
        bytes: 5,
        cells: 4,
        formulas: 3,
    };
    bench.store.add_workbook(&workbook).await.unwrap();
    assert_eq!(bench.store.workbook(viewer, workbook.id).await.unwrap().added, workbook);
    assert_eq!(bench.store.workbooks(viewer, None, 10).await.unwrap().len(), 1);
    let mut jobs = vec![job()];
    let mut new = simulation(owner, &mut jobs);
    new.workbook = Some(workbook.id);
    bench.store.submit_simulation(&new, &jobs).await.unwrap();
    let refused = bench.store.delete_workbook(viewer, workbook.id).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })));
    let in_use = bench.store.hashes_in_use(&[hash.clone(), "cd".repeat(32)]).await.unwrap();
    assert_eq!(in_use, [true, false]);
    bench.run(jobs[0].id, completed()).await;
    let bob = Viewer::Owner(bench.user("bob").await);
    assert!(matches!(bench.store.delete_workbook(bob, workbook.id).await, Err(StoreError::NotFound { .. })));
    bench.store.delete_workbook(viewer, workbook.id).await.unwrap();
    assert_eq!(bench.store.simulation(viewer, new.id).await.unwrap().workbook, None);
    assert_eq!(bench.store.hashes_in_use(&[hash]).await.unwrap(), [false]);
}

async fn blob_is_needed_while_a_row_points_to_it(bench: Bench) {
    let jobs = family(1);
    bench.store.submit(&jobs).await.unwrap();
    let needed = |key: String| async { bench.store.referenced(&[key]).await.unwrap()[0] };
    let simulation = SimulationId::new();
    let part = part_key(simulation, Held { job: jobs[1].id, epoch: 1 });
    let result = result_key(simulation, Held { job: jobs[0].id, epoch: 1 });
    assert!(!needed(part.clone()).await);
    let delivery = bench.claim(jobs[1].id).await;
    assert!(needed(part.clone()).await, "its job is writing it");
    let produced = Produced { result_key: Some(part.clone()), ..Produced::default() };
    bench.store.settle(vec![delivery.settle(Outcome::Completed(produced))]).await.unwrap();
    assert!(needed(part.clone()).await, "the parent will read it");
    let produced = Produced { result_key: Some(result.clone()), ..Produced::default() };
    bench.run(jobs[0].id, Outcome::Completed(produced)).await;
    assert!(!needed(part).await && needed(result.clone()).await);
    assert!(!needed(result.replace("-1.json", "-2.json")).await);
    assert!(!needed(format!("uploads/{simulation}")).await, "no row ever names one");
    assert!(needed("of/somebody/else".to_owned()).await);
}

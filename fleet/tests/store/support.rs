//! Stores for tests, and jobs for them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use fermiac_fleet::delivery::{Delivery, Outcome, Produced, Retry, Settlement};
use fermiac_fleet::ids::{JobId, SimulationId, UserId};
use fermiac_fleet::job::{Kind, Label, NewJob, Priority, Start, State};
use fermiac_fleet::store::{ManualClock, NewSimulation, Store, StoreClock, StoreSettings};
use fermiac_harness::PostgresServer;

use crate::pgbouncer;

/// How long the leases of these tests are.
pub const LEASE: Duration = Duration::from_secs(10);

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// Postgres.
    Postgres,
    /// SQLite.
    Sqlite,
    /// Postgres, through PgBouncer in transaction mode.
    PgBouncer,
}

/// An empty store whose clock is moved by hand.
pub struct Bench {
    /// The store.
    pub store: Store,
    /// Its clock.
    pub clock: ManualClock,
    /// Where it is.
    pub url: String,
    /// How it is spoken to.
    pub settings: StoreSettings,
}

impl Bench {
    /// A migrated store.
    pub async fn on(home: Home) -> Self {
        let bench = Self::empty_on(home).await;
        bench.store.migrate().await.unwrap();
        bench
    }

    /// A store without a schema.
    pub async fn empty_on(home: Home) -> Self {
        let url = match home {
            Home::Postgres => PostgresServer::shared().create_database(),
            Home::Sqlite => "sqlite::memory:".to_owned(),
            Home::PgBouncer => pgbouncer::create_database(),
        };
        let clock = ManualClock::at(noon());
        let settings = StoreSettings { pooled_by_pgbouncer: home == Home::PgBouncer, ..settings(&clock) };
        let store = Store::connect(&url, &settings).await.unwrap();
        Bench { store, clock, url, settings }
    }

    /// Claims one job, which must be ready.
    pub async fn claim(&self, job: JobId) -> Delivery {
        let mut deliveries = self.store.claim("worker", &[job], LEASE).await.unwrap();
        assert_eq!(deliveries.len(), 1, "{job} is not ready");
        deliveries.pop().unwrap()
    }

    /// Claims one job and ends it so.
    pub async fn run(&self, job: JobId, outcome: Outcome) {
        let delivery = self.claim(job).await;
        let settled = self.store.settle(vec![delivery.settle(outcome)]).await.unwrap();
        assert_eq!(settled.written.len(), 1);
    }

    /// Where a job stands.
    pub async fn state(&self, job: JobId) -> State {
        self.store.job(job).await.unwrap().state
    }

    /// A user of this name.
    pub async fn user(&self, name: &str) -> UserId {
        self.store.add_user(name, false).await.unwrap().user.id
    }
}

/// Settings of the environment `testing`, with a clock moved by hand.
pub fn settings(clock: &ManualClock) -> StoreSettings {
    StoreSettings { clock: StoreClock::Manual(clock.clone()), ..StoreSettings::of("testing") }
}

/// Some instant.
pub fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// A job that is ready at once and tried three times.
pub fn job() -> NewJob {
    NewJob {
        id: JobId::new(),
        kind: Kind::Probe,
        label: Label::Cpu,
        priority: Priority::Normal,
        owner: None,
        simulation: None,
        parent: None,
        payload: b"payload".to_vec(),
        start: Start::Now,
        max_attempts: 3,
        timeout: Duration::from_secs(60),
        idempotency_key: None,
        trace_context: None,
    }
}

/// A parent, first, and its children.
pub fn family(children: u32) -> Vec<NewJob> {
    let parent = NewJob { kind: Kind::Combine, start: Start::AfterChildren(children), ..job() };
    let child = |_| NewJob { kind: Kind::Slice, parent: Some(parent.id), ..job() };
    let children: Vec<NewJob> = (0..children).map(child).collect();
    [parent].into_iter().chain(children).collect()
}

/// A simulation of these jobs, whose root is the first.
pub fn simulation(owner: UserId, jobs: &mut [NewJob]) -> NewSimulation {
    let simulation = NewSimulation {
        id: SimulationId::new(),
        owner,
        workbook: None,
        idempotency_key: None,
        request: b"request".to_vec(),
        trials: 1_000,
        root: jobs[0].id,
    };
    for job in jobs {
        job.simulation = Some(simulation.id);
        job.owner = Some(owner);
    }
    simulation
}

/// It is done.
pub fn completed() -> Outcome {
    Outcome::Completed(Produced { result: Some(b"result".to_vec()), ..Produced::default() })
}

/// It failed.
pub fn failed(retry: Retry) -> Outcome {
    Outcome::Failed { error: "no".to_owned(), retry }
}

/// A copy of a settlement: what a worker that lost its lease would send.
pub fn again(settlement: &Settlement) -> Settlement {
    Settlement { held: settlement.held, outcome: settlement.outcome.clone() }
}

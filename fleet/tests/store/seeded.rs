//! Simulated workers, users and duties do what they may in a random order, while clocks jump and workers die. After
//! each step the rows are compared with those before it. `FERMIAC_SEEDS=n` runs more; `FERMIAC_SEED=n` runs one again.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::time::Duration;

use fermiac_fleet::delivery::{Delivery, Outcome, Retry, Settlement};
use fermiac_fleet::ids::JobId;
use fermiac_fleet::job::{Bell, Job, Label, NewJob, Priority, Start, State};
use fermiac_fleet::store::{JobFilter, LeaseState, Renewal};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::{Bench, Home, LEASE, again, completed, failed, family, job};

const SEEDS: u64 = 2_000;
const STEPS: u32 = 60;

/// So many seeds are lived through at once.
const LANES: u64 = 4;

#[tokio::test(flavor = "multi_thread")]
async fn invariants_hold_whatever_happens() {
    let number = |name| env::var(name).ok().map(|text: String| text.parse::<u64>().expect("a number"));
    let seeds = match number("FERMIAC_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("FERMIAC_SEEDS").unwrap_or(SEEDS),
    };
    let mut lanes = JoinSet::new();
    for lane in 0..LANES {
        let seeds = seeds.clone().filter(move |seed| seed % LANES == lane);
        lanes.spawn(async move {
            for seed in seeds {
                let named = Named { seed, failed: true };
                World::new(seed).await.live().await;
                named.passes();
            }
        });
    }
    while let Some(lane) = lanes.join_next().await {
        lane.unwrap();
    }
}

/// Says which seed failed when a panic unwinds past it.
struct Named {
    seed: u64,
    failed: bool,
}

impl Named {
    fn passes(mut self) {
        self.failed = false;
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        if self.failed {
            eprintln!("the seed that failed: FERMIAC_SEED={}", self.seed);
        }
    }
}

struct World {
    bench: Bench,
    chance: Chance,
    /// Deliveries in workers' hands, some of them zombies.
    held: Vec<Delivery>,
    /// Of each job that is to run alone, the epoch under which it last began so.
    begun: BTreeMap<JobId, i64>,
    /// Settlements that were sent, to be sent again.
    sent: Vec<Settlement>,
    epochs: BTreeMap<JobId, i64>,
    rows: BTreeMap<JobId, Job>,
    succeeded: BTreeSet<JobId>,
    step: String,
}

impl World {
    async fn new(seed: u64) -> Self {
        World {
            bench: Bench::on(Home::Sqlite).await,
            chance: Chance(seed),
            held: Vec::new(),
            begun: BTreeMap::new(),
            sent: Vec::new(),
            epochs: BTreeMap::new(),
            rows: BTreeMap::new(),
            succeeded: BTreeSet::new(),
            step: String::new(),
        }
    }

    async fn live(&mut self) {
        for _ in 0..STEPS {
            let bells = self.take_step().await;
            self.compare(&bells).await;
        }
        self.finish().await;
    }

    async fn take_step(&mut self) -> Vec<Bell> {
        match self.chance.below(22) {
            0 | 1 => self.submit().await,
            2..=6 => self.claim().await,
            7..=11 => self.settle().await,
            12 => self.renew().await,
            13 => self.release().await,
            14 => self.cancel().await,
            15 => self.retry().await,
            16 => self.rescue().await,
            17 => self.promote().await,
            18 => self.jump().await,
            19 | 20 => self.begin_alone().await,
            _ => self.die().await,
        }
    }

    async fn submit(&mut self) -> Vec<Bell> {
        self.step = "submit".to_owned();
        let mut jobs = match self.chance.below(3) {
            0 => family(self.chance.below(4) as u32),
            1 => vec![NewJob { start: Start::At(self.bench.clock.now() + LEASE), ..job() }],
            _ => vec![job()],
        };
        // The same seed gives the same names, and so the same order and the same back-off.
        let mut renamed = BTreeMap::new();
        for job in &mut jobs {
            let name = JobId(Uuid::from_u64_pair(self.chance.next(), self.chance.next()));
            renamed.insert(job.id, name);
            job.id = name;
            job.max_attempts = 1 + self.chance.below(3) as u16;
        }
        for job in &mut jobs {
            job.parent = job.parent.map(|parent| renamed[&parent]);
        }
        self.bench.store.submit(&jobs).await.unwrap().bells
    }

    async fn claim(&mut self) -> Vec<Bell> {
        let jobs = self.some_jobs(4);
        self.step = format!("claim {jobs:?}");
        let deliveries = self.bench.store.claim("worker", &jobs, LEASE).await.unwrap();
        for delivery in deliveries {
            let last = self.epochs.insert(delivery.job, delivery.epoch).unwrap_or(0);
            assert!(delivery.epoch > last, "{} under epoch {} after {last}", delivery.job, delivery.epoch);
            assert!((1..=delivery.max_attempts).contains(&delivery.attempt), "{delivery:?}");
            let children = self.rows.values().filter(|row| row.parent == Some(delivery.job));
            let unfinished = children.filter(|child| child.state != State::Succeeded).count();
            assert_eq!(unfinished, 0, "{} runs before its children are done", delivery.job);
            self.held.push(delivery);
        }
        Vec::new()
    }

    async fn settle(&mut self) -> Vec<Bell> {
        let mut settlements = Vec::new();
        for _ in 0..=self.chance.below(3) {
            if self.held.is_empty() {
                break;
            }
            let delivery = self.held.swap_remove(self.chance.below(self.held.len()));
            let outcome = match self.chance.below(8) {
                0 => failed(Retry::Never),
                1 | 2 => failed(Retry::Later),
                3 => Outcome::Interrupted,
                4 => Outcome::Cancelled,
                _ => completed(),
            };
            settlements.push(delivery.settle(outcome));
        }
        if !self.sent.is_empty() && self.chance.below(3) == 0 {
            settlements.push(again(&self.sent[self.chance.below(self.sent.len())]));
        }
        self.step = format!("settle {settlements:?}");
        self.sent.extend(settlements.iter().map(again));
        let completes: BTreeMap<_, _> = settlements
            .iter()
            .map(|one| ((one.held.job, one.held.epoch), matches!(one.outcome, Outcome::Completed(_))))
            .collect();
        let settled = self.bench.store.settle(settlements).await.unwrap();
        for held in settled.written {
            assert_eq!(self.epochs[&held.job], held.epoch, "a zombie's settlement is written");
            if completes[&(held.job, held.epoch)] {
                assert!(self.succeeded.insert(held.job), "{} has two winners", held.job);
            }
        }
        settled.bells
    }

    async fn begin_alone(&mut self) -> Vec<Bell> {
        if self.held.is_empty() {
            return Vec::new();
        }
        let delivery = &self.held[self.chance.below(self.held.len())];
        let held = delivery.held();
        self.step = format!("begin alone {held:?}");
        let is_held = self.epochs[&held.job] == held.epoch && self.rows[&held.job].state == State::Running;
        assert_eq!(self.bench.store.begin_alone(held).await.unwrap(), is_held && delivery.alone);
        if is_held && delivery.alone {
            self.begun.insert(held.job, held.epoch);
        }
        Vec::new()
    }

    async fn renew(&mut self) -> Vec<Bell> {
        let renewals: Vec<Renewal> =
            self.held.iter().map(|one| Renewal { held: one.held(), progress: Some(1) }).collect();
        self.step = format!("renew {renewals:?}");
        for (held, state) in self.bench.store.renew(&renewals, LEASE).await.unwrap() {
            let last = self.epochs[&held.job] == held.epoch;
            let runs = self.rows[&held.job].state == State::Running;
            assert_eq!(state != LeaseState::Lost, last && runs, "{held:?} is {state:?}");
        }
        Vec::new()
    }

    async fn release(&mut self) -> Vec<Bell> {
        let Some(delivery) = self.held.pop() else { return Vec::new() };
        self.step = format!("release {:?}", delivery.held());
        self.bench.store.release(&[delivery.held()]).await.unwrap()
    }

    async fn cancel(&mut self) -> Vec<Bell> {
        if let Some(&job) = self.some_jobs(1).first() {
            self.step = format!("cancel {job}");
            let ended = matches!(self.rows[&job].state, State::Succeeded | State::Failed);
            assert_eq!(self.bench.store.cancel(job).await.is_err(), ended);
        }
        Vec::new()
    }

    async fn retry(&mut self) -> Vec<Bell> {
        let failed = self.rows.values().filter(|row| row.state == State::Failed).map(|row| row.id);
        let failed: Vec<JobId> = failed.collect();
        if failed.is_empty() {
            return Vec::new();
        }
        let job = failed[self.chance.below(failed.len())];
        self.step = format!("retry {job}");
        // A failed child of a parent that was cancelled before stays a dead letter.
        self.bench.store.retry(job).await.unwrap_or_default()
    }

    async fn rescue(&mut self) -> Vec<Bell> {
        self.step = "rescue".to_owned();
        let rescued = self.bench.store.rescue(100).await.unwrap();
        for job in rescued.dead {
            assert_eq!(self.begun.get(&job), Some(&self.epochs[&job]), "{job} is dead and did not run alone");
        }
        rescued.bells
    }

    async fn promote(&mut self) -> Vec<Bell> {
        self.step = "promote".to_owned();
        self.bench.store.promote(100).await.unwrap()
    }

    async fn jump(&mut self) -> Vec<Bell> {
        let now = self.bench.clock.now();
        let span = Duration::from_secs(self.chance.below(30) as u64);
        self.step = format!("jump {span:?}");
        if self.chance.below(3) == 0 {
            self.bench.clock.set(now - span);
        } else {
            self.bench.clock.advance(span);
        }
        Vec::new()
    }

    async fn die(&mut self) -> Vec<Bell> {
        self.step = "a worker dies".to_owned();
        self.held.pop();
        Vec::new()
    }

    /// The rows are as they may be after this step, and whatever became ready was rung for.
    async fn compare(&mut self, bells: &[Bell]) {
        let filter = JobFilter { limit: 1_000, ..JobFilter::default() };
        let rows = self.bench.store.jobs(filter).await.unwrap();
        let rows: BTreeMap<JobId, Job> = rows.into_iter().map(|row| (row.id, row)).collect();
        for (id, before) in &self.rows {
            let after = rows.get(id).unwrap_or_else(|| panic!("{id} is lost by {}", self.step));
            let may = before.state == after.state || may_become(before.state, after.state, &self.step);
            assert!(may, "{id}: {} to {} by {}", before.state, after.state, self.step);
            assert!(after.epoch >= before.epoch && after.attempt <= after.max_attempts);
        }
        let was_ready = |id: &JobId| self.rows.get(id).is_some_and(|row| row.state == State::Ready);
        let became_ready: BTreeSet<JobId> = rows
            .values()
            .filter(|row| row.state == State::Ready && !was_ready(&row.id))
            .map(|row| row.id)
            .collect();
        let rung: BTreeSet<JobId> = bells.iter().map(|bell| bell.job).collect();
        assert_eq!(became_ready, rung, "bells of {}", self.step);
        for row in rows.values().filter(|row| row.state == State::Succeeded) {
            assert!(self.succeeded.contains(&row.id), "{} succeeded by {}", row.id, self.step);
        }
        check_families(&rows, &self.step);
        self.rows = rows;
    }

    /// Nobody dies any more: everything that was submitted ends.
    async fn finish(&mut self) {
        self.held.clear();
        for _ in 0..20 {
            self.bench.clock.advance(Duration::from_secs(3600));
            self.bench.store.promote(1_000).await.unwrap();
            self.bench.store.rescue(1_000).await.unwrap();
            let ready =
                self.bench.store.ready_page(Label::Cpu, Priority::Normal, None, Duration::ZERO, 1_000);
            let ready: Vec<JobId> = ready.await.unwrap().0.iter().map(|bell| bell.job).collect();
            let deliveries = self.bench.store.claim("worker", &ready, LEASE).await.unwrap();
            let settlements = deliveries.into_iter().map(|one| one.settle(completed())).collect();
            self.bench.store.settle(settlements).await.unwrap();
            if self.bench.store.outstanding().await.unwrap().is_empty() {
                return;
            }
        }
        panic!("never ends: {:?}", self.bench.store.outstanding().await.unwrap());
    }

    fn some_jobs(&mut self, most: usize) -> Vec<JobId> {
        let all: Vec<JobId> = self.rows.keys().copied().collect();
        if all.is_empty() {
            return all;
        }
        (0..most).map(|_| all[self.chance.below(all.len())]).collect()
    }
}

/// The diagram of `fleet/src/job.rs`, by what was done.
fn may_become(before: State, after: State, step: &str) -> bool {
    let by = |name: &str| step.starts_with(name);
    match (before, after) {
        (State::Scheduled, State::Ready) => by("promote"),
        (State::Waiting, State::Ready) => by("settle"),
        (State::Ready, State::Running) => by("claim"),
        (State::Running, State::Ready) => by("settle") || by("release") || by("rescue"),
        (State::Running, State::Scheduled | State::Succeeded) => by("settle"),
        (State::Running, State::Cancelled) => by("settle") || by("release") || by("rescue"),
        (State::Running, State::Failed) => by("settle") || by("rescue"),
        // A child that ended takes its parent and its siblings along.
        (State::Scheduled | State::Waiting | State::Ready, State::Cancelled) => !by("claim") && !by("renew"),
        (State::Waiting, State::Failed) => by("settle") || by("rescue"),
        (State::Failed, State::Ready | State::Waiting) | (State::Cancelled, State::Ready) => by("retry"),
        _ => false,
    }
}

fn check_families(rows: &BTreeMap<JobId, Job>, step: &str) {
    for parent in rows.values() {
        let children: Vec<&Job> = rows.values().filter(|row| row.parent == Some(parent.id)).collect();
        let missing = children.iter().filter(|child| child.state != State::Succeeded).count();
        match parent.state {
            State::Waiting => {
                assert_eq!(parent.pending_children as usize, missing, "{} by {step}", parent.id);
            }
            State::Ready | State::Running | State::Succeeded => {
                assert_eq!(missing, 0, "{} by {step}", parent.id);
            }
            State::Failed | State::Cancelled => {
                let goes_on = |child: &&Job| !child.state.is_terminal() && !child.cancel_requested;
                assert!(!children.iter().any(goes_on), "a child of {} goes on after {step}", parent.id);
            }
            State::Scheduled => {}
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

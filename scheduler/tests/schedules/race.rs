//! Two schedulers that both believe to lead.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use fermiac_fleet::ids::JobId;
use fermiac_fleet::job::Kind;
use fermiac_fleet::queue::Queue;
use fermiac_fleet::schedule::{Cron, Fate, Overlap, Schedule, Timetable, Windows, Work};
use fermiac_fleet::store::{JobFilter, ManualClock, Store, StoreClock, StoreSettings};
use fermiac_harness::PostgresServer;
use fermiac_scheduler::duties::Duty;
use fermiac_scheduler::duties::schedules::Schedules;

const TICKS: i64 = 1_000;
const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn two_schedulers_that_race_emit_every_tick_once() {
    let url = PostgresServer::shared().create_database();
    let begin = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let clock = ManualClock::at(begin);
    let settings = StoreSettings { clock: StoreClock::Manual(clock.clone()), ..StoreSettings::of("testing") };
    let store = Store::connect(&url, &settings).await.unwrap();
    store.migrate().await.unwrap();
    let cron = Cron::parse("* * * * *").unwrap();
    let schedule = Schedule {
        overlap: Overlap::Allow,
        ..Schedule::new("testing", "minute", Work::Job(Kind::Probe), cron)
    };
    let timetable = Arc::new(Timetable { schedules: vec![schedule.clone()], windows: Windows::default() });
    let mut racers = Vec::new();
    for _ in 0..2 {
        let store = Store::connect(&url, &settings).await.unwrap();
        racers.push(Schedules::new(store, Queue::in_process(), Arc::clone(&timetable)));
    }
    let [one, other] = racers.as_mut_slice() else { unreachable!("there are two") };
    one.tick().await.unwrap();
    for _ in 0..TICKS {
        clock.advance(MINUTE);
        let (first, second) = tokio::join!(one.tick(), other.tick());
        let recorded = first.unwrap().recorded.len() + second.unwrap().recorded.len();
        assert_eq!(recorded, 1, "each minute has one tick, and one of them records it");
    }
    let expected: HashSet<JobId> =
        (1..=TICKS).map(|minute| schedule.job(begin + TimeDelta::minutes(minute))).collect();
    let filter = JobFilter { limit: 2 * TICKS as u32, ..JobFilter::default() };
    let jobs: Vec<JobId> = store.jobs(filter).await.unwrap().into_iter().map(|job| job.id).collect();
    assert_eq!(jobs.len(), expected.len());
    assert_eq!(jobs.into_iter().collect::<HashSet<_>>(), expected);
    let ticks = store.schedule_ticks("minute", 2 * TICKS as u32).await.unwrap();
    assert_eq!(ticks.len(), expected.len());
    assert!(ticks.iter().all(|tick| tick.recorded.fate == Fate::Emitted));
}

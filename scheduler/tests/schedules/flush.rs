//! Redis forgets everything between a tick and its work.

use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use fermiac_fleet::delivery::{Delivery, Outcome, Produced};
use fermiac_fleet::job::{Kind, Label, State};
use fermiac_fleet::queue::{ConsumerName, Listener, Queue, QueueSettings};
use fermiac_fleet::schedule::{Cron, Schedule, Timetable, Windows, Work};
use fermiac_fleet::store::{ManualClock, Store, StoreClock, StoreSettings};
use fermiac_harness::{PostgresServer, RedisOptions, RedisServer, await_until};
use fermiac_scheduler::duties::Duty;
use fermiac_scheduler::duties::relay::Relay;
use fermiac_scheduler::duties::schedules::Schedules;

const DEADLINE: Duration = Duration::from_secs(30);
const LEASE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_whose_bell_is_lost_still_runs_once() {
    let redis = RedisServer::start(RedisOptions::default());
    let queue = Queue::connect(&redis.url(), "testing", &QueueSettings::default()).unwrap();
    let clock = ManualClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let settings = StoreSettings { clock: StoreClock::Manual(clock.clone()), ..StoreSettings::of("testing") };
    let store = Store::connect(&PostgresServer::shared().create_database(), &settings).await.unwrap();
    store.migrate().await.unwrap();
    let cron = Cron::parse("0 * * * *").unwrap();
    let schedule = Schedule::new("testing", "hourly", Work::Job(Kind::Probe), cron);
    let timetable = Timetable { schedules: vec![schedule], windows: Windows::default() };
    let mut schedules = Schedules::new(store.clone(), queue.clone(), Arc::new(timetable));
    schedules.tick().await.unwrap();
    clock.advance(Duration::from_secs(3_600));
    let job = schedules.tick().await.unwrap().recorded[0].job.unwrap();
    assert!(redis.command(&["FLUSHALL"]).contains("OK"));
    let mut listener = queue.listen(&[Label::Maintenance], &ConsumerName::fresh());
    let mut relay = Relay::new(store.clone(), queue.clone());
    // The relay believes a bell to be on its way for a second.
    clock.advance(Duration::from_secs(2));
    let mut heard: Vec<Delivery> = Vec::new();
    await_until("the job is claimed", DEADLINE, async || {
        relay.tick().await.unwrap();
        heard.extend(claim(&store, &queue, &mut listener).await);
        !heard.is_empty()
    })
    .await;
    assert_eq!((heard.len(), heard[0].job, heard[0].epoch), (1, job, 1));
    let done = heard.pop().unwrap().settle(Outcome::Completed(Produced::default()));
    store.settle(vec![done]).await.unwrap();
    // Whatever rings from here on finds nothing to do.
    for _ in 0..5 {
        relay.tick().await.unwrap();
        schedules.tick().await.unwrap();
        assert!(claim(&store, &queue, &mut listener).await.is_empty());
    }
    let job = store.job(job).await.unwrap();
    assert_eq!((job.state, job.epoch), (State::Succeeded, 1));
}

/// What a worker does with what rings.
async fn claim(store: &Store, queue: &Queue, listener: &mut Listener) -> Vec<Delivery> {
    let Ok(rung) = listener.next(10, Duration::from_millis(50)).await else { return Vec::new() };
    let jobs: Vec<_> = rung.iter().map(|rung| rung.bell.job).collect();
    let deliveries = store.claim("worker", &jobs, LEASE).await.unwrap();
    queue.answer(&rung).await.unwrap();
    deliveries
}

//! Schedules in the store: each tick is decided once and emitted once, on both databases.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use fermiac_fleet::job::{Kind, Label, State};
use fermiac_fleet::schedule::{CatchUp, Cron, Fate, Overlap, Schedule, Timetable, Window, Windows, Work};
use fermiac_fleet::store::{ListedTick, OutsideWindows, RecordedTick, StoreError};

use crate::support::{Bench, completed, noon};

on_all!(
    tick_is_emitted_once_with_its_job,
    new_schedule_begins_now,
    missed_ticks_are_one_row_and_the_newest_is_caught_up,
    year_of_missed_minutes_costs_one_row,
    tick_is_skipped_while_a_job_of_its_key_has_not_ended,
    clock_that_steps_back_emits_nothing_again,
    clock_that_was_years_ahead_is_forgotten,
    schedule_is_emitted_by_hand,
    what_deletes_is_refused_by_hand_outside_windows,
    desired_workers_are_those_of_the_newest_tick,
    old_ticks_are_forgotten,
);

fn schedule(name: &str, cron: &str) -> Schedule {
    Schedule::new("testing", name, Work::Job(Kind::Probe), Cron::parse(cron).unwrap())
}

fn timetable(schedules: &[Schedule]) -> Timetable {
    Timetable { schedules: schedules.to_vec(), windows: Windows::default() }
}

/// The bench's clock stands at this instant, which is 8 hours on a Friday.
fn eight() -> DateTime<Utc> {
    assert_eq!(noon().to_rfc3339(), "2027-01-15T08:00:00+00:00");
    noon()
}

fn hours(count: i64) -> TimeDelta {
    TimeDelta::hours(count)
}

async fn fates(bench: &Bench, schedule: &str) -> Vec<(DateTime<Utc>, Fate)> {
    let ticks = bench.store.schedule_ticks(schedule, 100).await.unwrap();
    ticks.into_iter().map(|tick| (tick.recorded.tick, tick.recorded.fate)).collect()
}

async fn new_schedule_begins_now(bench: Bench) {
    let timetable = timetable(&[schedule("some", "0 * * * *")]);
    assert_eq!(bench.store.emit_due(&timetable).await.unwrap().recorded, []);
    assert_eq!(fates(&bench, "some").await, []);
    bench.clock.advance(Duration::from_secs(3_600));
    assert_eq!(bench.store.emit_due(&timetable).await.unwrap().bells.len(), 1);
    assert_eq!(fates(&bench, "some").await, [(eight() + hours(1), Fate::Emitted)]);
}

async fn tick_is_emitted_once_with_its_job(bench: Bench) {
    let mut hourly = schedule("some", "0 * * * *");
    hourly.arguments.insert("type".to_owned(), "full".into());
    hourly.timeout = hours(2);
    let timetable = timetable(&[hourly.clone()]);
    bench.store.emit_due(&timetable).await.unwrap();
    bench.clock.advance(Duration::from_secs(3_600));
    let emission = bench.store.emit_due(&timetable).await.unwrap();
    let tick = eight() + hours(1);
    let job = hourly.job(tick);
    assert_eq!(
        emission.bells.iter().map(|bell| (bell.job, bell.label)).collect::<Vec<_>>(),
        [(job, Label::Maintenance)]
    );
    assert_eq!(bench.store.emit_due(&timetable).await.unwrap(), Default::default());
    let delivery = bench.claim(job).await;
    assert_eq!((delivery.kind, delivery.payload.as_slice()), (Kind::Probe, &br#"{"type":"full"}"#[..]));
    assert_eq!((delivery.timeout, delivery.owner), (Duration::from_secs(7_200), None));
    bench.store.settle(vec![delivery.settle(completed())]).await.unwrap();
    let listed = bench.store.schedule_ticks("some", 10).await.unwrap();
    let [ListedTick { recorded, recorded_at, state, error }] = listed.as_slice() else {
        panic!("{listed:?}")
    };
    assert_eq!((recorded.tick, recorded.fate, recorded.job), (tick, Fate::Emitted, Some(job)));
    assert_eq!((*recorded_at, *state, error), (bench.clock.now(), Some(State::Succeeded), &None));
}

async fn missed_ticks_are_one_row_and_the_newest_is_caught_up(bench: Bench) {
    let timetable = timetable(&[Schedule { catch_up: CatchUp::Newest, ..schedule("some", "0 * * * *") }]);
    bench.store.emit_due(&timetable).await.unwrap();
    bench.clock.advance(Duration::from_secs(5 * 3_600 + 1_800));
    let recorded = bench.store.emit_due(&timetable).await.unwrap().recorded;
    let [missed, caught_up] = recorded.as_slice() else { panic!("{recorded:?}") };
    assert_eq!((missed.tick, missed.through, missed.ticks), (eight() + hours(1), eight() + hours(4), 4));
    assert_eq!((missed.fate, missed.job), (Fate::Missed, None));
    assert_eq!((caught_up.tick, caught_up.fate), (eight() + hours(5), Fate::CaughtUp));
    assert!(caught_up.job.is_some());
    assert_eq!(fates(&bench, "some").await, [(caught_up.tick, Fate::CaughtUp), (missed.tick, Fate::Missed)]);
}

async fn year_of_missed_minutes_costs_one_row(bench: Bench) {
    let timetable = timetable(&[schedule("some", "* * * * *")]);
    bench.store.emit_due(&timetable).await.unwrap();
    bench.clock.advance(Duration::from_secs(365 * 86_400 + 30));
    let recorded = bench.store.emit_due(&timetable).await.unwrap().recorded;
    let fates: Vec<(Fate, u32)> = recorded.iter().map(|tick| (tick.fate, tick.ticks)).collect();
    assert_eq!(fates, [(Fate::Missed, 10_000), (Fate::Emitted, 1)]);
    let RecordedTick { tick, through, .. } = &recorded[0];
    assert_eq!(*through - *tick, TimeDelta::minutes(365 * 1_440 - 2));
}

async fn tick_is_skipped_while_a_job_of_its_key_has_not_ended(bench: Bench) {
    let of = |name: &str, cron: &str| Schedule {
        overlap: Overlap::Forbid { key: "backup".to_owned() },
        ..schedule(name, cron)
    };
    let timetable = timetable(&[of("full", "0 9 * * *"), of("incremental", "0 10,11 * * *")]);
    bench.store.emit_due(&timetable).await.unwrap();
    bench.clock.advance(Duration::from_secs(3_600));
    let job = bench.store.emit_due(&timetable).await.unwrap().bells[0].job;
    bench.clock.advance(Duration::from_secs(3_600));
    let skipped = bench.store.emit_due(&timetable).await.unwrap();
    assert_eq!((skipped.bells.len(), skipped.recorded[0].fate), (0, Fate::Skipped));
    assert_eq!(skipped.recorded[0].reason, Some(format!("job {job} had not ended")));
    let by_hand = bench.store.emit_by_hand(&timetable, "full", OutsideWindows::Refused).await;
    assert!(matches!(by_hand, Err(StoreError::Conflict { .. })), "{by_hand:?}");
    bench.run(job, completed()).await;
    bench.clock.advance(Duration::from_secs(3_600));
    assert_eq!(bench.store.emit_due(&timetable).await.unwrap().recorded[0].fate, Fate::Emitted);
}

async fn clock_that_steps_back_emits_nothing_again(bench: Bench) {
    let timetable = timetable(&[schedule("some", "0 * * * *")]);
    bench.store.emit_due(&timetable).await.unwrap();
    bench.clock.advance(Duration::from_secs(3 * 3_600));
    bench.store.emit_due(&timetable).await.unwrap();
    let before = fates(&bench, "some").await;
    for back in [1, 2, 3, 2, 1] {
        bench.clock.set(eight() + hours(back));
        assert_eq!(bench.store.emit_due(&timetable).await.unwrap(), Default::default());
    }
    assert_eq!(fates(&bench, "some").await, before);
}

async fn clock_that_was_years_ahead_is_forgotten(bench: Bench) {
    let timetable = timetable(&[Schedule { overlap: Overlap::Allow, ..schedule("some", "0 * * * *") }]);
    bench.store.emit_due(&timetable).await.unwrap();
    bench.clock.set(eight() + TimeDelta::days(3_650));
    let ahead = bench.store.emit_due(&timetable).await.unwrap().bells;
    bench.clock.set(eight() + TimeDelta::minutes(30));
    assert_eq!(bench.store.emit_due(&timetable).await.unwrap().bells, []);
    bench.clock.set(eight() + hours(1));
    assert_eq!(bench.store.emit_due(&timetable).await.unwrap().recorded[0].fate, Fate::Emitted);
    // When that time really comes, its tick was emitted already.
    bench.clock.set(eight() + TimeDelta::days(3_650));
    let recorded = bench.store.emit_due(&timetable).await.unwrap();
    assert_eq!((ahead.len(), recorded.bells), (1, vec![]));
}

async fn schedule_is_emitted_by_hand(bench: Bench) {
    let timetable = timetable(&[Schedule { overlap: Overlap::Allow, ..schedule("some", "0 * * * *") }]);
    let first = bench.store.emit_by_hand(&timetable, "some", OutsideWindows::Refused).await.unwrap();
    bench.clock.advance(Duration::from_millis(1));
    let second = bench.store.emit_by_hand(&timetable, "some", OutsideWindows::Refused).await.unwrap();
    assert_ne!(first.bells[0].job, second.bells[0].job);
    bench.clock.set(eight() + hours(1));
    assert_eq!(bench.store.emit_due(&timetable).await.unwrap().bells.len(), 1);
    let fates: Vec<Fate> = fates(&bench, "some").await.into_iter().map(|(_, fate)| fate).collect();
    assert_eq!(fates, [Fate::Emitted, Fate::ByHand, Fate::ByHand]);
    let unknown = bench.store.emit_by_hand(&timetable, "other", OutsideWindows::Refused).await;
    assert!(matches!(unknown, Err(StoreError::NotFound { what: "schedule" })), "{unknown:?}");
}

async fn what_deletes_is_refused_by_hand_outside_windows(bench: Bench) {
    let opens = Cron::parse("0 2 * * SUN").unwrap();
    let windows = Windows(vec![Window { name: "sunday".to_owned(), opens, length: hours(2) }]);
    let retention = Schedule { work: Work::Job(Kind::Retention), ..schedule("clean", "0 0 * * *") };
    let timetable = Timetable { schedules: vec![retention], windows };
    let refused = bench.store.emit_by_hand(&timetable, "clean", OutsideWindows::Refused).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("the next is \"sunday\" at 2027-01-17T02:00:00+00:00"), "{refused}");
    let allowed = bench.store.emit_by_hand(&timetable, "clean", OutsideWindows::Allowed).await.unwrap();
    assert_eq!(allowed.bells.len(), 1);
}

async fn desired_workers_are_those_of_the_newest_tick(bench: Bench) {
    let of = |name: &str, cron: &str, workers| Schedule {
        work: Work::Scale { label: Label::Gpu, workers },
        catch_up: CatchUp::Newest,
        ..schedule(name, cron)
    };
    let timetable = timetable(&[of("evening", "0 20 * * *", 0), of("morning", "0 6 * * *", 4)]);
    bench.store.emit_due(&timetable).await.unwrap();
    assert_eq!(bench.store.desired_workers().await.unwrap(), []);
    // Both were missed; the later one counts.
    bench.clock.set(eight() + hours(24));
    let emission = bench.store.emit_due(&timetable).await.unwrap();
    assert_eq!((emission.bells.len(), emission.recorded.len()), (0, 2));
    let desired = bench.store.desired_workers().await.unwrap();
    assert_eq!((desired[0].label, desired[0].workers, desired.len()), (Label::Gpu, 4, 1));
    assert_eq!((desired[0].as_of, desired[0].schedule.as_str()), (eight() + hours(22), "morning"));
    bench.clock.set(eight() + hours(36));
    bench.store.emit_due(&timetable).await.unwrap();
    assert_eq!(bench.store.desired_workers().await.unwrap()[0].workers, 0);
}

async fn old_ticks_are_forgotten(bench: Bench) {
    let timetable = timetable(&[Schedule { overlap: Overlap::Allow, ..schedule("some", "0 0 1 * *") }]);
    bench.store.emit_due(&timetable).await.unwrap();
    for _ in 0..20 {
        bench.clock.advance(Duration::from_secs(31 * 86_400));
        bench.store.emit_due(&timetable).await.unwrap();
    }
    let oldest = bench.store.schedule_ticks("some", 100).await.unwrap().pop().unwrap();
    let age = bench.clock.now() - oldest.recorded_at;
    assert!(age <= TimeDelta::days(400) && age > TimeDelta::days(365), "{age}");
}

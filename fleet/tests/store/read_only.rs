//! What the store does and refuses while the service is read-only.

use std::time::Duration;

use chrono::TimeDelta;
use fermiac_fleet::audit::{Action, Entry};
use fermiac_fleet::delivery::Retry;
use fermiac_fleet::job::{Kind, NewJob, State};
use fermiac_fleet::retention::{Kept, RetentionArguments};
use fermiac_fleet::schedule::{CatchUp, Cron, Fate, Schedule, Timetable, Windows, Work};
use fermiac_fleet::store::{OutsideWindows, ReadOnly, StoreError};

use crate::support::{Bench, LEASE, completed, failed, job, noon};

on_all!(
    service_is_read_only_from_one_turn_of_the_switch_to_the_other,
    reason_that_says_nothing_is_refused,
    only_backups_are_claimed_and_what_is_held_is_settled,
    only_backups_are_emitted_and_the_others_count_as_not_looked_at,
    what_changes_or_deletes_by_hand_is_refused,
);

async fn service_is_read_only_from_one_turn_of_the_switch_to_the_other(bench: Bench) {
    let store = bench.store.acting_as("operator:ada@here".to_owned());
    assert_eq!(store.read_only().await.unwrap(), None);
    assert_eq!(store.make_writable().await.unwrap(), None);
    let first = store.make_read_only(" moving house ").await.unwrap();
    let expected =
        ReadOnly { since: noon(), actor: "operator:ada@here".to_owned(), reason: "moving house".to_owned() };
    assert_eq!((&first, store.read_only().await.unwrap()), (&expected, Some(expected.clone())));
    bench.clock.advance(Duration::from_secs(60));
    let other = bench.store.acting_as("operator:bob@there".to_owned()).make_read_only("still").await.unwrap();
    assert_eq!(other, ReadOnly { reason: "still".to_owned(), ..expected });
    assert_eq!(store.make_writable().await.unwrap(), Some(other));
    assert_eq!(store.read_only().await.unwrap(), None);
    let entries: Vec<Entry> = store.audit_entries(None, 10).await.unwrap();
    let told: Vec<(&str, &str)> =
        entries.iter().map(|entry| (entry.action.as_str(), entry.detail.as_str())).collect();
    let on = Action::ServiceReadOnly.name();
    let expected = [(Action::ServiceWritable.name(), ""), (on, "still"), (on, "moving house")];
    assert!(expected.iter().all(|one| told.contains(one)), "{told:?}");
}

async fn reason_that_says_nothing_is_refused(bench: Bench) {
    for reason in ["", "  ", "a\0b", &"x".repeat(501)] {
        let refused = bench.store.make_read_only(reason).await.unwrap_err();
        assert!(matches!(refused, StoreError::Refused { .. }), "{refused:?}");
    }
    assert_eq!(bench.store.read_only().await.unwrap(), None);
}

async fn only_backups_are_claimed_and_what_is_held_is_settled(bench: Bench) {
    let (held, waits) = (job(), job());
    let backup = NewJob { kind: Kind::Backup, ..job() };
    bench.store.submit(&[held.clone(), waits.clone(), backup.clone()]).await.unwrap();
    let delivery = bench.claim(held.id).await;
    bench.store.make_read_only("moving house").await.unwrap();
    let claimed = bench.store.claim("worker", &[waits.id, backup.id], LEASE).await.unwrap();
    assert_eq!(claimed.iter().map(|delivery| delivery.job).collect::<Vec<_>>(), [backup.id]);
    let settled = bench.store.settle(vec![delivery.settle(completed())]).await.unwrap();
    assert_eq!(settled.written.len(), 1);
    assert_eq!(bench.state(waits.id).await, State::Ready);
    bench.store.make_writable().await.unwrap();
    bench.claim(waits.id).await;
}

fn schedule(name: &str, kind: Kind) -> Schedule {
    let cron = Cron::parse("0 * * * *").unwrap();
    Schedule { catch_up: CatchUp::Newest, ..Schedule::new("testing", name, Work::Job(kind), cron) }
}

async fn only_backups_are_emitted_and_the_others_count_as_not_looked_at(bench: Bench) {
    let schedules = vec![schedule("backup", Kind::Backup), schedule("cleanup", Kind::Retention)];
    let timetable = Timetable { schedules, windows: Windows::default() };
    bench.store.emit_due(&timetable).await.unwrap();
    bench.store.make_read_only("moving house").await.unwrap();
    for _ in 0..2 {
        bench.clock.advance(Duration::from_secs(3_600));
        let emission = bench.store.emit_due(&timetable).await.unwrap();
        assert_eq!(
            emission.recorded.iter().map(|tick| tick.schedule.as_str()).collect::<Vec<_>>(),
            ["backup"]
        );
        for bell in emission.bells {
            bench.run(bell.job, completed()).await;
        }
    }
    bench.store.make_writable().await.unwrap();
    bench.clock.advance(Duration::from_secs(600));
    let recorded = bench.store.emit_due(&timetable).await.unwrap().recorded;
    let fates: Vec<_> = recorded.iter().map(|tick| (tick.schedule.as_str(), tick.tick, tick.fate)).collect();
    let hours = TimeDelta::hours;
    assert_eq!(
        fates,
        [("cleanup", noon() + hours(1), Fate::Missed), ("cleanup", noon() + hours(2), Fate::CaughtUp)]
    );
}

async fn what_changes_or_deletes_by_hand_is_refused(bench: Bench) {
    let dead = job();
    bench.store.submit(std::slice::from_ref(&dead)).await.unwrap();
    bench.run(dead.id, failed(Retry::Never)).await;
    bench.clock.advance(Duration::from_secs(10 * 86_400));
    bench.store.make_read_only("moving house").await.unwrap();
    let schedules = vec![schedule("backup", Kind::Backup), schedule("probe", Kind::Probe)];
    let timetable = Timetable { schedules, windows: Windows::default() };
    let arguments = RetentionArguments { dead_letters_days: Some(7), ..RetentionArguments::default() };
    let limits = arguments.limits(bench.clock.now());
    let by_hand = |name: &'static str| bench.store.emit_by_hand(&timetable, name, OutsideWindows::Refused);
    let refused = [
        by_hand("probe").await.map(drop).unwrap_err(),
        bench.store.retry(dead.id).await.map(drop).unwrap_err(),
        bench.store.retire(Kept::Jobs, &[dead.id.0], &limits, None).await.map(drop).unwrap_err(),
    ];
    for error in refused {
        assert!(
            matches!(&error, StoreError::ReadOnly { reason } if reason.contains("moving house")),
            "{error:?}"
        );
    }
    assert_eq!(by_hand("backup").await.unwrap().bells.len(), 1);
    bench.store.make_writable().await.unwrap();
    assert_eq!(bench.store.retire(Kept::Jobs, &[dead.id.0], &limits, None).await.unwrap().len(), 1);
}

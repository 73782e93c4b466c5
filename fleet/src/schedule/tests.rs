//! Laws of schedules, against a model that counts minutes.

mod model;

use std::collections::{HashMap, HashSet};

use chrono::TimeZone;
use proptest::prelude::*;

use super::*;
use model::{Fields, Ledger, whole_minute};

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn schedule(cron: &str) -> Schedule {
    Schedule::new("testing", "some", Work::Job(Kind::Probe), Cron::parse(cron).unwrap())
}

fn standing(schedule: &Schedule, mark: DateTime<Utc>) -> Standing {
    Standing { cron: schedule.cron.as_str().to_owned(), mark, unfinished: None }
}

/// A look at one schedule among these windows.
fn decide(
    schedule: &Schedule,
    windows: &Windows,
    standing: Option<&Standing>,
    now: DateTime<Utc>,
) -> Option<Decision> {
    let timetable = Timetable { schedules: vec![schedule.clone()], windows: windows.clone() };
    let standings = standing.map(|standing| (schedule.name.clone(), standing.clone()));
    let decided = timetable.look(&standings.into_iter().collect(), now);
    decided.into_iter().map(|(_, decision)| decision).next()
}

fn look(schedule: &Schedule, mark: &str, now: &str) -> Option<Decision> {
    decide(schedule, &Windows::default(), Some(&standing(schedule, instant(mark))), instant(now))
}

/// From 2023 to 2029, a leap day and the end of every month among them.
fn any_instant() -> impl Strategy<Value = DateTime<Utc>> {
    (1_672_531_200..1_861_920_000_i64).prop_map(|seconds| Utc.timestamp_opt(seconds, 0).unwrap())
}

fn any_catch_up() -> impl Strategy<Value = CatchUp> {
    prop_oneof![
        Just(CatchUp::Skip),
        Just(CatchUp::Newest),
        Just(CatchUp::Interval),
        (0..3_000_i64).prop_map(|minutes| CatchUp::Within(TimeDelta::minutes(minutes))),
    ]
}

fn any_schedule() -> impl Strategy<Value = (Fields, Schedule)> {
    (Fields::any(), any_catch_up(), 0..120_i64, 0..90_i64).prop_map(|(fields, catch_up, deadline, jitter)| {
        let (start_deadline, jitter) = (TimeDelta::minutes(deadline), TimeDelta::minutes(jitter));
        let schedule = Schedule { catch_up, start_deadline, jitter, ..schedule(&fields.text()) };
        (fields, schedule)
    })
}

/// How far the clock is moved before each look, in seconds, and whether a job is then at work: on by seconds or
/// hours, and back by up to a day in all.
fn any_looks() -> impl Strategy<Value = Vec<(i64, bool)>> {
    let step = prop_oneof![4 => 1..120_i64, 3 => 60..7_200_i64, 1 => 7_200..200_000_i64, 1 => -4_000..0_i64];
    prop::collection::vec((step, prop::bool::weighted(0.2)), 1..20)
}

proptest! {
    #[test]
    fn cron_ticks_where_a_count_of_minutes_finds_a_tick(fields in Fields::any(), from in any_instant()) {
        let cron = Cron::parse(&fields.text()).unwrap();
        let until = from + TimeDelta::days(10);
        let counted = fields.ticks(from, until);
        let walk = std::iter::successors(cron.after(from), |tick| cron.after(*tick));
        prop_assert_eq!(&walk.take_while(|tick| *tick <= until).collect::<Vec<_>>(), &counted);
        let back = std::iter::successors(cron.at_or_before(until), |tick| cron.before(*tick));
        let mut back: Vec<_> = back.take_while(|tick| *tick > from).collect();
        back.reverse();
        prop_assert_eq!(back, counted);
    }

    #[test]
    fn looks_at_any_times_decide_as_a_count_of_minutes_does(
        (fields, schedule) in any_schedule(), from in any_instant(), looks in any_looks(),
    ) {
        let mut ledger = Ledger { mark: from, ..Ledger::default() };
        let (mut mark, mut now) = (from, from);
        for (step, busy) in looks {
            now += TimeDelta::seconds(step);
            let unfinished = busy.then(JobId::new);
            let before = Standing { unfinished, ..standing(&schedule, mark) };
            let decision = decide(&schedule, &Windows::default(), Some(&before), now);
            let emitted = ledger.look(&schedule, &fields, now, busy);
            prop_assert_eq!(decision.as_ref().and_then(|decision| decision.tick), emitted);
            if let Some(Decision { mark: decided, missed, .. }) = decision {
                let model = ledger.fates.range(..=decided).rev().map(|(tick, fate)| (*tick, *fate));
                let model = model.take_while(|(tick, _)| *tick > mark);
                let model: Vec<_> =
                    model.filter(|(_, fate)| *fate == Fate::Missed).map(|(tick, _)| tick).collect();
                let ours = missed.map(|missed| (missed.first, missed.last, missed.count as usize));
                let theirs = model.last().map(|first| (*first, model[0], model.len()));
                prop_assert_eq!(ours, theirs);
                prop_assert!(decided > mark);
                mark = decided;
            }
            prop_assert_eq!(mark, ledger.mark);
        }
    }

    #[test]
    fn a_schedule_that_is_always_looked_at_emits_every_tick(
        (fields, schedule) in any_schedule(), from in any_instant(), seconds in 10..30_i64,
    ) {
        let schedule = Schedule { start_deadline: TimeDelta::seconds(30), ..schedule };
        let from = whole_minute(from);
        let until = from + TimeDelta::days(1);
        let (mut mark, mut now, mut emitted) = (from, from, Vec::new());
        while now <= until + TimeDelta::minutes(90) {
            let decision = decide(&schedule, &Windows::default(), Some(&standing(&schedule, mark)), now);
            if let Some(decision) = decision {
                prop_assert!(decision.missed.is_none());
                emitted.extend(decision.tick.map(|(tick, _)| tick));
                mark = decision.mark;
            }
            now += TimeDelta::seconds(seconds);
        }
        emitted.retain(|tick| *tick <= until);
        prop_assert_eq!(emitted, fields.ticks(from, until));
    }

    #[test]
    fn a_due_tick_is_before_the_next_and_the_same_for_everybody((_, schedule) in any_schedule(), now in any_instant()) {
        let tick = schedule.cron.at_or_before(now).unwrap();
        let next = schedule.cron.after(tick).unwrap();
        let due = schedule.due(tick);
        prop_assert!(tick <= due && due - tick <= schedule.jitter.min((next - tick) / 2));
        prop_assert_eq!(due, schedule.clone().due(tick));
    }
}

#[test]
fn leap_days_tick_in_leap_years_only() {
    let cron = Cron::parse("30 6 29 2 *").unwrap();
    let ticks: Vec<_> =
        std::iter::successors(cron.after(instant("2023-01-01T00:00:00Z")), |tick| cron.after(*tick))
            .take(3)
            .map(|tick| tick.to_rfc3339_opts(SecondsFormat::Secs, true))
            .collect();
    assert_eq!(ticks, ["2024-02-29T06:30:00Z", "2028-02-29T06:30:00Z", "2032-02-29T06:30:00Z"]);
    let across = Cron::parse("0 0 29 2 *").unwrap().after(instant("2096-03-01T00:00:00Z"));
    assert_eq!(across, Some(instant("2104-02-29T00:00:00Z")));
}

#[test]
fn a_cron_that_never_ticks_or_has_other_fields_is_refused() {
    assert!(Cron::parse("0 0 30 2 *").unwrap_err().contains("no day that ever comes"));
    assert!(Cron::parse("0 0 * *").unwrap_err().contains("has 4 fields"));
    assert!(Cron::parse("0 0 0 * * *").unwrap_err().contains("has 6 fields"));
    assert!(Cron::parse("@daily").unwrap_err().contains("has 1 fields"));
    assert!(Cron::parse("60 0 * * *").unwrap_err().contains("no cron expression"));
}

#[test]
fn a_job_is_named_by_environment_schedule_and_tick() {
    let cron = || Cron::parse("0 * * * *").unwrap();
    let of = |environment: &str, name: &str| Schedule::new(environment, name, Work::Job(Kind::Probe), cron());
    let (first, second) = (instant("2026-01-01T00:00:00Z"), instant("2026-01-01T01:00:00Z"));
    let names = [
        of("staging", "backup").job(first),
        of("staging", "backup").job(second),
        of("staging", "other").job(first),
        of("production", "backup").job(first),
    ];
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), 4);
    assert_eq!(of("staging", "backup").job(first), names[0]);
    // As Python's uuid5 has it: rows that exist are found by this name.
    assert_eq!(names[0].to_string(), "26e8f25a-e08c-5ebb-a273-3052333e3d71");
}

#[test]
fn what_was_missed_is_caught_up_as_the_schedule_says() {
    let (mark, back) = ("2026-03-01T00:00:00Z", "2026-03-02T05:00:00Z");
    let of = |catch_up| Schedule { catch_up, ..schedule("0 */6 * * *") };
    let newest = instant("2026-03-02T00:00:00Z");
    let caught_up = look(&of(CatchUp::Newest), mark, back).unwrap();
    assert_eq!((caught_up.tick, caught_up.mark), (Some((newest, Fate::CaughtUp)), newest));
    let missed = caught_up.missed.unwrap();
    assert_eq!(
        (missed.first, missed.last),
        (instant("2026-03-01T06:00:00Z"), instant("2026-03-01T18:00:00Z"))
    );
    assert_eq!((missed.count, missed.why), (3, MissedWhy::NobodyLooked));
    assert_eq!(look(&of(CatchUp::Interval), mark, back), Some(caught_up));
    let skipped = look(&of(CatchUp::Skip), mark, back).unwrap();
    assert_eq!((skipped.tick, skipped.missed.unwrap().count), (None, 4));
    let monthly = Schedule { catch_up: CatchUp::Within(TimeDelta::days(7)), ..schedule("0 3 1 * *") };
    let week = |now| look(&monthly, "2026-02-01T03:00:00Z", now).unwrap().tick;
    assert_eq!(week("2026-03-08T03:00:00Z"), Some((instant("2026-03-01T03:00:00Z"), Fate::CaughtUp)));
    assert_eq!(week("2026-03-08T03:00:01Z"), None);
}

#[test]
fn a_year_of_missed_minutes_is_one_entry() {
    let decision = look(&schedule("* * * * *"), "2025-03-01T00:00:00Z", "2026-03-01T00:00:00Z").unwrap();
    let missed = decision.missed.unwrap();
    assert_eq!(
        (missed.first, missed.last),
        (instant("2025-03-01T00:01:00Z"), instant("2026-02-28T23:59:00Z"))
    );
    assert_eq!(missed.count, MOST_COUNTED);
    assert_eq!(decision.tick, Some((instant("2026-03-01T00:00:00Z"), Fate::Emitted)));
}

#[test]
fn a_new_or_changed_schedule_owes_nothing_for_the_past() {
    let hourly = schedule("0 * * * *");
    let now = instant("2026-03-01T12:30:00Z");
    let begun = Some(Decision { mark: now, missed: None, tick: None, unfinished: None });
    assert_eq!(decide(&hourly, &Windows::default(), None, now), begun);
    let daily = standing(&schedule("0 0 * * *"), instant("2026-03-01T00:00:00Z"));
    assert_eq!(decide(&hourly, &Windows::default(), Some(&daily), now), begun);
}

#[test]
fn a_clock_that_steps_back_emits_nothing_until_it_is_there_again() {
    let hourly = schedule("0 * * * *");
    for now in ["2026-03-01T11:00:00Z", "2026-03-01T12:00:00Z", "2026-02-28T12:00:00Z"] {
        assert_eq!(look(&hourly, "2026-03-01T12:00:00Z", now), None, "{now}");
    }
    let next = look(&hourly, "2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z").unwrap();
    assert_eq!(next.tick, Some((instant("2026-03-01T13:00:00Z"), Fate::Emitted)));
}

#[test]
fn a_mark_of_a_clock_that_was_years_ahead_does_not_silence_the_schedule() {
    let healed = look(&schedule("0 * * * *"), "2036-03-01T12:00:00Z", "2026-03-01T12:30:00Z").unwrap();
    assert_eq!(
        healed,
        Decision { mark: instant("2026-03-01T12:30:00Z"), missed: None, tick: None, unfinished: None }
    );
}

#[test]
fn what_deletes_waits_for_a_window_and_backups_do_not() {
    let opens = Cron::parse("0 2 * * SUN").unwrap();
    let windows = Windows(vec![Window { name: "sunday".to_owned(), opens, length: TimeDelta::hours(2) }]);
    let of = |kind| Schedule { work: Work::Job(kind), catch_up: CatchUp::Newest, ..schedule("0 */6 * * *") };
    let decided = |kind, mark: &str, now: &str| {
        let schedule = of(kind);
        decide(&schedule, &windows, Some(&standing(&schedule, instant(mark))), instant(now))
    };
    // 2026-03-01 is a Sunday.
    let saturday = ("2026-02-28T06:00:00Z", "2026-02-28T12:00:00Z");
    assert_eq!(decided(Kind::Retention, saturday.0, saturday.1), None);
    assert!(decided(Kind::Backup, saturday.0, saturday.1).unwrap().tick.is_some());
    let opening = decided(Kind::Retention, "2026-02-28T06:00:00Z", "2026-03-01T02:00:30Z").unwrap();
    assert_eq!(opening.tick, Some((instant("2026-03-01T00:00:00Z"), Fate::Emitted)));
    let missed = opening.missed.unwrap();
    assert_eq!((missed.count, missed.why), (2, MissedWhy::Superseded));
    let late = decided(Kind::Retention, "2026-02-28T06:00:00Z", "2026-03-01T03:59:59Z").unwrap();
    assert_eq!(late.tick, Some((instant("2026-03-01T00:00:00Z"), Fate::CaughtUp)));
    assert_eq!(decided(Kind::Retention, "2026-02-28T06:00:00Z", "2026-03-01T04:00:00Z"), None);
}

#[test]
fn schedules_of_one_concurrency_key_are_done_in_the_order_of_their_ticks_and_one_at_a_time() {
    let of = |name: &str, cron: &str, kind| Schedule {
        overlap: Overlap::Forbid { key: "backup".to_owned() },
        start_deadline: TimeDelta::hours(2),
        ..Schedule::new("testing", name, kind, Cron::parse(cron).unwrap())
    };
    let backup = Work::Job(Kind::Backup);
    let schedules = vec![of("late", "30 * * * *", backup), of("early", "0 * * * *", backup)];
    let timetable = Timetable { schedules, windows: Windows::default() };
    let mark = instant("2026-03-01T11:30:00Z");
    let mut standings: HashMap<String, Standing> = timetable
        .schedules
        .iter()
        .map(|schedule| (schedule.name.clone(), standing(schedule, mark)))
        .collect();
    let fates = |standings: &HashMap<String, Standing>| {
        let decided = timetable.look(standings, instant("2026-03-01T12:40:00Z"));
        let fate = |(schedule, decision): (&Schedule, Decision)| {
            (schedule.name.clone(), decision.tick.unwrap().1, decision.unfinished)
        };
        decided.into_iter().map(fate).collect::<Vec<_>>()
    };
    let first = timetable.schedules[1].job(instant("2026-03-01T12:00:00Z"));
    let (early, late) = ("early".to_owned(), "late".to_owned());
    assert_eq!(
        fates(&standings),
        [(early.clone(), Fate::Emitted, None), (late.clone(), Fate::Skipped, Some(first))]
    );
    let running = JobId::new();
    standings.get_mut("late").unwrap().unfinished = Some(running);
    assert_eq!(
        fates(&standings),
        [(early, Fate::Skipped, Some(running)), (late, Fate::Skipped, Some(running))]
    );
}

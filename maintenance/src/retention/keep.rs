//! Which backups are kept: all of the last days, then one for each of the last weeks and months.
//!
//! - Ages are counted from the newest backup that counts, not from today: while none is taken, none is lost.
//! - Only verified backups count. One that is not verified takes nobody's place.
//! - What is pinned stays, and so does what a kept backup cannot be restored without.
//! - The newest verified backup stays whatever the policy says. While there is none, everything stays.
//!
//! A week or month is kept by the newest backup in it, weeks being those of ISO 8601, all in UTC: the meaning of
//! restic's `forget --keep-within 30d --keep-weekly 4 --keep-monthly 12`, which the tests hold this to.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use fermiac_fleet::profile::Backup;
use serde::Serialize;

/// How many backups are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// All that are no older than so many days.
    pub days: u32,
    /// For so many weeks that have one, the newest of the week.
    pub weekly: u32,
    /// For so many months that have one, the newest of the month.
    pub monthly: u32,
}

impl Policy {
    /// That of a profile.
    #[must_use]
    pub fn of(section: &Backup) -> Policy {
        Policy { days: section.keep_days, weekly: section.keep_weekly, monthly: section.keep_monthly }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Policy { days: 30, weekly: 4, monthly: 12 }
    }
}

/// Whether a backup counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was read back and is whole.
    Verified,
    /// It is being taken.
    Running,
    /// It waits to be verified.
    Pending,
    /// It will not.
    Failed,
}

/// A backup, as far as keeping it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What it is called.
    pub label: String,
    /// The instant whose data it holds.
    pub taken_at: DateTime<Utc>,
    /// Whether it counts.
    pub standing: Standing,
    /// Whether somebody wants it kept.
    pub is_pinned: bool,
    /// Whether somebody works with it at this moment.
    pub is_held: bool,
    /// The backup without which it cannot be restored.
    pub needs: Option<String>,
}

/// Why a backup is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is the newest that is verified.
    Newest,
    /// Somebody wants it.
    Pinned,
    /// It is being taken.
    Running,
    /// Somebody verifies, rehearses or restores it at this moment.
    InUse,
    /// It may yet be verified.
    Pending,
    /// Nothing is verified yet.
    NothingVerified,
    /// It is of the last days.
    Day,
    /// It is the newest of its week.
    Week,
    /// It is the newest of its month.
    Month,
    /// One that is kept needs it.
    Needed,
}

/// The backups to keep, by label, each with every reason. What is not named may go.
#[must_use]
pub fn keep(candidates: &[Candidate], policy: &Policy) -> BTreeMap<String, BTreeSet<Reason>> {
    let mut kept = Kept::default();
    for candidate in candidates.iter().filter(|candidate| candidate.is_pinned) {
        kept.because(candidate, Reason::Pinned);
    }
    // Whoever takes one holds it.
    for candidate in candidates.iter().filter(|candidate| candidate.is_held) {
        let is_running = candidate.standing == Standing::Running;
        kept.because(candidate, if is_running { Reason::Running } else { Reason::InUse });
    }
    let mut counting: Vec<&Candidate> =
        candidates.iter().filter(|candidate| candidate.standing == Standing::Verified).collect();
    // Of two of one instant, the later label is the newer.
    counting.sort_by(|one, other| (other.taken_at, &other.label).cmp(&(one.taken_at, &one.label)));
    match counting.first() {
        Some(newest) => {
            kept.because(newest, Reason::Newest);
            keep_pending(candidates, newest, policy, &mut kept);
        }
        None => candidates.iter().for_each(|candidate| kept.because(candidate, Reason::NothingVerified)),
    }
    keep_periods(&counting, policy, &mut kept);
    keep_needed(candidates, &mut kept);
    kept.0
}

#[derive(Default)]
struct Kept(BTreeMap<String, BTreeSet<Reason>>);

impl Kept {
    fn because(&mut self, candidate: &Candidate, reason: Reason) {
        self.0.entry(candidate.label.clone()).or_default().insert(reason);
    }
}

/// What waits to be verified has the last days to be so.
fn keep_pending(candidates: &[Candidate], newest: &Candidate, policy: &Policy, kept: &mut Kept) {
    let of_the_days = candidates.iter().filter(|one| one.taken_at >= first_instant(newest, policy));
    for candidate in of_the_days {
        match candidate.standing {
            Standing::Running => kept.because(candidate, Reason::Running),
            Standing::Pending => kept.because(candidate, Reason::Pending),
            Standing::Verified | Standing::Failed => {}
        }
    }
}

/// Of those that count, newest first.
fn keep_periods(counting: &[&Candidate], policy: &Policy, kept: &mut Kept) {
    let (mut weeks, mut months) = (policy.weekly, policy.monthly);
    let (mut last_week, mut last_month) = (None, None);
    for candidate in counting {
        if candidate.taken_at >= first_instant(counting[0], policy) {
            kept.because(candidate, Reason::Day);
        }
        let week = candidate.taken_at.iso_week();
        if weeks > 0 && last_week.replace(week) != Some(week) {
            weeks -= 1;
            kept.because(candidate, Reason::Week);
        }
        let month = (candidate.taken_at.year(), candidate.taken_at.month());
        if months > 0 && last_month.replace(month) != Some(month) {
            months -= 1;
            kept.because(candidate, Reason::Month);
        }
    }
}

fn first_instant(newest: &Candidate, policy: &Policy) -> DateTime<Utc> {
    let days = TimeDelta::days(i64::from(policy.days));
    newest.taken_at.checked_sub_signed(days).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

fn keep_needed(candidates: &[Candidate], kept: &mut Kept) {
    let by_label: BTreeMap<&str, &Candidate> =
        candidates.iter().map(|candidate| (candidate.label.as_str(), candidate)).collect();
    let mut looked_at: Vec<String> = kept.0.keys().cloned().collect();
    while let Some(label) = looked_at.pop() {
        let needed = by_label.get(label.as_str()).and_then(|candidate| candidate.needs.as_deref());
        let Some(needed) = needed.and_then(|label| by_label.get(label)) else { continue };
        if !kept.0.contains_key(&needed.label) {
            looked_at.push(needed.label.clone());
        }
        kept.because(needed, Reason::Needed);
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::*;

    fn backup(taken_at: DateTime<Utc>, standing: Standing) -> Candidate {
        let label = taken_at.format("%Y%m%dT%H%M%S").to_string();
        Candidate { label, taken_at, standing, is_pinned: false, is_held: false, needs: None }
    }

    fn noon(year: i32, month: u32, day: u32) -> DateTime<Utc> {
        NaiveDate::from_ymd_opt(year, month, day).unwrap().and_hms_opt(12, 0, 0).unwrap().and_utc()
    }

    fn kept(candidates: &[Candidate], policy: &Policy) -> Vec<String> {
        keep(candidates, policy).into_keys().collect()
    }

    #[test]
    fn a_backup_of_29_days_stays_and_one_of_31_goes() {
        let newest = noon(2026, 6, 30);
        let aged = |days| backup(newest - TimeDelta::days(days), Standing::Verified);
        let policy = Policy { weekly: 0, monthly: 0, ..Policy::default() };
        let all = [aged(0), aged(29), aged(30), aged(31)];
        let expected = [all[2].label.as_str(), all[1].label.as_str(), all[0].label.as_str()];
        assert_eq!(kept(&all, &policy), expected);
    }

    /// The example of restic's manual: one snapshot a day, `--keep-weekly`: the last of each week stays.
    #[test]
    fn the_newest_of_a_week_stands_for_it() {
        let daily: Vec<Candidate> =
            (1..=24).map(|day| backup(noon(2026, 2, day), Standing::Verified)).collect();
        let policy = Policy { days: 0, weekly: 3, monthly: 0 };
        assert_eq!(kept(&daily, &policy), ["20260215T120000", "20260222T120000", "20260224T120000"]);
    }

    #[test]
    fn the_only_verified_backup_stays_under_a_policy_that_keeps_nothing() {
        let all = [
            backup(noon(2026, 1, 1), Standing::Verified),
            backup(noon(2026, 3, 1), Standing::Failed),
            backup(noon(2025, 1, 1), Standing::Pending),
        ];
        let policy = Policy { days: 0, weekly: 0, monthly: 0 };
        assert_eq!(kept(&all, &policy), ["20260101T120000"]);
    }

    #[test]
    fn nothing_goes_while_nothing_is_verified() {
        let all = [backup(noon(2020, 1, 1), Standing::Failed), backup(noon(2026, 1, 1), Standing::Pending)];
        assert_eq!(kept(&all, &Policy::default()).len(), 2);
    }

    #[test]
    fn a_backup_is_kept_for_what_is_done_with_it_and_not_as_if_it_were_pinned() {
        let old = |standing, is_held| Candidate { is_held, ..backup(noon(2020, 1, 1), standing) };
        let reasons = |one: Candidate| {
            let label = one.label.clone();
            let newest = backup(noon(2026, 1, 1), Standing::Verified);
            keep(&[one, newest], &Policy { days: 1, weekly: 0, monthly: 0 }).remove(&label)
        };
        assert_eq!(reasons(old(Standing::Running, true)), Some(BTreeSet::from([Reason::Running])));
        assert_eq!(reasons(old(Standing::Verified, true)), Some(BTreeSet::from([Reason::InUse])));
        let pinned = Candidate { is_pinned: true, ..old(Standing::Verified, false) };
        assert_eq!(reasons(pinned), Some(BTreeSet::from([Reason::Pinned])));
        assert_eq!(reasons(old(Standing::Verified, false)), None);
    }

    #[test]
    fn the_chain_that_a_kept_backup_needs_stays() {
        let mut all: Vec<Candidate> =
            (1..=3).map(|month| backup(noon(2026, month, 1), Standing::Verified)).collect();
        all[2].needs = Some(all[1].label.clone());
        all[1].needs = Some(all[0].label.clone());
        let policy = Policy { days: 1, weekly: 0, monthly: 0 };
        assert_eq!(kept(&all, &policy).len(), 3);
    }

    #[test]
    fn two_years_of_daily_backups_leave_days_weeks_and_months() {
        let policy = Policy::default();
        let mut held: Vec<Candidate> = Vec::new();
        for day in 0..730 {
            held.push(backup(noon(2024, 1, 1) + TimeDelta::days(day), Standing::Verified));
            let keep = keep(&held, &policy);
            held.retain(|one| keep.contains_key(&one.label));
            let weeks: BTreeSet<_> = held.iter().map(|one| one.taken_at.iso_week()).collect();
            let months: BTreeSet<_> =
                held.iter().map(|one| (one.taken_at.year(), one.taken_at.month())).collect();
            assert!(held.len() >= usize::try_from(day + 1).unwrap().min(31));
            assert!(weeks.len() >= usize::try_from(day / 7).unwrap().min(4), "day {day}: {weeks:?}");
            assert!(months.len() >= usize::try_from(day / 31).unwrap().min(12), "day {day}: {months:?}");
        }
        assert!(held.len() <= 31 + 4 + 12, "{}", held.len());
    }

    fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
        let standing = prop_oneof![
            6 => Just(Standing::Verified), 1 => Just(Standing::Pending), 1 => Just(Standing::Running),
            1 => Just(Standing::Failed),
        ];
        let rare = || prop::bool::weighted(0.05);
        let one = (0_i64..40_000, standing, rare(), rare(), prop::option::weighted(0.2, 0_usize..60));
        prop::collection::vec(one, 0..60).prop_map(|drawn| {
            let mut all: Vec<Candidate> = Vec::new();
            for (hour, standing, is_pinned, is_held, needs) in drawn {
                let taken_at = noon(2022, 1, 1) + TimeDelta::hours(hour);
                // Only an earlier one can be needed.
                let needs = needs.and_then(|place| all.get(place)).map(|one| one.label.clone());
                let label = format!("{:02}-{hour}", all.len());
                all.push(Candidate { label, taken_at, standing, is_pinned, is_held, needs });
            }
            all
        })
    }

    fn policies() -> impl Strategy<Value = Policy> {
        (0_u32..60, 0_u32..8, 0_u32..16).prop_map(|(days, weekly, monthly)| Policy { days, weekly, monthly })
    }

    proptest! {
        #[test]
        fn the_newest_verified_the_pinned_and_the_needed_stay(all in candidates(), policy in policies()) {
            let keep = keep(&all, &policy);
            let verified = all.iter().filter(|one| one.standing == Standing::Verified);
            if let Some(newest) = verified.max_by_key(|one| (one.taken_at, &one.label)) {
                prop_assert!(keep.contains_key(&newest.label));
            } else {
                prop_assert_eq!(keep.len(), all.len());
            }
            for one in &all {
                prop_assert!(!(one.is_pinned || one.is_held) || keep.contains_key(&one.label));
                let is_kept = keep.contains_key(&one.label);
                prop_assert!(!is_kept || one.needs.as_ref().is_none_or(|needed| keep.contains_key(needed)));
            }
        }

        #[test]
        fn what_is_not_verified_takes_nobodys_place(all in candidates(), policy in policies()) {
            let verified: Vec<Candidate> =
                all.iter().filter(|one| one.standing == Standing::Verified).cloned().collect();
            let (alone, among) = (keep(&verified, &policy), keep(&all, &policy));
            prop_assert!(alone.keys().all(|label| among.contains_key(label)));
        }

        #[test]
        fn keeping_twice_keeps_the_same(all in candidates(), policy in policies()) {
            let once = keep(&all, &policy);
            let left: Vec<Candidate> = all.into_iter().filter(|one| once.contains_key(&one.label)).collect();
            let twice = keep(&left, &policy);
            prop_assert_eq!(once.keys().collect::<Vec<_>>(), twice.keys().collect::<Vec<_>>());
        }

        /// Nothing but the order and the distances of backups counts: a year without any costs none.
        #[test]
        fn an_outage_costs_no_history(all in candidates(), policy in policies(), weeks in 0_i64..500) {
            let daily = Policy { weekly: 0, monthly: 0, ..policy };
            let shifted: Vec<Candidate> = all
                .iter()
                .map(|one| Candidate { taken_at: one.taken_at + TimeDelta::weeks(weeks), ..one.clone() })
                .collect();
            prop_assert_eq!(keep(&all, &daily), keep(&shifted, &daily));
        }

        /// Another way to say it: of a set of verified backups, each period's newest, the newest periods of them.
        #[test]
        fn weeks_and_months_are_as_a_slower_way_says(all in candidates(), policy in policies()) {
            let keep = keep(&all, &policy);
            let verified: Vec<&Candidate> = all.iter().filter(|one| one.standing == Standing::Verified).collect();
            let newest_of = |period: &dyn Fn(&Candidate) -> (i32, u32), count: u32| -> BTreeSet<String> {
                let periods: BTreeSet<(i32, u32)> = verified.iter().map(|one| period(one)).collect();
                let wanted = periods.into_iter().rev().take(count as usize);
                let newest = wanted.filter_map(|wanted| {
                    let within = verified.iter().filter(|one| period(one) == wanted);
                    within.max_by_key(|one| (one.taken_at, &one.label)).map(|one| one.label.clone())
                });
                newest.collect()
            };
            let having = |reason: Reason| -> BTreeSet<String> {
                keep.iter().filter(|(_, why)| why.contains(&reason)).map(|(label, _)| label.clone()).collect()
            };
            let week = |one: &Candidate| (one.taken_at.iso_week().year(), one.taken_at.iso_week().week());
            let month = |one: &Candidate| (one.taken_at.year(), one.taken_at.month());
            prop_assert_eq!(having(Reason::Week), newest_of(&week, policy.weekly));
            prop_assert_eq!(having(Reason::Month), newest_of(&month, policy.monthly));
        }
    }
}

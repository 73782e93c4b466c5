//! Who comes in, for the audit trail: a user at most once an hour, and refused keys counted, at most once a minute. So
//! the trail grows with users and time, and not with requests.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use fermiac_fleet::audit::{Act, Action};
use fermiac_fleet::ids::UserId;

/// A user who comes again within this time is the same visit.
const VISIT: Duration = Duration::from_secs(3600);
/// Refusals within this time are told together.
const TOGETHER: Duration = Duration::from_secs(60);
/// So many users are remembered; of more, all are forgotten and noted again.
const MOST_USERS: usize = 10_000;

/// What was noted last.
#[derive(Debug, Default)]
pub struct Access(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    seen: HashMap<UserId, Instant>,
    refused: u64,
    told: Option<Instant>,
}

impl Access {
    /// A key was taken. What is to be noted, if anything.
    pub fn granted(&self, user: UserId, now: Instant) -> Option<Act> {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = noted.seen.get(&user);
        if last.is_some_and(|last| now.duration_since(*last) < VISIT) {
            return None;
        }
        if noted.seen.len() >= MOST_USERS {
            noted.seen.clear();
        }
        noted.seen.insert(user, now);
        Some(Act::on(Action::AccessGranted, user))
    }

    /// A key was refused. What is to be noted, if anything: how often since the last time.
    pub fn denied(&self, now: Instant) -> Option<Act> {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.refused += 1;
        if noted.told.is_some_and(|told| now.duration_since(told) < TOGETHER) {
            return None;
        }
        noted.told = Some(now);
        let refused = std::mem::take(&mut noted.refused);
        Some(Act::on(Action::AccessDenied, "keys").saying(refused))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_noted_once_a_visit_and_refusals_once_a_minute_with_their_count() {
        let (access, user, begin) = (Access::default(), UserId::new(), Instant::now());
        let granted = Some(Act::on(Action::AccessGranted, user));
        assert_eq!(access.granted(user, begin), granted);
        assert_eq!(access.granted(user, begin + VISIT / 2), None);
        assert_eq!(access.granted(user, begin + VISIT), granted);

        let denied = |count: u64| Some(Act::on(Action::AccessDenied, "keys").saying(count));
        assert_eq!(access.denied(begin), denied(1));
        assert_eq!(access.denied(begin + TOGETHER / 2), None);
        assert_eq!(access.denied(begin + TOGETHER / 2), None);
        assert_eq!(access.denied(begin + TOGETHER), denied(3));
    }

    #[test]
    fn users_without_end_are_forgotten() {
        let access = Access::default();
        (0..=MOST_USERS).for_each(|_| assert!(access.granted(UserId::new(), Instant::now()).is_some()));
        assert!(access.0.lock().unwrap().seen.len() < MOST_USERS);
    }
}

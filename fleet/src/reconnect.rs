//! The pauses between tries: they grow, are never twice the same, and never grow past a bound.
//!
//! The crate behind this is no longer maintained; this file is all that knows it.

use std::time::Duration;

use backoff::backoff::Backoff;
use backoff::{ExponentialBackoff, ExponentialBackoffBuilder};

/// How far a pause may be from its nominal length, as a part of it: many clients of one server that was away must not
/// come back all at once.
const SPREAD: f64 = 0.5;

/// Pauses for one thing that is tried again and again, without end.
#[derive(Debug)]
pub struct Pauses {
    backoff: ExponentialBackoff,
    longest: Duration,
}

impl Pauses {
    /// From about `first` on, each twice as long as the one before, to about `longest`.
    #[must_use]
    pub fn new(first: Duration, longest: Duration) -> Self {
        let backoff = ExponentialBackoffBuilder::new()
            .with_initial_interval(first)
            .with_randomization_factor(SPREAD)
            .with_multiplier(2.0)
            .with_max_interval(longest)
            .with_max_elapsed_time(None)
            .build();
        Pauses { backoff, longest }
    }

    /// For a connection to a server: from 50 ms to 2 s.
    #[must_use]
    pub fn between_connections() -> Self {
        Pauses::new(Duration::from_millis(50), Duration::from_secs(2))
    }

    /// The next one.
    pub fn next_pause(&mut self) -> Duration {
        self.backoff.next_backoff().unwrap_or(self.longest)
    }

    /// It worked: the next pause is a first one again.
    pub fn reset(&mut self) {
        self.backoff.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_never_end() {
        let (first, longest) = (Duration::from_millis(100), Duration::from_secs(1));
        let mut pauses = Pauses::new(first, longest);
        for nominal in [100, 200, 400, 800, 1_000, 1_000, 1_000].map(Duration::from_millis) {
            let pause = pauses.next_pause();
            assert!(pause >= nominal / 2 && pause <= nominal * 3 / 2, "{pause:?} for {nominal:?}");
        }
        assert!((0..10_000).all(|_| pauses.next_pause() <= longest * 3 / 2));
        pauses.reset();
        assert!(pauses.next_pause() <= first * 3 / 2);
    }
}

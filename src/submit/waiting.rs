//! Waiting for a simulation that others compute.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::sleep;
use std::time::{Duration, Instant};

use fermiac_kernels::simulation::Observer;

use super::server::{Accepted, Server};
use crate::failure::Failure;
use crate::run::progress::Progress;

/// A pause between two looks is this part of what is expected to be left: looks are few, and the last one comes soon,
const PART: u32 = 4;
/// of which there is at least this share of what was waited: what follows the trials may take its time,
const LEAST_LEFT: f64 = 0.02;
/// but a server is not asked more often than this,
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
/// nor more seldom than workers write how far they are.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Returns once it has succeeded, with a bar until then.
pub fn until_final(server: &Server, accepted: &Accepted, json: bool) -> Result<(), Failure> {
    let progress = Progress::start(accepted.trials, json, Arc::new(AtomicBool::new(false)));
    let started = Instant::now();
    let last = loop {
        let now = server.simulation(&accepted.id)?;
        progress.progress(now.trials_done);
        if !matches!(now.state.as_str(), "queued" | "running") {
            break now;
        }
        sleep(pause(started.elapsed(), now.trials_done, accepted.trials));
    };
    progress.finish();
    match last.state.as_str() {
        "succeeded" => Ok(()),
        "failed" => Err(Failure::Failed(format!(
            "simulation {} failed: {}",
            last.id,
            last.error.as_deref().unwrap_or("no reason was given")
        ))),
        state => Err(Failure::Failed(format!("simulation {} is {state}", last.id))),
    }
}

/// Trials are expected to go on as they went so far; as long as none is done, as much again to be waited.
fn pause(waited: Duration, done: u64, trials: u64) -> Duration {
    let left = if done == 0 { 1.0 } else { trials.saturating_sub(done) as f64 / done as f64 };
    waited.div_f64(f64::from(PART)).mul_f64(left.clamp(LEAST_LEFT, 1e6)).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_come_closer_as_the_end_does() {
        let of = |waited: u64, done| pause(Duration::from_millis(waited), done, 100).as_millis();
        assert_eq!([of(0, 0), of(100, 0), of(60_000, 0)], [10, 25, 500]);
        assert_eq!(
            [of(1000, 10), of(1000, 50), of(1600, 80), of(2000, 99), of(2000, 100), of(30_000, 100)],
            [500, 250, 100, 10, 10, 150]
        );
        assert_eq!(pause(Duration::from_secs(1 << 40), 1, u64::MAX).as_millis(), 500);
    }

    #[test]
    fn a_short_wait_is_not_made_much_longer_by_many_looks() {
        // Two seconds of steady work of which the server tells in tenths.
        let (mut waited, mut looks) = (Duration::ZERO, 0);
        while waited < Duration::from_secs(2) {
            let done = waited.as_millis() as u64 / 200 * 10;
            waited += pause(waited, done, 100);
            looks += 1;
        }
        assert!(looks < 30 && waited < Duration::from_millis(2100), "{looks} looks, {waited:?}");
    }
}

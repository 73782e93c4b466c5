//! Waiting for a simulation that others compute.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::sleep;
use std::time::{Duration, Instant};

use fermiac_kernels::simulation::Observer;

use super::server::{Accepted, Server};
use crate::failure::Failure;
use crate::run::progress::Progress;

/// A pause between two looks adds about this part to what has been waited already,
const PART: u32 = 50;
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
        sleep((started.elapsed() / PART).clamp(SHORTEST_PAUSE, LONGEST_PAUSE));
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

//! Says what waits, and how long: what an autoscaler should go by, where the length of a stream leaves out what runs
//! and what waits for its time.

use std::collections::HashSet;

use fermiac_fleet::job::{Label, State};
use fermiac_fleet::store::{ALIVE, Store, Worker};
use fermiac_fleet::telemetry::metrics as names;

use super::{Duty, DutyError};

/// The duty.
#[derive(Debug)]
pub struct Measure {
    store: Store,
}

/// What a tick did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Jobs that are not over.
    pub outstanding: u64,
}

impl Measure {
    /// Of a store.
    #[must_use]
    pub fn new(store: Store) -> Measure {
        Measure { store }
    }
}

impl Duty for Measure {
    const NAME: &str = "measure";
    type Done = Measured;

    async fn tick(&mut self) -> Result<Measured, DutyError> {
        let outstanding = self.store.outstanding().await?;
        let mut seen = HashSet::new();
        for row in &outstanding {
            let labels =
                [("label", row.label.name()), ("priority", row.priority.name()), ("state", row.state.name())];
            metrics::gauge!(names::JOBS_OUTSTANDING, &labels).set(row.count as f64);
            metrics::gauge!(names::JOBS_OLDEST_AGE_SECONDS, &labels).set(row.oldest_age.as_secs_f64());
            seen.insert(labels);
        }
        forget_others(&seen);
        count_workers(&self.store.workers(ALIVE).await?);
        Ok(Measured { outstanding: outstanding.iter().map(|row| row.count).sum() })
    }

    fn tell(_: &Measured) {}
}

fn count_workers(workers: &[Worker]) {
    for label in Label::ALL {
        let able = workers.iter().filter(|worker| worker.beat.labels.contains(label)).count();
        metrics::gauge!(names::WORKERS_ALIVE, "label" => label.name()).set(able as f64);
    }
}

/// A gauge keeps its last value: what is empty now must say so.
fn forget_others(seen: &HashSet<[(&'static str, &'static str); 3]>) {
    use fermiac_fleet::job::Priority;
    for label in Label::ALL {
        for priority in Priority::ALL {
            for state in State::ALL.iter().filter(|state| !state.is_terminal()) {
                let labels =
                    [("label", label.name()), ("priority", priority.name()), ("state", state.name())];
                if !seen.contains(&labels) {
                    metrics::gauge!(names::JOBS_OUTSTANDING, &labels).set(0.0);
                    metrics::gauge!(names::JOBS_OLDEST_AGE_SECONDS, &labels).set(0.0);
                }
            }
        }
    }
}

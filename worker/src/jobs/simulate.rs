//! A whole simulation in one job.

use std::sync::Arc;

use fermiac_fleet::delivery::{Delivery, Produced};
use fermiac_simulation::Drawn;
use fermiac_simulation::outcome::Stopped;

use super::failure::JobError;
use super::{Runner, Watch, on_own_threads, simulation_of};
use crate::places::Place;
use crate::running::Tether;

impl Runner {
    /// Runs all trials and publishes the result.
    pub(super) async fn simulate(
        &self,
        delivery: &Delivery,
        tether: &Arc<Tether>,
        place: &Place,
    ) -> Result<Produced, JobError> {
        let model = self.models.get(simulation_of(delivery)?, place).await?;
        let (threads, watch) = (self.threads, Watch(Arc::clone(tether)));
        let made = on_own_threads(move || {
            let finished = model.simulate(threads, Drawn::No, &watch)?;
            match finished.outcome.stopped {
                Stopped::Cancelled => Err(JobError::stopped()),
                Stopped::Trials | Stopped::Precision => Self::make(&model, &finished),
            }
        });
        self.publish(delivery, made.await?).await
    }
}

//! Some blocks of a simulation.

use std::sync::Arc;

use fermiac_fleet::delivery::{Delivery, Produced};
use fermiac_fleet::simulation::{SliceWork, part_key};

use super::failure::JobError;
use super::{Runner, Watch, on_own_threads, payload, simulation_of};
use crate::places::Place;
use crate::running::Tether;

impl Runner {
    /// Runs the trials of a slice; its part is a blob until the combine has read it.
    pub(super) async fn slice(
        &self,
        delivery: &Delivery,
        tether: &Arc<Tether>,
        place: &Place,
    ) -> Result<Produced, JobError> {
        let SliceWork { first_trial, end_trial } = payload(delivery)?;
        let simulation = simulation_of(delivery)?;
        let model = self.models.get(simulation, place).await?;
        let (threads, watch) = (self.threads, Watch(Arc::clone(tether)));
        let part = on_own_threads(move || {
            let part = model.simulate_slice(first_trial..end_trial, threads, &watch);
            Ok(part?.to_bytes(model.origin()?))
        });
        let part = part.await?;
        let key = part_key(simulation, delivery.held());
        self.blobs.put(&key, part.into()).await?;
        let progress = Some(end_trial - first_trial);
        Ok(Produced { result_key: Some(key), progress, ..Produced::default() })
    }
}

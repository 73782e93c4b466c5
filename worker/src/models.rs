//! Compiled models, kept for the next slice of the same simulation.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use fermiac_fleet::blobs::Blobs;
use fermiac_fleet::ids::SimulationId;
use fermiac_fleet::simulation::{StoredRequest, workbook_key};
use fermiac_fleet::store::Store;
use fermiac_simulation::{Prepared, SimulationRequest};
use tokio::sync::OnceCell;

use crate::figures;
use crate::jobs::failure::JobError;
use crate::patience::patiently;

/// A workbook is read up to so many bytes: more than the API takes in.
const MAX_WORKBOOK_BYTES: u64 = 1 << 30;
/// At most so many models are kept, however small.
const MOST: usize = 256;

type Compiled = Arc<OnceCell<Arc<Prepared>>>;

/// The models of the simulations that were worked on last.
#[derive(Debug)]
pub struct Models {
    store: Store,
    blobs: Blobs,
    max_bytes: usize,
    /// Used last stands last.
    kept: Mutex<VecDeque<(SimulationId, Compiled)>>,
}

impl Models {
    /// An empty cache of at most about so many bytes.
    pub fn new(store: Store, blobs: Blobs, max_bytes: usize) -> Models {
        Models { store, blobs, max_bytes, kept: Mutex::new(VecDeque::new()) }
    }

    /// The model of a simulation; slices that begin together wait for one compilation.
    pub async fn get(&self, simulation: SimulationId) -> Result<Arc<Prepared>, JobError> {
        let place = self.place_of(simulation);
        let model = place.get_or_try_init(|| self.compile(simulation)).await?;
        self.shrink();
        Ok(Arc::clone(model))
    }

    async fn compile(&self, simulation: SimulationId) -> Result<Arc<Prepared>, JobError> {
        let stored = patiently(|| self.store.simulation_request(simulation)).await?;
        let stored: StoredRequest = serde_json::from_slice(&stored)
            .map_err(|error| JobError::permanent(format!("the stored request cannot be read: {error}")))?;
        let workbook = match &stored.workbook_hash {
            Some(hash) => Some(self.blobs.get(&workbook_key(hash), MAX_WORKBOOK_BYTES).await?),
            None => None,
        };
        let started = Instant::now();
        let compiled = tokio::task::spawn_blocking(move || {
            let request = SimulationRequest::from_json(stored.request.get().as_bytes())?;
            let model = workbook.as_deref().or(request.json_model()).unwrap_or_default();
            Prepared::compile(model, &request)
        });
        let compiled = compiled.await.map_err(|error| JobError::panicked(&error))?;
        figures::compiled(started);
        Ok(Arc::new(compiled?))
    }

    fn place_of(&self, simulation: SimulationId) -> Compiled {
        let mut kept = self.lock();
        let known = kept.iter().position(|(known, _)| *known == simulation);
        let entry = known.and_then(|known| kept.remove(known)).unwrap_or((simulation, Compiled::default()));
        let place = Arc::clone(&entry.1);
        kept.push_back(entry);
        place
    }

    /// Forgets those that were used longest ago until the others fit; the last one always stays.
    fn shrink(&self) {
        let mut kept = self.lock();
        let bytes = |entry: &(SimulationId, Compiled)| entry.1.get().map_or(0, |model| model.bytes());
        let mut total: usize = kept.iter().map(bytes).sum();
        while kept.len() > 1 && (total > self.max_bytes || kept.len() > MOST) {
            let oldest = kept.pop_front();
            total -= oldest.as_ref().map_or(0, bytes);
        }
        figures::kept(total);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(SimulationId, Compiled)>> {
        self.kept.lock().expect("nothing that can panic runs under this lock")
    }
}

//! Compiled models, kept for the next slice of the same simulation.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use fermiac_fleet::blobs::{BlobError, Blobs};
use fermiac_fleet::ids::SimulationId;
use fermiac_fleet::simulation::{StoredRequest, workbook_key};
use fermiac_fleet::store::Store;
use fermiac_simulation::{OpenGpu, Prepared, SimulationRequest};
use tokio::sync::OnceCell;

use crate::figures;
use crate::jobs::failure::JobError;
use crate::patience::patiently;
use crate::places::Place;

/// A workbook is read up to so many bytes: more than the API takes in.
const MAX_WORKBOOK_BYTES: u64 = 1 << 30;
/// At most so many models are kept, however small.
const MOST: usize = 256;

type Compiled = Arc<OnceCell<Model>>;

/// A model, ready for the processor, and for each GPU that it was wanted on.
#[derive(Debug)]
struct Model {
    prepared: Arc<Prepared>,
    on_gpus: Mutex<Vec<(u32, Arc<Prepared>)>>,
}

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

    /// The model of a simulation, to be computed at `place`; slices that begin together wait for one compilation.
    pub async fn get(&self, simulation: SimulationId, place: &Place) -> Result<Arc<Prepared>, JobError> {
        let compiled = self.place_of(simulation);
        let model = compiled.get_or_try_init(|| self.compile(simulation)).await?;
        self.shrink();
        Ok(match place {
            Place::Processor => Arc::clone(&model.prepared),
            Place::Gpu(gpu) => model.on(gpu),
        })
    }

    async fn compile(&self, simulation: SimulationId) -> Result<Model, JobError> {
        let stored = patiently(|| self.store.simulation_request(simulation)).await?;
        let stored: StoredRequest = serde_json::from_slice(&stored)
            .map_err(|error| JobError::permanent(format!("the stored request cannot be read: {error}")))?;
        let workbook = match &stored.workbook_hash {
            Some(hash) => {
                let read = self.blobs.get(&workbook_key(hash), MAX_WORKBOOK_BYTES).await;
                Some(read.map_err(unreadable)?)
            }
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
        Ok(Model { prepared: Arc::new(compiled?), on_gpus: Mutex::default() })
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
        let bytes =
            |entry: &(SimulationId, Compiled)| entry.1.get().map_or(0, |model| model.prepared.bytes());
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

impl Model {
    /// The model on a GPU. One that the GPU has failed with is made anew.
    fn on(&self, gpu: &Arc<OpenGpu>) -> Arc<Prepared> {
        let ordinal = gpu.gpu().ordinal;
        let mut on_gpus = self.on_gpus.lock().expect("nothing that can panic runs under this lock");
        on_gpus.retain(|(_, prepared)| !prepared.is_broken());
        if let Some((_, prepared)) = on_gpus.iter().find(|(known, _)| *known == ordinal) {
            return Arc::clone(prepared);
        }
        let prepared = Arc::new(self.prepared.on_gpu(gpu));
        on_gpus.push((ordinal, Arc::clone(&prepared)));
        prepared
    }
}

/// A workbook that is not there may come back: what cleans up moves it aside for a moment and looks who needs it.
fn unreadable(error: BlobError) -> JobError {
    match error {
        BlobError::NotFound { .. } => JobError::passing(error),
        error => error.into(),
    }
}

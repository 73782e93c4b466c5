//! What every request works with.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use fermiac_fleet::blobs::{BlobError, BlobStream, Blobs};
use fermiac_fleet::job::Bell;
use fermiac_fleet::probes::Probes;
use fermiac_fleet::profile::Profile;
use fermiac_fleet::queue::Queue;
use fermiac_fleet::store::{Store, StoreError};
use fermiac_fleet::telemetry::Figures;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::access::Access;
use crate::error::ApiError;
use crate::models::Compiler;
use crate::read_only::Switch;

/// A submitter does not wait longer for bells.
const RING_WITHIN: Duration = Duration::from_secs(1);

/// What every request works with. Clones share everything.
#[derive(Debug, Clone)]
pub struct Api(Arc<Parts>);

/// The parts.
#[derive(Debug)]
pub struct Parts {
    pub(crate) store: Store,
    pub(crate) queue: Queue,
    pub(crate) blobs: Blobs,
    pub(crate) profile: Profile,
    pub(crate) probes: Probes,
    pub(crate) compiler: Compiler,
    pub(crate) access: Access,
    pub(crate) switch: Switch,
    pub(crate) uploads: Arc<Semaphore>,
    pub(crate) event_streams: Arc<Semaphore>,
    pub(crate) draining: CancellationToken,
}

impl Api {
    /// Over these homes. `draining` ends event streams and turns readiness off.
    #[must_use]
    pub fn new(
        homes: (Store, Queue, Blobs),
        profile: Profile,
        figures: Figures,
        draining: CancellationToken,
    ) -> Api {
        let probes = Probes::new(homes.clone(), figures, draining.clone());
        let (store, queue, blobs) = homes;
        Api(Arc::new(Parts {
            store,
            queue,
            blobs,
            compiler: Compiler::new(&profile.http),
            access: Access::default(),
            switch: Switch::default(),
            uploads: Arc::new(Semaphore::new(profile.http.uploads)),
            event_streams: Arc::new(Semaphore::new(profile.http.event_streams)),
            profile,
            probes,
            draining,
        }))
    }

    /// A blob that a row names. Where it is gone, `row` is looked at again: retention, which deletes rows before blobs,
    /// may have come in between.
    pub(crate) async fn blob_of_row<T>(
        &self,
        key: &str,
        row: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<BlobStream, ApiError> {
        match self.blobs.get_stream(key).await {
            Err(BlobError::NotFound { key }) => {
                row.await?;
                Err(ApiError::Broken { reason: format!("the blob {key} is lost, and a row names it") })
            }
            stream => Ok(stream?),
        }
    }

    /// Rings for what was written. A bell that cannot be rung is no failure: the relay rings it.
    pub(crate) async fn ring(&self, bells: &[Bell]) {
        let reason = match tokio::time::timeout(RING_WITHIN, self.queue.ring(bells)).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the queue does not answer".to_owned(),
        };
        tracing::warn!(reason, bells = bells.len(), "bells were not rung; the relay will");
    }
}

impl Deref for Api {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

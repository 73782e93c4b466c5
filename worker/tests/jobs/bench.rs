//! One worker and what it works with.

use std::num::NonZeroUsize;
use std::time::Duration;

use fermiac_fleet::blobs::{BlobSettings, Blobs};
use fermiac_fleet::ids::JobId;
use fermiac_fleet::job::{Bell, Job, Label};
use fermiac_fleet::queue::Queue;
use fermiac_fleet::store::{Store, StoreSettings};
use fermiac_worker::{End, Settings, Worker};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Far beyond what anything here takes: it is there so that a test ends.
pub const DEADLINE: Duration = Duration::from_secs(60);
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

pub struct Bench {
    pub store: Store,
    pub queue: Queue,
    pub blobs: Blobs,
    /// Where the blobs are.
    _folder: TempDir,
}

/// A worker that works.
pub struct Working {
    draining: CancellationToken,
    worker: JoinHandle<End>,
}

impl Bench {
    pub async fn with(settings: &StoreSettings) -> Bench {
        let store = Store::connect("sqlite::memory:", settings).await.unwrap();
        store.migrate().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::connect(&BlobSettings::at(folder.path().to_str().unwrap())).unwrap();
        Bench { store, queue: Queue::in_process(), blobs, _folder: folder }
    }

    /// A worker of one slot for jobs of this label.
    pub fn worker(&self, label: Label) -> Working {
        let settings = Settings {
            labels: vec![label],
            slots: NonZeroUsize::MIN,
            threads: NonZeroUsize::MIN,
            lease: Duration::from_secs(30),
            drain: Duration::from_secs(5),
            cache_bytes: 1 << 20,
        };
        let draining = CancellationToken::new();
        let worker = Worker::new(self.store.clone(), self.queue.clone(), self.blobs.clone(), settings);
        Working { worker: tokio::spawn(worker.run(draining.clone())), draining }
    }

    /// Rings, and gives the job as it ended.
    pub async fn ended(&self, job: JobId, bells: &[Bell]) -> Job {
        self.queue.ring(bells).await.unwrap();
        let ending = async {
            loop {
                let job = self.store.job(job).await.unwrap();
                if job.state.is_terminal() {
                    return job;
                }
                tokio::time::sleep(BETWEEN_LOOKS).await;
            }
        };
        tokio::time::timeout(DEADLINE, ending).await.unwrap()
    }
}

impl Working {
    /// Has it drain, which it does with nothing left.
    pub async fn end(self) {
        self.draining.cancel();
        assert_eq!(self.worker.await.unwrap(), End::Drained);
    }
}

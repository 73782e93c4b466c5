//! The loop of a worker, and how it ends.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use fermiac_fleet::blobs::Blobs;
use fermiac_fleet::delivery::{Delivery, Held, Outcome, Produced};
use fermiac_fleet::job::Kind;
use fermiac_fleet::profile::DeviceFallback;
use fermiac_fleet::queue::{ConsumerName, Queue};
use fermiac_fleet::store::{Store, StoreError, WorkerBeat};
use fermiac_maintenance::Context;
use fermiac_maintenance::retention::lifecycle::Lifecycle;
use fermiac_simulation::OpenGpu;
use fermiac_smoke::Smoke;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::alone::waits_to_be_alone;
use crate::figures;
use crate::intake::{Intake, is_light};
use crate::jobs::Runner;
use crate::patience::ANSWERED_WITHIN;
use crate::places::{Place, Places, Taken};
use crate::running::{Running, Stop, Tether};
use crate::sensors::Sensors;
use crate::settings::Settings;
use crate::settling::{Ended, Settlements, settling};

/// The worker shows that it is alive so often.
const BEAT: Duration = Duration::from_secs(5);
/// A claimed job that finds no slot within this time is handed back for others.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long interrupted jobs have to look up.
const INTERRUPTION: Duration = Duration::from_secs(2);
/// How long a worker that has drained waits for a store that is away. What it could not write is run again elsewhere.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// One worker.
#[derive(Debug, Clone)]
pub struct Worker {
    pub(crate) store: Store,
    queue: Queue,
    name: ConsumerName,
    pub(crate) settings: Settings,
    runner: Arc<Runner>,
    pub(crate) running: Running,
    pub(crate) slots: Arc<Semaphore>,
    /// How many there are, busy ones included: a lost GPU may take its slot along.
    pub(crate) slots_left: watch::Sender<usize>,
    places: Arc<Places>,
}

/// Why a worker has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It was told to drain, and has.
    Drained,
    /// Its GPUs failed, and the profile lets nothing else compute.
    WithoutGpu,
}

impl Worker {
    /// A worker that has not begun.
    #[must_use]
    pub fn new(store: Store, queue: Queue, blobs: Blobs, settings: Settings) -> Worker {
        Worker {
            runner: Arc::new(Runner::new(store.clone(), blobs, &settings)),
            running: Running::default(),
            slots: Arc::new(Semaphore::new(settings.slots.get())),
            slots_left: watch::Sender::new(settings.slots.get()),
            places: Arc::new(Places::on_processor()),
            name: ConsumerName::fresh(),
            store,
            queue,
            settings,
        }
    }

    /// The same worker, which computes on these GPUs: one job at a time on each, whatever number of slots it was told.
    /// Before it begins. Without any it computes on the processor, as before.
    #[must_use]
    pub fn computing_on(mut self, gpus: Vec<Arc<OpenGpu>>, fallback: DeviceFallback) -> Worker {
        if let Some(slots) = NonZeroUsize::new(gpus.len()) {
            self.settings.slots = slots;
            self.slots = Arc::new(Semaphore::new(slots.get()));
            self.slots_left = watch::Sender::new(slots.get());
            self.places = Arc::new(Places::on_gpus(gpus, fallback));
        }
        self
    }

    /// The same worker, which does the platform's own jobs too. Before it begins.
    #[must_use]
    pub fn maintaining(mut self, context: Context) -> Worker {
        if let Some(runner) = Arc::get_mut(&mut self.runner) {
            runner.maintain(context);
        }
        self
    }

    /// The same worker, which makes smoke tests too. Before it begins.
    #[must_use]
    pub fn testing(mut self, smoke: Smoke) -> Worker {
        if let Some(runner) = Arc::get_mut(&mut self.runner) {
            runner.test(smoke);
        }
        self
    }

    /// The same worker, whose cleanups have the buckets follow these rules too. Before it begins.
    #[must_use]
    pub fn leading(mut self, lifecycle: Lifecycle) -> Worker {
        if let Some(runner) = Arc::get_mut(&mut self.runner) {
            runner.lead(lifecycle);
        }
        self
    }

    /// Works until told to drain, or until there is nothing left to compute on, then drains: returns when nothing is in
    /// its hands any more.
    pub async fn run(self, draining: CancellationToken) -> End {
        let device = self.places.describe();
        // Told by the loss of all that it computes on, too.
        let draining = draining.child_token();
        tracing::info!(worker = %self.name, slots = self.settings.slots, threads = self.settings.threads, device, "worker begins");
        figures::begin(self.settings.slots.get());
        let ended = CancellationToken::new();
        let (settlements, writing) = settling(self.store.clone(), self.queue.clone());
        let mut background = JoinSet::new();
        background.spawn(writing);
        background.spawn(self.clone().keep_leases(ended.clone()));
        background.spawn(self.clone().beat(ended.clone()));
        if !self.places.gpus().is_empty() {
            background.spawn(watch_gpus(Arc::clone(&self.places), ended.clone()));
        }
        let mut jobs = JoinSet::new();
        self.take_jobs(&draining, &settlements, &mut jobs).await;
        self.drain(jobs).await;
        drop(settlements);
        ended.cancel();
        if tokio::time::timeout(LAST_WORDS, join_all(&mut background)).await.is_err() {
            tracing::warn!("settlements cannot be written; leases will run out and the jobs run elsewhere");
            background.abort_all();
        }
        self.leave().await;
        if self.is_lost() { End::WithoutGpu } else { End::Drained }
    }

    async fn take_jobs(
        &self,
        draining: &CancellationToken,
        settlements: &Settlements,
        jobs: &mut JoinSet<()>,
    ) {
        let listener = self.queue.listen(&self.settings.labels, &self.name);
        let homes = (self.store.clone(), self.queue.clone(), listener);
        let (name, lease) = (self.name.to_string(), self.settings.lease);
        let mut intake = Intake::new(homes, name, lease, self.running.clone());
        while !draining.is_cancelled() {
            while let Some(end) = jobs.try_join_next() {
                report(end);
            }
            let rung = tokio::select! {
                () = draining.cancelled() => return,
                rung = self.listen_with_room(&mut intake) => rung,
            };
            if rung.is_empty() {
                continue;
            }
            let claimed = intake.claim(rung).await;
            let (alone, others): (Vec<_>, Vec<_>) = claimed.into_iter().partition(waits_to_be_alone);
            for delivery in others {
                self.begin(delivery, draining, settlements, jobs).await;
            }
            self.begin_alone(alone, draining, settlements, jobs).await;
        }
    }

    /// Listens once there is a free slot.
    async fn listen_with_room(&self, intake: &mut Intake) -> Vec<fermiac_fleet::queue::Rung> {
        let free = self.slots.acquire().await.map(drop);
        free.expect("the semaphore of slots is never closed");
        intake.listen(self.slots.available_permits()).await
    }

    async fn begin(
        &self,
        delivery: Delivery,
        draining: &CancellationToken,
        settlements: &Settlements,
        jobs: &mut JoinSet<()>,
    ) {
        if is_light(delivery.kind) {
            hand_in(settlements, Ended::with(delivery, Outcome::Completed(Produced::default()))).await;
            return;
        }
        // Before anything else is listened to: a slot that looks free would be filled by a second job.
        let slot = self.slot_at_once(delivery.kind);
        jobs.spawn(self.working(delivery, slot, draining, settlements));
    }

    /// The work on a delivery, in a span of its own.
    pub(crate) fn working(
        &self,
        delivery: Delivery,
        slot: Option<OwnedSemaphorePermit>,
        draining: &CancellationToken,
        settlements: &Settlements,
    ) -> impl Future<Output = ()> + Send + use<> {
        let span = tracing::info_span!("job", job = %delivery.job, kind = %delivery.kind, attempt = delivery.attempt);
        self.clone().work(delivery, slot, draining.clone(), settlements.clone()).instrument(span)
    }

    async fn work(
        self,
        delivery: Delivery,
        slot: Option<OwnedSemaphorePermit>,
        draining: CancellationToken,
        settlements: Settlements,
    ) {
        let held = delivery.held();
        let tether = self.running.begin(held, delivery.timeout);
        let turn = tokio::select! {
            biased;
            turn = self.turn(delivery.kind, slot) => turn,
            () = draining.cancelled() => None,
            () = tokio::time::sleep(PATIENCE) => None,
        };
        let (slot, outcome) = match turn {
            Some(mut slot) if self.may_run(&delivery, &tether, &draining).await => {
                let _run = figures::Run::begin(&delivery);
                let outcome = self.run_on(slot.as_mut(), &delivery, &tether).await;
                if self.is_lost() {
                    draining.cancel();
                }
                (slot, outcome)
            }
            turn => (turn.flatten(), Outcome::Interrupted),
        };
        self.running.end(held);
        if tether.stop() != Some(Stop::Lost) {
            let kept = slot.filter(|_| delivery.alone);
            hand_in(&settlements, Ended::with(delivery, outcome).keeping(kept)).await;
        }
    }

    /// Runs a job on what its slot has to compute on. Where that is lost, so is the slot.
    async fn run_on(
        &self,
        slot: Option<&mut OwnedSemaphorePermit>,
        delivery: &Delivery,
        tether: &Arc<Tether>,
    ) -> Outcome {
        let taken = slot.as_ref().map(|_| self.places.take());
        let place = taken.as_ref().map_or(&Place::Processor, Taken::place);
        let before = place.kernel_time();
        let outcome = self.runner.run(delivery, tether, place).await;
        if let Place::Gpu(gpu) = place {
            figures::ran_on(gpu, place.kernel_time() - before);
            if let Some(reason) = gpu.out_of_use() {
                tracing::error!(device = %place, %reason, "a GPU is out of use until this worker is started again");
            }
        }
        if taken.as_ref().is_some_and(Taken::is_lost)
            && let Some(one) = slot.and_then(|slot| slot.split(1))
        {
            one.forget();
            self.slots_left.send_modify(|left| *left -= 1);
        }
        outcome
    }

    /// Whether nothing is left to compute on: a slot goes with each GPU that nothing takes the place of.
    fn is_lost(&self) -> bool {
        *self.slots_left.borrow() == 0
    }

    /// A slot, if one is free: of a batch that was expected to be over in no time, more may be heard than there are.
    fn slot_at_once(&self, kind: Kind) -> Option<OwnedSemaphorePermit> {
        if needs_slot(kind) { Arc::clone(&self.slots).try_acquire_owned().ok() } else { None }
    }

    /// A turn to run, with the slot that comes with it.
    async fn turn(
        &self,
        kind: Kind,
        slot: Option<OwnedSemaphorePermit>,
    ) -> Option<Option<OwnedSemaphorePermit>> {
        if slot.is_some() || !needs_slot(kind) {
            return Some(slot);
        }
        Arc::clone(&self.slots).acquire_owned().await.ok().map(Some)
    }

    /// Waits for running jobs, interrupts those that take too long, and hands back what does not even hear that.
    async fn drain(&self, mut jobs: JoinSet<()>) {
        tracing::info!(jobs = jobs.len(), "worker drains");
        if tokio::time::timeout(self.settings.drain, join_all(&mut jobs)).await.is_ok() {
            return;
        }
        self.running.interrupt_all();
        if tokio::time::timeout(INTERRUPTION, join_all(&mut jobs)).await.is_ok() {
            return;
        }
        let held: Vec<Held> = self.running.held();
        tracing::warn!(jobs = held.len(), "jobs do not stop; they are handed back as they are");
        jobs.abort_all();
        match self.store.release(&held).await {
            Ok(bells) => drop(self.queue.ring(&bells).await),
            Err(error) => tracing::warn!(%error, "cannot hand jobs back; their leases will run out"),
        }
    }

    async fn keep_leases(self, ended: CancellationToken) {
        self.running.keep(&self.store, self.settings.lease, ended).await;
    }

    async fn beat(self, ended: CancellationToken) {
        let mut every = tokio::time::interval(BEAT);
        loop {
            tokio::select! {
                () = ended.cancelled() => return,
                _ = every.tick() => {}
            }
            let beat = self.beat_now();
            if let Err(error) = StoreError::unless_silent(ANSWERED_WITHIN, self.store.heartbeat(&beat)).await
            {
                tracing::warn!(%error, "cannot show that this worker is alive");
            }
        }
    }

    fn beat_now(&self) -> WorkerBeat {
        WorkerBeat {
            id: self.name.to_string(),
            labels: self.settings.labels.clone(),
            slots: *self.slots_left.borrow() as u32,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            device: self.places.describe(),
        }
    }

    async fn leave(&self) {
        let name = self.name.to_string();
        if let Err(error) = StoreError::unless_silent(LAST_WORDS, self.store.forget_worker(&name)).await {
            tracing::warn!(%error, "cannot say goodbye; the worker will be forgotten in time");
        }
        tracing::info!(worker = %self.name, "worker ended");
    }
}

/// Shows what GPUs have done and tell of themselves, until told to end.
async fn watch_gpus(places: Arc<Places>, ended: CancellationToken) {
    let sensors = Arc::new(Sensors::find());
    let mut every = tokio::time::interval(BEAT);
    loop {
        let (places, sensors) = (Arc::clone(&places), Arc::clone(&sensors));
        let showing = tokio::task::spawn_blocking(move || {
            figures::gpus(places.gpus());
            sensors.show(places.gpus());
        });
        if let Err(error) = showing.await {
            tracing::warn!(%error, "cannot show what GPUs do");
        }
        tokio::select! {
            () = ended.cancelled() => return,
            _ = every.tick() => {}
        }
    }
}

/// A job that waits for simulations takes no slot: they may be left to this worker, and it has perhaps but one.
pub(crate) fn needs_slot(kind: Kind) -> bool {
    kind != Kind::SmokeTest
}

pub(crate) async fn hand_in(settlements: &Settlements, ended: Ended) {
    let handed = settlements.send(ended).await;
    handed.expect("settlements are written until the last place to hand them in is dropped");
}

async fn join_all(jobs: &mut JoinSet<()>) {
    while let Some(end) = jobs.join_next().await {
        report(end);
    }
}

/// A task of this worker that panicked is a mistake of ours, not of a job: jobs catch their own.
fn report(end: Result<(), tokio::task::JoinError>) {
    if let Err(error) = end
        && error.is_panic()
    {
        tracing::error!(%error, "a task of the worker panicked");
    }
}

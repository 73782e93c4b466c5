//! The roles of a fleet, each until a signal ends it: `dev` is all of them in one process.

mod audit;
mod backups;
mod disaster;
mod gpus;
mod homes;
mod jobs;
mod lifecycle;
mod queues;
mod read_only;
mod retention;
mod schedules;
mod smoke;
mod users;
mod workers;

use std::net::SocketAddr;
use std::num::NonZeroUsize;

use fermiac_api::{Api, serve};
use fermiac_fleet::audit::{Act, Action};
use fermiac_fleet::job::Label;
use fermiac_fleet::probes::Probes;
use fermiac_fleet::profile::{Profile, Variables};
use fermiac_fleet::queue::Queue;
use fermiac_fleet::shutdown::Shutdown;
use fermiac_fleet::telemetry::{self, Figures};
use fermiac_maintenance::Context;
use fermiac_maintenance::retention::lifecycle::Lifecycle;
use fermiac_scheduler::{Periods, Scheduler};
use fermiac_worker::{End, Worker};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::arguments::{
    AuditArguments, BackupArguments, DisasterArguments, EnvironmentArguments, JobsArguments,
    LifecycleArguments, QueuesArguments, ReadOnlyArguments, RestoreArguments, RetentionArguments,
    SchedulesArguments, SmokeArguments, UsersArguments, WorkersArguments,
};
use crate::failure::Failure;
use homes::Homes;

/// What one process of a fleet does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// All of them, with nothing installed.
    Dev,
    /// Answers over HTTP.
    Api,
    /// Runs jobs.
    Worker,
    /// Does the duties.
    Scheduler,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Role::Dev => "dev",
            Role::Api => "api",
            Role::Worker => "worker",
            Role::Scheduler => "scheduler",
        }
    }
}

/// Plays `role` until a signal ends it.
pub fn play(role: Role, arguments: &EnvironmentArguments) -> Result<(), Failure> {
    let profile = profile(role, arguments)?;
    telemetry::log(&profile.log).map_err(failed)?;
    let figures = Figures::begin(profile.environment).map_err(failed)?;
    runtime()?.block_on(async {
        let homes = Homes::connect(&profile).await?.acting_as(audit::of_role(role.name()));
        if role == Role::Dev {
            homes.store.migrate().await.map_err(failed)?;
            users::welcome(&homes.store, &profile).await?;
        }
        homes.store.check_schema().await.map_err(Failure::refused)?;
        let started = Act::on(Action::RoleStarted, role.name()).saying(audit::settings_in_force(&profile));
        homes.store.note(started).await.map_err(failed)?;
        until_a_signal(role, profile, homes, figures).await
    })
}

/// Applies the migrations that the database lacks.
pub fn migrate(arguments: &EnvironmentArguments) -> Result<(), Failure> {
    let profile = profile(Role::Api, arguments)?;
    runtime()?.block_on(async {
        let homes = Homes::connect(&profile).await?.acting_as(audit::operator());
        let applied = homes.store.migrate().await.map_err(Failure::refused)?;
        applied.iter().for_each(|migration| println!("applied {:04} {}", migration.version, migration.name));
        for state in homes.store.migration_state().await.map_err(failed)? {
            println!("{:04} {}: {}", state.version, state.name, state.status);
        }
        Ok(())
    })
}

/// Prints the settings in force, without what is secret.
pub fn config(arguments: &EnvironmentArguments) -> Result<(), Failure> {
    print!("{}", profile(Role::Api, arguments)?.redacted());
    Ok(())
}

/// Adds, lists and revokes those who may submit.
pub fn users(arguments: &UsersArguments) -> Result<(), Failure> {
    operate(&arguments.environment, async |_, homes| users::manage(&homes.store, &arguments.command).await)
}

/// Lists jobs, shows one, tries a dead letter again.
pub fn jobs(arguments: &JobsArguments) -> Result<(), Failure> {
    operate(&arguments.environment, async |_, homes| jobs::manage(&homes, &arguments.command).await)
}

/// Shows what is outstanding.
pub fn queues(arguments: &QueuesArguments) -> Result<(), Failure> {
    operate(&arguments.environment, async |_, homes| {
        let queue = (!homes.queue.is_in_process()).then_some(&homes.queue);
        queues::show(&homes.store, queue, arguments.json).await
    })
}

/// Lists the workers that are alive.
pub fn workers(arguments: &WorkersArguments) -> Result<(), Failure> {
    operate(&arguments.environment, async |_, homes| workers::show(&homes.store, arguments.json).await)
}

/// Lists what happens by the clock, or does one of it now.
pub fn schedules(arguments: &SchedulesArguments) -> Result<(), Failure> {
    operate(&arguments.environment, async |profile, homes| {
        schedules::manage(&homes, &profile, arguments).await
    })
}

/// Shows who did what when, or proves that nobody altered it.
pub fn audit(arguments: &AuditArguments) -> Result<(), Failure> {
    operate(&arguments.environment, async |_, homes| {
        audit::manage(&homes.store, &arguments.command, arguments.json).await
    })
}

/// Deletes what was kept long enough, or lists it.
pub fn retention(arguments: &RetentionArguments) -> Result<(), Failure> {
    operate(&arguments.environment, async |profile, homes| {
        retention::manage(&homes, &profile, arguments).await
    })
}

/// Makes the service read-only, or ends that, or says how it is.
pub fn read_only(arguments: &ReadOnlyArguments) -> Result<(), Failure> {
    operate(&arguments.environment, async |_, homes| read_only::manage(&homes.store, arguments).await)
}

/// Shows the rules that buckets follow by themselves, or has them follow them. The database is not asked.
pub fn lifecycle(arguments: &LifecycleArguments) -> Result<(), Failure> {
    maintain(&arguments.environment, async |profile| {
        let blobs = homes::blobs(&profile)?;
        lifecycle::manage(&profile, &blobs, arguments).await
    })
}

/// Takes, lists, verifies and keeps backups, and holds drills.
pub fn backup(arguments: &BackupArguments) -> Result<(), Failure> {
    maintain(&arguments.environment, async |profile| {
        let blobs = homes::blobs(&profile)?;
        backups::manage(&profile, blobs, &arguments.command, arguments.json).await
    })
}

/// Restores a backup, or rehearses it. Nothing that may be lost is asked.
pub fn restore(arguments: &RestoreArguments) -> Result<(), Failure> {
    maintain(&arguments.environment, async |profile| {
        let blobs = arguments.blobs.then(|| homes::blobs(&profile)).transpose()?;
        backups::restore(&profile, blobs, arguments).await
    })
}

/// Brings the service back after a disaster. Nothing that may be lost is needed.
pub fn recover(arguments: &DisasterArguments) -> Result<(), Failure> {
    maintain(&arguments.environment, async |profile| disaster::recover(&profile, arguments).await)
}

/// Makes a smoke test. What does not answer is a finding of it.
pub fn smoke(arguments: &SmokeArguments) -> Result<(), Failure> {
    maintain(&arguments.environment, async |profile| smoke::test(&profile, arguments).await)
}

/// Does with an environment what needs no database to begin with, and says in the log how it goes.
fn maintain(
    environment: &EnvironmentArguments,
    work: impl AsyncFnOnce(Profile) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let profile = profile(Role::Api, environment)?;
    telemetry::log(&profile.log).map_err(failed)?;
    runtime()?.block_on(work(profile))
}

/// Does something to a fleet whose schema this program knows.
fn operate(
    environment: &EnvironmentArguments,
    work: impl AsyncFnOnce(Profile, Homes) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let profile = profile(Role::Api, environment)?;
    runtime()?.block_on(async {
        let homes = Homes::connect(&profile).await?.acting_as(audit::operator());
        homes.store.check_schema().await.map_err(Failure::refused)?;
        work(profile, homes).await
    })
}

async fn until_a_signal(role: Role, profile: Profile, homes: Homes, figures: Figures) -> Result<(), Failure> {
    let (shutdown, finished) = (Shutdown::new(), CancellationToken::new());
    let (mut tasks, mut probing) = (JoinSet::new(), JoinSet::new());
    if let Some(address) = probed_at(role, &profile) {
        let Homes { store, queue, blobs } = homes.clone();
        let probes = Probes::new((store, queue, blobs), figures.clone(), shutdown.draining.clone());
        let serving = probes.serve(listen(address).await?, finished.clone());
        probing.spawn(async move { serving.await.map_err(failed) });
    }
    tasks.spawn(tell_if_unheard(homes.queue.clone(), shutdown.draining.clone()));
    if matches!(role, Role::Dev | Role::Worker) {
        let worker = worker(&profile, &homes).await?;
        let draining = shutdown.draining.clone();
        tasks.spawn(async move {
            match worker.run(draining).await {
                End::Drained => Ok(()),
                End::WithoutGpu => Err(Failure::Failed(
                    "no GPU can be used any more; start the worker again once `fermiac doctor` finds one"
                        .to_owned(),
                )),
            }
        });
    }
    if matches!(role, Role::Dev | Role::Scheduler) {
        let Homes { store, queue, blobs } = homes.clone();
        let scheduler =
            Scheduler::new(store, queue, blobs, periods(&profile)).with_timetable(profile.timetable.clone());
        let draining = shutdown.draining.clone();
        tasks.spawn(async move {
            scheduler.run(draining).await;
            Ok(())
        });
    }
    let drain = profile.worker.drain.max(profile.http.drain);
    if matches!(role, Role::Dev | Role::Api) {
        let listener = listen(profile.http.listen).await?;
        let Homes { store, queue, blobs } = homes;
        let api = Api::new((store, queue, blobs), profile, figures, shutdown.draining.clone());
        let shutdown = shutdown.clone();
        tasks.spawn(async move { serve(api, listener, &shutdown).await.map_err(failed) });
    }
    let ended = finished.clone();
    let signals = tokio::spawn(async move { shutdown.on_signals(drain, &ended).await });
    let outcome = all_of(tasks).await;
    finished.cancel();
    signals.await.map_err(failed)?.map_err(failed)?;
    outcome.and(all_of(probing).await)
}

/// Says so at once if bells can be neither rung nor heard: a role that seldom rings would find out late.
async fn tell_if_unheard(queue: Queue, draining: CancellationToken) -> Result<(), Failure> {
    if let Some(Err(error)) = draining.run_until_cancelled(queue.ping()).await {
        tracing::error!(%error, "no bell rings: jobs wait in the database until Redis answers");
    }
    Ok(())
}

async fn all_of(mut tasks: JoinSet<Result<(), Failure>>) -> Result<(), Failure> {
    let mut outcome = Ok(());
    while let Some(end) = tasks.join_next().await {
        outcome = outcome.and(end.map_err(failed).and_then(|done| done));
    }
    outcome
}

/// Where a role that answers nothing else answers probes; the API does so among its own addresses.
fn probed_at(role: Role, profile: &Profile) -> Option<SocketAddr> {
    match role {
        Role::Worker => profile.worker.listen,
        Role::Scheduler => profile.scheduler.listen,
        Role::Dev | Role::Api => None,
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|error| Failure::Failed(format!("cannot listen on {address}: {error}")))
}

async fn worker(profile: &Profile, homes: &Homes) -> Result<Worker, Failure> {
    let settings = &profile.worker;
    let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let gpus = gpus::open(profile)?;
    let slots = if gpus.is_empty() { settings.slots } else { gpus.len() };
    let slots = NonZeroUsize::new(slots).unwrap_or(NonZeroUsize::MIN);
    let threads = if settings.threads == 0 { processors } else { settings.threads };
    let threads = NonZeroUsize::new(threads / slots).unwrap_or(NonZeroUsize::MIN);
    let settings = fermiac_worker::Settings {
        labels: settings.labels.clone(),
        slots,
        threads,
        lease: settings.lease,
        drain: settings.drain,
        cache_bytes: settings.cache_bytes,
    };
    let Homes { store, queue, blobs } = homes.clone();
    let takes_maintenance = settings.labels.contains(&Label::Maintenance);
    let worker = Worker::new(store, queue, blobs.clone(), settings);
    let worker = worker.computing_on(gpus, profile.gpu.fallback);
    if !takes_maintenance {
        return Ok(worker);
    }
    let mut worker = worker.testing(smoke::of(profile, homes.clone()));
    if profile.lifecycle.apply {
        worker = worker.leading(Lifecycle::of(profile, &blobs).map_err(Failure::refused)?);
    }
    if profile.backup.url.is_none() {
        return Ok(worker);
    }
    let context = Context::connect(profile, blobs).await.map_err(Failure::refused)?;
    Ok(worker.maintaining(context.acting_as(audit::of_role(Role::Worker.name()))))
}

fn periods(profile: &Profile) -> Periods {
    let settings = &profile.scheduler;
    Periods {
        relay: settings.relay,
        promote: settings.promote,
        rescue: settings.rescue,
        schedules: settings.schedules,
        orphans: settings.collect,
        measure: settings.outstanding,
        audit: settings.audit,
        term: settings.term,
    }
}

fn profile(role: Role, arguments: &EnvironmentArguments) -> Result<Profile, Failure> {
    let variables: Variables = std::env::vars().collect();
    let default = (role == Role::Dev).then_some("development");
    let name = arguments.env.as_deref().or(default);
    Profile::load(name, arguments.environments.as_deref(), &variables).map_err(Failure::refused)
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Runtime::new().map_err(failed)
}

#[expect(clippy::needless_pass_by_value, reason = "map_err hands errors over by value")]
fn failed(error: impl ToString) -> Failure {
    Failure::Failed(error.to_string())
}

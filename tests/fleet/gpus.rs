//! Workers with GPUs: they come to the bytes of the processor, and a GPU that fails harms no simulation.
//!
//! The GPUs are those of a driver that has the processor for one: see `kernels/cuda/driver.cpp`.

use std::time::Duration;

use fermiac_harness::{free_port, wait_until};
use fermiac_simulation::Gpus;
use serde_json::Value;

use crate::driver::driver;
use crate::fleet::Fleet;
use crate::judge::everything_ended_once;
use crate::role::Role;

/// Far beyond what anything here takes.
const DEADLINE: Duration = Duration::from_secs(60);
const ALL_LABELS: &str = "FERMIAC_WORKER_LABELS=cpu,gpu";
const INSISTS: &str = "FERMIAC_GPU_FALLBACK=fail";

/// A worker beside the driver, and the port of its page of figures.
struct GpuWorker {
    role: Role,
    port: u16,
}

impl GpuWorker {
    /// Nothing where there is no compiler for the driver.
    fn start(fleet: &Fleet, devices: u32, settings: &[&str]) -> Option<GpuWorker> {
        let port = free_port();
        let own = [
            format!("LD_LIBRARY_PATH={}", driver()?.display()),
            format!("STAND_IN_DEVICES={devices}"),
            format!("FERMIAC_WORKER_LISTEN=127.0.0.1:{port}"),
            ALL_LABELS.to_owned(),
        ];
        let all: Vec<&str> = own.iter().map(String::as_str).chain(settings.iter().copied()).collect();
        Some(GpuWorker { role: fleet.worker_with(&all), port })
    }

    fn device(&mut self) -> String {
        let begun = self.role.await_message("worker begins");
        begun["device"].as_str().expect("the line says which").to_owned()
    }

    /// Waits until the page of figures has this line.
    fn await_figure(&self, line: &str) {
        let (name, wanted) = line.rsplit_once(' ').expect("a line is a name and a value");
        wait_until(line, DEADLINE, || self.figure(name).is_some_and(|value| value == wanted));
    }

    fn figure(&self, name: &str) -> Option<String> {
        let answer = ureq::get(format!("http://127.0.0.1:{}/metrics", self.port)).call().ok()?;
        let page = answer.into_body().read_to_string().ok()?;
        page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned))
    }

    /// Waits until both GPUs together have evaluated so many trials, each some.
    fn await_trials(&self, trials: u64) {
        let of = |device: u32| {
            let found = self.figure(&format!("fermiac_gpu_trials_total{{device=\"cuda:{device}\"}}"));
            found.and_then(|count| count.parse::<u64>().ok()).unwrap_or(0)
        };
        wait_until("all trials were evaluated on GPUs", DEADLINE, || {
            let (first, second) = (of(0), of(1));
            first > 0 && second > 0 && first + second >= trials
        });
    }
}

fn has_gpu() -> bool {
    let found = Gpus::find().is_ok();
    if found {
        eprintln!("skipped: this machine has a GPU");
    }
    found
}

fn documents_of(fleet: &Fleet, device: &str) -> i64 {
    fleet.database.count(&format!(
        "select count(*) from jobs
         where kind <> 'slice' and convert_from(result, 'UTF8') like '%\"device\": \"{device}\"%'"
    ))
}

fn await_device(fleet: &Fleet, device: &str) {
    let shown = format!("select count(*) > 0 from workers where device = '{device}'");
    fleet.database.wait_until("the worker tells what it computes on", DEADLINE, &shown);
}

#[test]
fn a_worker_with_two_gpus_comes_to_the_bytes_of_the_processor() {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    // It was told four slots, and has one for each GPU.
    let Some(mut worker) = GpuWorker::start(&fleet, 2, &[INSISTS, "FERMIAC_WORKER_SLOTS=4"]) else { return };
    let both = "cuda:0 the processor, as a GPU, cuda:1 the processor, as a GPU";
    assert_eq!(worker.device(), both);
    await_device(&fleet, both);
    let workers: Value = serde_json::from_str(&fleet.fermiac(&["workers", "--json"])).unwrap();
    assert_eq!((&workers[0]["device"], &workers[0]["slots"]), (&both.into(), &2.into()), "{workers}");
    assert!(fleet.fermiac(&["workers"]).contains(both));
    let accepted = fleet.submit(60);
    everything_ended_once(&fleet, &accepted);
    assert_eq!(documents_of(&fleet, "cuda") as usize, accepted.len());
    let trials = fleet.database.count("select sum(trials)::bigint from simulations");
    worker.await_trials(trials as u64);
    for device in ["cuda:0", "cuda:1"] {
        worker.await_figure(&format!("fermiac_gpu_usable{{device=\"{device}\"}} 1"));
        // Of a GPU of 1 GiB, by the fraction of the environment.
        worker.await_figure(&format!("fermiac_gpu_budget_bytes{{device=\"{device}\"}} 429496729"));
        for name in ["fermiac_gpu_used_bytes", "fermiac_gpu_load_seconds"] {
            let value = worker.figure(&format!("{name}{{device=\"{device}\"}}"));
            assert!(value.is_some_and(|value| value != "0"), "{name} of {device}");
        }
        let jobs = worker.figure(&format!("fermiac_gpu_kernel_seconds_count{{device=\"{device}\"}}"));
        assert!(jobs.is_some_and(|jobs| jobs != "0"), "the kernel's time on {device}");
        assert!(worker.figure(&format!("fermiac_gpu_temperature_celsius{{device=\"{device}\"}}")).is_none());
    }
}

#[test]
fn a_gpu_that_is_lost_is_used_no_more_and_its_job_runs_elsewhere() {
    the_second_gpu_is_used_no_more("STAND_IN_FAULT=1 launch 3 214", "ecc");
}

#[test]
fn a_gpu_that_comes_to_other_bits_is_used_no_more_and_its_job_runs_elsewhere() {
    the_second_gpu_is_used_no_more("STAND_IN_FAULT=1 launch 1 -1", "wrong");
}

/// After a fault of this kind, for which one job is tried again.
fn the_second_gpu_is_used_no_more(fault: &str, kind: &str) {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let Some(worker) = GpuWorker::start(&fleet, 2, &[INSISTS, fault]) else { return };
    let accepted = fleet.submit(60);
    everything_ended_once(&fleet, &accepted);
    assert_eq!(documents_of(&fleet, "cuda") as usize, accepted.len());
    worker.await_figure(&format!("fermiac_gpu_faults_total{{device=\"cuda:1\",kind=\"{kind}\"}} 1"));
    worker.await_figure("fermiac_gpu_usable{device=\"cuda:1\"} 0");
    worker.await_figure("fermiac_gpu_usable{device=\"cuda:0\"} 1");
    await_device(&fleet, "cuda:0 the processor, as a GPU");
    assert_eq!(fleet.database.count("select slots::bigint from workers"), 1);
    assert_eq!(fleet.database.count("select count(*) from jobs where attempt > 1"), 1);
}

#[test]
fn memory_that_does_not_do_costs_an_attempt_and_no_gpu() {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let fault = "STAND_IN_FAULT=0 allocate 2 2";
    let Some(worker) = GpuWorker::start(&fleet, 1, &[INSISTS, fault]) else { return };
    let accepted = fleet.submit(5);
    everything_ended_once(&fleet, &accepted);
    worker.await_figure("fermiac_gpu_faults_total{device=\"cuda:0\",kind=\"out_of_memory\"} 1");
    worker.await_figure("fermiac_gpu_usable{device=\"cuda:0\"} 1");
    assert_eq!(fleet.database.count("select count(*) from jobs where attempt > 1"), 1);
}

#[test]
fn a_worker_that_lost_its_last_gpu_ends_and_its_jobs_run_elsewhere() {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let fault = "STAND_IN_FAULT=0 launch 4 719";
    let Some(mut worker) = GpuWorker::start(&fleet, 1, &[INSISTS, fault]) else { return };
    let accepted = fleet.submit(40);
    let status = worker.role.end_within(DEADLINE);
    assert_eq!(status.code(), Some(1), "{}", worker.role.log());
    assert!(worker.role.log().contains("no GPU can be used any more"), "{}", worker.role.log());
    let _other = fleet.worker();
    everything_ended_once(&fleet, &accepted);
    assert!(documents_of(&fleet, "cpu") > 0);
}

#[test]
fn where_the_profile_lets_it_the_processor_takes_the_place_of_a_lost_gpu() {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let fault = "STAND_IN_FAULT=0 launch 2 700";
    let Some(_worker) = GpuWorker::start(&fleet, 1, &[fault]) else { return };
    let accepted = fleet.submit(20);
    everything_ended_once(&fleet, &accepted);
    assert!(documents_of(&fleet, "cpu") > 0);
    await_device(&fleet, "cpu");
}

#[test]
fn a_worker_without_a_gpu_starts_only_where_the_profile_lets_the_processor_do() {
    if has_gpu() {
        return;
    }
    let fleet = Fleet::start();
    let mut refused = fleet.role("worker", &[ALL_LABELS, INSISTS]);
    assert_eq!(refused.end_within(DEADLINE).code(), Some(1));
    assert!(refused.log().contains("this worker needs a GPU: there is no"), "{}", refused.log());
    let mut worker = fleet.worker_with(&[ALL_LABELS]);
    let begun = worker.await_message("worker begins");
    assert_eq!(begun["device"], "cpu");
    assert_eq!(worker.log().matches("no GPU is used").count(), 1, "{}", worker.log());
    let mut worker = fleet.worker_with(&[ALL_LABELS, INSISTS, "USE_GPU=false"]);
    assert_eq!(worker.await_message("worker begins")["device"], "cpu");
}

//! The name of every figure, declared once. `docs/metrics.md` is the same list, and a test holds it to this one.

use std::fmt::Write;

/// What a figure does over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Durations, in classes.
    Histogram,
}

impl Measure {
    fn name(self) -> &'static str {
        match self {
            Measure::Counter => "counter",
            Measure::Gauge => "gauge",
            Measure::Histogram => "histogram",
        }
    }
}

/// One figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name on the page.
    pub name: &'static str,
    /// What it does over time.
    pub measure: Measure,
    /// What it is told apart by.
    pub labels: &'static [&'static str],
    /// What it means.
    pub about: &'static str,
}

macro_rules! metrics {
    ($(#[doc = $about:literal] $constant:ident: $measure:ident = $name:literal [$($label:literal),*];)+) => {
        $(#[doc = $about] pub const $constant: &str = $name;)+

        /// All of them, in the order of the document.
        pub const ALL: &[Metric] = &[
            $(Metric {
                name: $name,
                measure: Measure::$measure,
                labels: &[$($label),*],
                about: $about.trim_ascii_start(),
            }),+
        ];
    };
}

metrics! {
    /// Always 1; tells which program runs.
    BUILD_INFO: Gauge = "fermiac_build_info" ["version", "commit", "environment"];
    /// Memory that the process holds.
    PROCESS_RESIDENT_BYTES: Gauge = "fermiac_process_resident_bytes" [];
    /// Requests that were answered; `route` is the pattern of the address, `status` the code, or `read_only` for its 503.
    HTTP_REQUESTS: Counter = "fermiac_http_requests_total" ["method", "route", "status"];
    /// Time from the first byte of a request to the head of its answer.
    HTTP_REQUEST_SECONDS: Histogram = "fermiac_http_request_seconds" ["method", "route"];
    /// Event streams that are open.
    EVENT_STREAMS: Gauge = "fermiac_event_streams" [];
    /// Workbooks that were taken.
    WORKBOOKS_UPLOADED: Counter = "fermiac_workbooks_uploaded_total" [];
    /// Bytes of the workbooks that were taken.
    UPLOADED_BYTES: Counter = "fermiac_uploaded_bytes_total" [];
    /// Simulations that were accepted.
    SIMULATIONS_SUBMITTED: Counter = "fermiac_simulations_submitted_total" [];
    /// Models that were refused by the compiler.
    MODELS_REFUSED: Counter = "fermiac_models_refused_total" [];
    /// Time to compile a model, the wait for a turn aside.
    COMPILE_SECONDS: Histogram = "fermiac_compile_seconds" [];
    /// Trials that were computed.
    TRIALS: Counter = "fermiac_trials_total" [];
    /// Jobs that were claimed.
    JOBS_CLAIMED: Counter = "fermiac_jobs_claimed_total" ["kind"];
    /// Jobs that were settled; `outcome` is completed, failed, cancelled or interrupted.
    JOBS_SETTLED: Counter = "fermiac_jobs_settled_total" ["kind", "outcome"];
    /// Settlements that the fence refused: another worker had the job by then.
    SETTLEMENTS_SUPERSEDED: Counter = "fermiac_settlements_superseded_total" [];
    /// Parts of slices that were gone, damaged or of another version when they were to be merged, and were made again.
    PARTS_MADE_AGAIN: Counter = "fermiac_parts_made_again_total" [];
    /// Time that a job ran.
    JOB_SECONDS: Histogram = "fermiac_job_seconds" ["kind"];
    /// Jobs that this worker may run at a time.
    WORKER_SLOTS: Gauge = "fermiac_worker_slots" [];
    /// Jobs that this worker runs.
    WORKER_SLOTS_BUSY: Gauge = "fermiac_worker_slots_busy" [];
    /// Bytes of compiled models that this worker keeps.
    PLAN_CACHE_BYTES: Gauge = "fermiac_plan_cache_bytes" [];
    /// Whether a GPU of this worker can be used; 0 until the worker is started again.
    GPU_USABLE: Gauge = "fermiac_gpu_usable" ["device"];
    /// Failures of a GPU; `kind` is out_of_memory, ecc, lost, illegal_address, launch, wrong or refused.
    GPU_FAULTS: Counter = "fermiac_gpu_faults_total" ["device", "kind"];
    /// Trials that a GPU evaluated, those of jobs that failed included.
    GPU_TRIALS: Counter = "fermiac_gpu_trials_total" ["device"];
    /// Time that the kernel ran on a GPU for one job.
    GPU_KERNEL_SECONDS: Histogram = "fermiac_gpu_kernel_seconds" ["device"];
    /// Time that it took to open a GPU and load the kernels when the worker started.
    GPU_LOAD_SECONDS: Gauge = "fermiac_gpu_load_seconds" ["device"];
    /// Memory of a GPU that this worker may use.
    GPU_BUDGET_BYTES: Gauge = "fermiac_gpu_budget_bytes" ["device"];
    /// Memory of a GPU that this worker uses for plans and launches.
    GPU_USED_BYTES: Gauge = "fermiac_gpu_used_bytes" ["device"];
    /// Part of the last seconds in which a GPU was at work, whoever used it; as NVML tells, where there is NVML.
    GPU_UTILISATION_RATIO: Gauge = "fermiac_gpu_utilisation_ratio" ["device"];
    /// Part of a GPU's memory that is used, by whomever; as NVML tells.
    GPU_MEMORY_USED_RATIO: Gauge = "fermiac_gpu_memory_used_ratio" ["device"];
    /// Temperature of a GPU in degrees Celsius, as NVML tells.
    GPU_TEMPERATURE_CELSIUS: Gauge = "fermiac_gpu_temperature_celsius" ["device"];
    /// Jobs that are not at their end, counted to 100,000.
    JOBS_OUTSTANDING: Gauge = "fermiac_jobs_outstanding" ["label", "priority", "state"];
    /// Age of the oldest of them.
    JOBS_OLDEST_AGE_SECONDS: Gauge = "fermiac_jobs_oldest_age_seconds" ["label", "priority", "state"];
    /// Workers that gave a sign of life.
    WORKERS_ALIVE: Gauge = "fermiac_workers_alive" ["label"];
    /// Bells that the relay rang because they were missing.
    BELLS_RELAYED: Counter = "fermiac_bells_relayed_total" [];
    /// Jobs whose time had come.
    JOBS_PROMOTED: Counter = "fermiac_jobs_promoted_total" [];
    /// Jobs that were taken back from a worker that lost them.
    JOBS_RESCUED: Counter = "fermiac_jobs_rescued_total" [];
    /// Jobs that were given up because their workers died.
    JOBS_DEAD: Counter = "fermiac_jobs_dead_total" [];
    /// Blobs that were removed because nothing refers to them.
    BLOBS_COLLECTED: Counter = "fermiac_blobs_collected_total" [];
    /// Workbooks, simulations and jobs that retention deleted; `class` is uploads, results, jobs or dead_letters.
    RETENTION_DELETED: Counter = "fermiac_retention_deleted_total" ["class"];
    /// Bytes of rows and blobs that went with them.
    RETENTION_FREED_BYTES: Counter = "fermiac_retention_freed_bytes_total" ["class"];
    /// Whether this scheduler leads.
    SCHEDULER_LEADING: Gauge = "fermiac_scheduler_leading" [];
    /// Ticks of a duty that failed; the next tick tries again.
    DUTY_FAILURES: Counter = "fermiac_duty_failures_total" ["duty"];
    /// Time that a tick of a duty took.
    DUTY_SECONDS: Histogram = "fermiac_duty_seconds" ["duty"];
    /// What was asked of the home of the blobs; `outcome` is done, missing or failed.
    BLOB_REQUESTS: Counter = "fermiac_blob_requests_total" ["operation", "outcome"];
    /// Time that it took to answer, for a blob that is read as a stream to its first byte.
    BLOB_REQUEST_SECONDS: Histogram = "fermiac_blob_request_seconds" ["operation"];
    /// Connections to the database; `state` is used or idle.
    DATABASE_CONNECTIONS: Gauge = "fermiac_database_connections" ["state"];
    /// Ticks of schedules; `fate` is emitted, caught_up, skipped or missed.
    SCHEDULE_TICKS: Counter = "fermiac_schedule_ticks_total" ["schedule", "fate"];
    /// Workers that there should be, as a schedule said last.
    DESIRED_WORKERS: Gauge = "fermiac_desired_workers" ["label"];
    /// The part of the memory that is used, of the machine or of the container, whichever is nearer its end.
    MEMORY_USED_RATIO: Gauge = "fermiac_memory_used_ratio" [];
    /// The part of a disk that is used.
    DISK_USED_RATIO: Gauge = "fermiac_disk_used_ratio" ["path"];
    /// How a check of the last smoke test of this worker ended: 1 for the one status that is so, of passed, failed and skipped.
    SMOKE_CHECK_STATUS: Gauge = "fermiac_smoke_check_status" ["check", "status"];
    /// Time that the check took.
    SMOKE_CHECK_SECONDS: Gauge = "fermiac_smoke_check_seconds" ["check"];
    /// When the last smoke test of this worker ended, in seconds since 1970.
    SMOKE_TESTED_AT_SECONDS: Gauge = "fermiac_smoke_tested_at_seconds" ["suite"];
}

/// What people's work comes to. Synthetic users count in none of these.
pub const BUSINESS: &[&str] = &[
    WORKBOOKS_UPLOADED,
    UPLOADED_BYTES,
    SIMULATIONS_SUBMITTED,
    MODELS_REFUSED,
    TRIALS,
    JOBS_CLAIMED,
    JOBS_SETTLED,
    JOB_SECONDS,
];

/// Gives every figure its words on the page.
pub(super) fn describe() {
    for metric in ALL {
        match metric.measure {
            Measure::Counter => ::metrics::describe_counter!(metric.name, metric.about),
            Measure::Gauge => ::metrics::describe_gauge!(metric.name, metric.about),
            Measure::Histogram => ::metrics::describe_histogram!(metric.name, metric.about),
        }
    }
}

/// The text of `docs/metrics.md`.
#[must_use]
pub fn document() -> String {
    let mut text = String::from(
        "# Figures\n\nWhat `/metrics` shows, in Prometheus' text form. Durations are in seconds. A figure appears once \
         there is something to tell.\n\n| name | kind | labels | meaning |\n|---|---|---|---|\n",
    );
    for Metric { name, measure, labels, about } in ALL {
        let row = writeln!(text, "| `{name}` | {} | {} | {about} |", measure.name(), labels.join(", "));
        row.expect("a text can always be written to");
    }
    let business: Vec<String> = BUSINESS.iter().map(|name| format!("`{name}`")).collect();
    let said = writeln!(
        text,
        "\nWhat synthetic users do (`fermiac users add NAME --synthetic`) counts in none of the figures of people's \
         work: {}.",
        business.join(", ")
    );
    said.expect("a text can always be written to");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_lists_every_figure() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/metrics.md");
        let committed = std::fs::read_to_string(path).unwrap();
        assert_eq!(committed, document(), "cargo run -p fermiac-fleet --example documents");
    }

    #[test]
    fn names_say_what_kind_of_figure_it_is() {
        let mut names: Vec<&str> = ALL.iter().map(|metric| metric.name).collect();
        for Metric { name, measure, .. } in ALL {
            assert!(name.starts_with("fermiac_"), "{name}");
            assert_eq!(name.ends_with("_total"), *measure == Measure::Counter, "{name}");
            assert!(*measure != Measure::Histogram || name.ends_with("_seconds"), "{name}");
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }
}

//! What a process says of itself: logs on the standard error, and figures for Prometheus.
//!
//! Logs carry ids as fields, never inside the text. The targets `security` and `audit` are written at every level.

pub mod metrics;

use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;

use crate::profile::{Environment, Log, LogFormat, LogLevel};

/// Upper bounds of the classes of a duration, in seconds: from a quick answer to a long job.
const SECONDS: [f64; 14] =
    [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0];
/// What is always written.
const ALWAYS: [&str; 2] = ["security=info", "audit=info"];
/// Libraries that say much at levels where we say little.
const QUIET: [&str; 6] =
    ["hyper=info", "h2=info", "rustls=info", "sqlx=warn", "aws_smithy_runtime=warn", "aws_config=warn"];

/// Why a process cannot speak.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// Something else has taken the log of this process.
    #[error("the log of this process is taken: {0}")]
    Log(String),
    /// Something else has taken the figures of this process.
    #[error("the figures of this process are taken: {0}")]
    Metrics(String),
}

/// Which program this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuildInfo {
    /// Its version.
    pub version: &'static str,
    /// The commit it was built from, if the build said so.
    pub commit: &'static str,
}

/// This one.
#[must_use]
pub fn build_info() -> BuildInfo {
    BuildInfo {
        version: env!("CARGO_PKG_VERSION"),
        commit: option_env!("FERMIAC_COMMIT").unwrap_or("unknown"),
    }
}

/// Begins to log, once in a process.
pub fn log(log: &Log) -> Result<(), TelemetryError> {
    let subscriber =
        tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter(log.level));
    let installed = match log.format {
        LogFormat::Pretty => subscriber.try_init(),
        LogFormat::Json => subscriber.json().flatten_event(true).with_current_span(true).try_init(),
    };
    installed.map_err(|error| TelemetryError::Log(error.to_string()))
}

fn filter(level: LogLevel) -> EnvFilter {
    let level = match level {
        LogLevel::Trace => tracing::Level::TRACE,
        LogLevel::Debug => tracing::Level::DEBUG,
        LogLevel::Info => tracing::Level::INFO,
        LogLevel::Warning => tracing::Level::WARN,
        LogLevel::Error => tracing::Level::ERROR,
    };
    let quiet = QUIET.iter().filter(|_| level > tracing::Level::INFO);
    let directives = ALWAYS.iter().chain(quiet).filter_map(|directive| directive.parse::<Directive>().ok());
    directives.fold(EnvFilter::default().add_directive(level.into()), EnvFilter::add_directive)
}

/// Samples of histograms are put into their buckets so often: a worker whose page nobody reads would keep them all.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);
/// The thread that does.
const UPKEEP: &str = "figures-upkeep";

/// The figures of this process, as they are now.
#[derive(Debug, Clone)]
pub struct Figures {
    handle: PrometheusHandle,
}

impl Figures {
    /// Begins to count; a second call gives the same figures, as when all roles share one process.
    pub fn begin(environment: Environment) -> Result<Figures, TelemetryError> {
        static FIGURES: OnceLock<Result<PrometheusHandle, String>> = OnceLock::new();
        let handle = FIGURES.get_or_init(install).clone().map_err(TelemetryError::Metrics)?;
        let BuildInfo { version, commit } = build_info();
        ::metrics::gauge!(
            metrics::BUILD_INFO, "version" => version, "commit" => commit, "environment" => environment.name()
        )
        .set(1.0);
        Ok(Figures { handle })
    }

    /// The page for Prometheus. What only the reader can measure is measured here.
    #[must_use]
    pub fn render(&self) -> String {
        if let Some(bytes) = resident_bytes() {
            ::metrics::gauge!(metrics::PROCESS_RESIDENT_BYTES).set(bytes as f64);
        }
        self.handle.render()
    }
}

fn install() -> Result<PrometheusHandle, String> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .map_err(|error| error.to_string())?;
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    ::metrics::set_global_recorder(recorder).map_err(|error| error.to_string())?;
    metrics::describe();
    let counted = handle.clone();
    thread::Builder::new()
        .name(UPKEEP.to_owned())
        .spawn(move || {
            loop {
                thread::sleep(UPKEEP_EVERY);
                counted.run_upkeep();
            }
        })
        .map_err(|error| error.to_string())?;
    Ok(handle)
}

/// The memory of this process, where the system tells.
#[must_use]
pub fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1_024)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn the_page_shows_what_was_counted_and_which_program_this_is() {
        let figures = Figures::begin(Environment::Testing).unwrap();
        let again = Figures::begin(Environment::Testing).unwrap();
        ::metrics::counter!(metrics::WORKBOOKS_UPLOADED).increment(2);
        ::metrics::histogram!(metrics::HTTP_REQUEST_SECONDS, "method" => "GET", "route" => "/livez")
            .record(0.003);
        let page = again.render();
        assert!(page.contains("# HELP fermiac_workbooks_uploaded_total"), "{page}");
        assert!(page.contains("fermiac_workbooks_uploaded_total 2"), "{page}");
        assert!(page.contains("le=\"0.005\"} 1"), "{page}");
        assert!(page.contains("fermiac_build_info{version=\"0.1.0\""), "{page}");
        assert!(figures.render().contains("fermiac_process_resident_bytes"));
    }

    #[test]
    fn samples_are_put_away_though_nobody_reads_them() {
        Figures::begin(Environment::Testing).unwrap();
        let is_there = || {
            let threads = std::fs::read_dir("/proc/self/task").unwrap();
            let names = threads.map(|thread| std::fs::read_to_string(thread.unwrap().path().join("comm")));
            // A thread of another test may end meanwhile.
            names.flatten().any(|name| name.trim_end() == UPKEEP)
        };
        // A thread names itself once it runs.
        let begun = Instant::now();
        while !is_there() {
            assert!(begun.elapsed() < Duration::from_secs(10), "no thread is called {UPKEEP}");
            thread::yield_now();
        }
    }

    #[test]
    fn security_is_logged_at_every_level() {
        let shown = filter(LogLevel::Error).to_string();
        assert!(shown.contains("security=info") && shown.contains("audit=info"), "{shown}");
    }
}

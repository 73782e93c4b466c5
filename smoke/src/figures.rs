//! What a smoke test found, for Prometheus.

use chrono::Utc;
use fermiac_fleet::telemetry::metrics as names;
use metrics::gauge;

use crate::report::{Report, Status};

/// Shows what was found last.
pub fn show(report: &Report) {
    for finding in &report.checks {
        let check = finding.name.name();
        for status in Status::ALL {
            let is_so = if *status == finding.status { 1.0 } else { 0.0 };
            gauge!(names::SMOKE_CHECK_STATUS, "check" => check, "status" => status.name()).set(is_so);
        }
        gauge!(names::SMOKE_CHECK_SECONDS, "check" => check).set(finding.latency.as_secs_f64());
    }
    gauge!(names::SMOKE_TESTED_AT_SECONDS, "suite" => report.suite.name()).set(Utc::now().timestamp() as f64);
}

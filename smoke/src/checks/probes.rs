//! What the API says of itself.

use serde_json::Value;

use super::{Answer, Halt, Heard};
use crate::api::Api;
use crate::subject::Subject;
use crate::suite::Check;

/// What the API says of its health, and the check that looks for the same from here.
const HEALTH: [(&str, Option<Check>); 5] = [
    ("database", Some(Check::Database)),
    ("redis", Some(Check::Redis)),
    ("external_api", Some(Check::Storage)),
    ("disk_space", None),
    ("memory_usage", None),
];
/// What it says of its readiness.
const READINESS: [(&str, Option<Check>); 4] = [
    ("application_started", None),
    ("database_migrations", Some(Check::Schema)),
    ("cache_warmup", Some(Check::Database)),
    ("redis", Some(Check::Redis)),
];
/// What every process shows.
const BUILD_INFO: &str = "fermiac_build_info{";
const REQUESTS: &str = "fermiac_http_requests_total{";
/// Probes tell of what they look at, not of how people are served.
const PROBES: [&str; 7] =
    ["/livez", "/health", "/health/", "/api/health", "/ready", "/api/ready", "/metrics"];
/// Of fewer requests nothing can be said.
const FEW: f64 = 20.0;

pub async fn health(subject: &Subject, heard: &Heard) -> Answer {
    let api = Api::of(subject, heard)?;
    probe(&api, "/health", &HEALTH, heard).await
}

pub async fn readiness(subject: &Subject, heard: &Heard) -> Answer {
    let api = Api::of(subject, heard)?;
    probe(&api, "/ready", &READINESS, heard).await
}

async fn probe(api: &Api, path: &str, parts: &[(&str, Option<Check>)], heard: &Heard) -> Answer {
    let place = format!("{}{path}", api.address());
    let answered = api.get(path).await?;
    let document: Value = serde_json::from_slice(&answered.body).unwrap_or_default();
    let status = document["status"].as_str().ok_or_else(|| {
        let what = format!("its answer {} is not that of the API", answered.status);
        Halt::fail(what, &place, "correct FERMIAC_SMOKE_URL, or what stands before the API")
    })?;
    judge(status, &document, parts, heard).map_err(|halt| match halt {
        Halt::Fail { what, what_to_do, .. } => Halt::Fail { what, place, what_to_do },
        skip @ Halt::Skip(_) => skip,
    })
}

/// What is not well, unless another check of this run says the same: then that one is the one to look at.
fn judge(status: &str, document: &Value, parts: &[(&str, Option<Check>)], heard: &Heard) -> Answer {
    let ill: Vec<_> = parts.iter().filter(|(part, _)| document[*part] != Value::Bool(true)).collect();
    let (known, news): (Vec<_>, Vec<_>) =
        ill.into_iter().partition(|(_, check)| check.is_some_and(|check| heard.failed(check)));
    if let [(first, _), ..] = news[..] {
        let parts: Vec<&str> = news.iter().map(|(part, _)| *part).collect();
        let what_to_do = format!("see its log for `{first}`");
        return Err(Halt::fail(format!("it is {status}: not {}", parts.join(", ")), "", what_to_do));
    }
    if known.is_empty() {
        return Ok(status.to_owned());
    }
    let checks: Vec<String> =
        known.iter().filter_map(|(_, check)| Some(format!("`{}`", check.as_ref()?.name()))).collect();
    Err(Halt::Skip(format!("it is {status}, as {} found too, and well otherwise", checks.join(", "))))
}

pub async fn monitoring(subject: &Subject, heard: &Heard) -> Answer {
    let page = metrics(subject, heard).await?;
    let figures = page.lines().filter(|line| line.starts_with("# TYPE ")).count();
    Ok(format!("{figures} figures"))
}

async fn metrics(subject: &Subject, heard: &Heard) -> Result<String, Halt> {
    let api = Api::of(subject, heard)?;
    let place =
        subject.settings.smoke.metrics_url.clone().unwrap_or_else(|| format!("{}/metrics", api.address()));
    let answered = api.get(&place).await?;
    let page = answered.text();
    if answered.status != 200 || !page.contains(BUILD_INFO) {
        let what = format!("its answer {} is no page of figures", answered.status);
        let what_to_do = "name the API's own address in FERMIAC_SMOKE_METRICS_URL, if a proxy hides the page";
        return Err(Halt::fail(what, place, what_to_do));
    }
    Ok(page)
}

pub async fn error_rate(subject: &Subject, heard: &Heard) -> Answer {
    let (all, failed) = requests(&metrics(subject, heard).await?);
    let percent = if all > 0.0 { 100.0 * failed / all } else { 0.0 };
    let seen = format!("{failed} of {all} requests since it started failed");
    if all < FEW {
        return Ok(format!("{seen}: too few to tell"));
    }
    if percent > subject.settings.smoke.error_percent {
        let most = subject.settings.smoke.error_percent;
        let place = subject.url().unwrap_or_default();
        return Err(Halt::fail(
            format!("{seen}: {percent:.1} %, and {most} % are allowed"),
            place,
            "see its log for answers of 500 and more",
        ));
    }
    Ok(format!("{seen}: {percent:.1} %"))
}

/// Requests that were answered, probes aside, and those of them that failed on the API's side.
fn requests(page: &str) -> (f64, f64) {
    let samples = page.lines().filter_map(|line| line.strip_prefix(REQUESTS));
    let samples = samples.filter_map(|sample| {
        let (labels, value) = sample.rsplit_once("} ")?;
        let route = label(labels, "route")?;
        let count: f64 = value.parse().ok()?;
        let is_failure = label(labels, "status")?.starts_with('5');
        (!PROBES.contains(&route)).then_some((count, if is_failure { count } else { 0.0 }))
    });
    samples.fold((0.0, 0.0), |(all, failed), (count, of_failure)| (all + count, failed + of_failure))
}

fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = labels.split_once(&format!("{name}=\""))?;
    rest.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Finding, Status};

    #[test]
    fn probes_are_no_requests_and_only_failures_of_the_api_count() {
        let page = "\
fermiac_http_requests_total{method=\"GET\",route=\"/v1/jobs\",status=\"200\"} 30
fermiac_http_requests_total{method=\"POST\",route=\"/v1/simulations\",status=\"422\"} 6
fermiac_http_requests_total{method=\"POST\",route=\"/v1/simulations\",status=\"503\"} 4
fermiac_http_requests_total{method=\"GET\",route=\"/health\",status=\"503\"} 1000
fermiac_http_request_seconds_count{method=\"GET\",route=\"/v1/jobs\"} 30
";
        assert_eq!(requests(page), (40.0, 4.0));
    }

    #[test]
    fn what_another_check_found_is_not_found_again_and_hides_nothing() {
        let document = |parts: &str| serde_json::from_str::<Value>(parts).unwrap();
        let finding = |name| Finding {
            name,
            status: Status::Failed,
            latency: std::time::Duration::ZERO,
            detail: String::new(),
            remedy: None,
        };
        let heard = Heard::of(&[finding(Check::Redis)]);
        let without_redis = document(
            r#"{"database": true, "redis": false, "external_api": true, "disk_space": true, "memory_usage": true}"#,
        );
        assert!(matches!(judge("ill", &without_redis, &HEALTH, &heard), Err(Halt::Skip(_))));
        assert!(matches!(judge("ill", &without_redis, &HEALTH, &Heard::default()), Err(Halt::Fail { .. })));
        let and_full = document(
            r#"{"database": true, "redis": false, "external_api": true, "disk_space": false, "memory_usage": true}"#,
        );
        let Err(Halt::Fail { what, .. }) = judge("ill", &and_full, &HEALTH, &heard) else {
            panic!("a full disk is news")
        };
        assert_eq!(what, "it is ill: not disk_space");
    }
}

//! The answers themselves. One document has the fields of every convention that is served, so that each address answers
//! each prober.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde::Serialize;

use super::{Probes, machine};
use crate::telemetry::metrics as names;

/// Health is told within 5 s, whatever hangs.
pub const HEALTH_WITHIN: Duration = Duration::from_millis(4_500);
/// Readiness is told within 3 s.
const READY_WITHIN: Duration = Duration::from_millis(2_500);

/// How everything that is needed is.
#[derive(Debug, Serialize)]
pub struct Health {
    status: &'static str,
    database: bool,
    redis: bool,
    external_api: bool,
    disk_space: bool,
    memory_usage: bool,
    database_connection: bool,
    redis_connection: bool,
    external_services: bool,
}

/// Whether work should come here.
#[derive(Debug, Serialize)]
pub struct Readiness {
    status: &'static str,
    application_started: bool,
    database_migrations: bool,
    cache_warmup: bool,
    /// Whether Redis answers. Where it does not, work is taken all the same: it waits in the database until a bell rings.
    redis: bool,
    /// Whether requests that write are refused; those that read are welcome all the same.
    read_only: bool,
}

/// The process answers; nothing else is asked, since a database that is away is no reason to restart this.
pub async fn livez() -> &'static str {
    "alive\n"
}

/// Whether everything that is needed answers; 503 where something does not.
pub async fn health(State(probes): State<Probes>) -> impl IntoResponse {
    let (database, redis, storage, machine) = tokio::join!(
        answers("database", HEALTH_WITHIN, probes.0.store.ping()),
        answers("queue", HEALTH_WITHIN, probes.0.queue.ping()),
        answers("storage", HEALTH_WITHIN, probes.0.blobs.ping()),
        machine::look(),
    );
    let healthy = database && redis && storage && machine.disk_space && machine.memory_usage;
    let health = Health {
        status: if healthy { "healthy" } else { "unhealthy" },
        database,
        redis,
        external_api: storage,
        disk_space: machine.disk_space,
        memory_usage: machine.memory_usage,
        database_connection: database,
        redis_connection: redis,
        external_services: storage,
    };
    (status_of(healthy), Json(health))
}

/// Whether work should come here: the schema is the one that is spoken, and nobody said to stop. What is kept warm
/// are connections to the database: answering about the schema opened one.
pub async fn ready(State(probes): State<Probes>) -> impl IntoResponse {
    let application_started = probes.has_started() && !probes.0.draining.is_cancelled();
    let (database_migrations, redis) = tokio::join!(
        answers("schema", READY_WITHIN, probes.0.store.check_schema()),
        answers("queue", READY_WITHIN, probes.0.queue.ping()),
    );
    let looked = tokio::time::timeout(READY_WITHIN, probes.0.store.read_only());
    let read_only = database_migrations && matches!(looked.await, Ok(Ok(Some(_))));
    let cache_warmup = probes.0.store.pool_gauges().open > 0;
    let is_ready = application_started && database_migrations && cache_warmup;
    let readiness = Readiness {
        status: if is_ready { "ready" } else { "not ready" },
        application_started,
        database_migrations,
        cache_warmup,
        redis,
        read_only,
    };
    (status_of(is_ready), Json(readiness))
}

/// The figures of this process, for Prometheus.
pub async fn metrics(State(probes): State<Probes>) -> impl IntoResponse {
    let pool = probes.0.store.pool_gauges();
    let used = pool.open.saturating_sub(pool.idle);
    ::metrics::gauge!(names::DATABASE_CONNECTIONS, "state" => "used").set(f64::from(used));
    ::metrics::gauge!(names::DATABASE_CONNECTIONS, "state" => "idle").set(f64::from(pool.idle));
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], probes.0.figures.render())
}

async fn answers<E: std::fmt::Display>(
    what: &'static str,
    within: Duration,
    asking: impl Future<Output = Result<(), E>>,
) -> bool {
    match tokio::time::timeout(within, asking).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::warn!(what, %error, "does not answer a probe");
            false
        }
        Err(_) => {
            tracing::warn!(what, within_ms = within.as_millis() as u64, "does not answer a probe in time");
            false
        }
    }
}

fn status_of(good: bool) -> StatusCode {
    if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

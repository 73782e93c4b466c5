//! Refuses requests that write while the service is read-only.

use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use fermiac_fleet::store::{ReadOnly, Store, StoreError};
use tokio::sync::Mutex;

use crate::api::Api;
use crate::error::ApiError;

/// The switch is looked at again after so long: a process obeys it no later.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A store that says nothing for so long is taken to be away.
const LOOKED_WITHIN: Duration = Duration::from_secs(3);

/// How the switch stood when it was looked at last.
#[derive(Debug, Default)]
pub struct Switch(Mutex<Option<(Instant, Option<ReadOnly>)>>);

impl Switch {
    /// Many requests at once ask the store once.
    async fn look(&self, store: &Store) -> Result<Option<ReadOnly>, StoreError> {
        let mut seen = self.0.lock().await;
        match &*seen {
            Some((at, state)) if at.elapsed() < LOOK_EVERY => Ok(state.clone()),
            _ => {
                let asked = Instant::now();
                // All requests that write wait for this look.
                let state = StoreError::unless_silent(LOOKED_WITHIN, store.read_only()).await?;
                *seen = Some((asked, state.clone()));
                Ok(state)
            }
        }
    }
}

/// Lets through what only reads, and while the service is not read-only everything.
pub async fn writable(State(api): State<Api>, request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return next.run(request).await;
    }
    match api.switch.look(&api.store).await {
        Ok(None) => next.run(request).await,
        Ok(Some(read_only)) => ApiError::ReadOnly(read_only).into_response(),
        Err(error) => ApiError::from(error).into_response(),
    }
}

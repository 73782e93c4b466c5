//! Who asks.

use std::time::Instant;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use fermiac_fleet::ids::UserId;
use fermiac_fleet::store::{Store, User, Viewer};

use crate::api::Api;
use crate::error::ApiError;

/// Whoever asks, known by an API key.
#[derive(Debug, Clone)]
pub struct Caller(pub User);

impl Caller {
    /// Their id.
    pub fn id(&self) -> UserId {
        self.0.id
    }

    /// What they may see: their own, or as an operator everything.
    pub fn viewer(&self) -> Viewer {
        if self.0.operator { Viewer::Operator } else { Viewer::Owner(self.0.id) }
    }

    /// Counts in a figure of people's work, unless the caller is synthetic.
    pub fn count(&self, figure: &'static str, by: u64) {
        if !self.0.synthetic {
            metrics::counter!(figure).increment(by);
        }
    }

    /// The store, where what they do is noted as theirs.
    pub fn store(&self, api: &Api) -> Store {
        api.store.acting_as(format!("user:{}", self.0.id))
    }

    /// Whose jobs they may see, if not everybody's.
    pub fn sees(&self, owner: Option<UserId>) -> bool {
        self.0.operator || owner == Some(self.0.id)
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Caller, ApiError> {
        let given = parts.headers.get(AUTHORIZATION).ok_or(ApiError::Unauthorized(
            "send 'Authorization: Bearer KEY'; an operator makes keys with `fermiac users add`",
        ))?;
        let key = given
            .to_str()
            .ok()
            .and_then(|given| given.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let (_, key) = key.ok_or(ApiError::Unauthorized("the header Authorization must be 'Bearer KEY'"))?;
        let user = api.store.user_by_key(key.trim()).await?;
        let Some(user) = user else {
            if let Some(act) = api.access.denied(Instant::now()) {
                api.store.note(act).await?;
            }
            return Err(ApiError::Unauthorized("this key is not known, or was revoked"));
        };
        tracing::Span::current().record("user", tracing::field::display(user.id));
        let caller = Caller(user);
        if let Some(act) = api.access.granted(caller.id(), Instant::now()) {
            caller.store(api).note(act).await?;
        }
        Ok(caller)
    }
}

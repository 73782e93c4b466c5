//! Requests read: every refusal says what is wrong and where.

use std::str::FromStr;

use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// The most bytes of a header of ours.
const MAX_HEADER_BYTES: usize = 255;

/// An id in the path. One that cannot be is an id that nothing has.
#[derive(Debug, Clone, Copy)]
pub struct Id<T>(pub T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path: Result<Path<String>, PathRejection> = Path::from_request_parts(parts, state).await;
        let Path(text) = path.map_err(|_| ApiError::NotFound("id"))?;
        text.parse().map(Id).map_err(|_| ApiError::NotFound("id"))
    }
}

/// The parameters after the question mark; an unknown one is refused by the type.
#[derive(Debug, Clone, Copy)]
pub struct Parameters<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, state).await;
        query.map(|Query(parameters)| Parameters(parameters)).map_err(|rejection| {
            let text = rejection.body_text();
            let reason = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
            ApiError::Malformed(format!("the query: {reason}"))
        })
    }
}

/// The length that the request declares, refused at once if it is past the bound.
pub fn declared_length(headers: &HeaderMap, at_most: u64) -> Result<Option<u64>, ApiError> {
    let Some(length) = headers.get(CONTENT_LENGTH) else { return Ok(None) };
    let length = length.to_str().ok().and_then(|length| length.parse::<u64>().ok());
    let length = length.ok_or_else(|| ApiError::Malformed("Content-Length is no number".to_owned()))?;
    if length > at_most { Err(ApiError::TooLarge(at_most)) } else { Ok(Some(length)) }
}

/// A JSON body, at most so many bytes of it.
pub async fn json_body(headers: &HeaderMap, body: Body, at_most: usize) -> Result<Bytes, ApiError> {
    let media =
        headers.get(CONTENT_TYPE).map(|media| media.to_str().unwrap_or_default().to_ascii_lowercase());
    if !media.is_some_and(|media| media.split(';').next().is_some_and(is_json)) {
        return Err(ApiError::UnsupportedMedia(
            "send JSON, with the header 'Content-Type: application/json'",
        ));
    }
    declared_length(headers, at_most as u64)?;
    let mut read = BytesMut::new();
    let mut frames = body.into_data_stream();
    while let Some(frame) = frames.next().await {
        let frame = frame.map_err(|_| ApiError::Malformed("the body broke off".to_owned()))?;
        if read.len() + frame.len() > at_most {
            return Err(ApiError::TooLarge(at_most as u64));
        }
        read.extend_from_slice(&frame);
    }
    Ok(read.freeze())
}

fn is_json(media: &str) -> bool {
    let media = media.trim();
    media == "application/json" || (media.starts_with("application/") && media.ends_with("+json"))
}

/// A header of printable ASCII, if it is there.
pub fn plain_header<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, ApiError> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let plain = |text: &&str| {
        !text.is_empty() && text.len() <= MAX_HEADER_BYTES && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match value.to_str().ok().filter(plain) {
        Some(text) => Ok(Some(text)),
        None => Err(ApiError::Malformed(format!(
            "the header {name} takes 1 to {MAX_HEADER_BYTES} printable characters without spaces"
        ))),
    }
}

/// The caller's `traceparent`, if it is one: a wrong one is left out, as its specification wants.
pub fn trace_context(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let parts: Vec<&str> = text.split('-').collect();
    let hexadecimal = |part: &&str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    (lengths == [2, 32, 16, 2] && parts.iter().all(hexadecimal)).then(|| text.to_owned())
}

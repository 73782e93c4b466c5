//! A workbook is taken: written to the disk as it comes, read once to see whether it is one, stored under its hash.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use fermiac_fleet::blobs::Stored;
use fermiac_fleet::ids::WorkbookId;
use fermiac_fleet::simulation::workbook_key;
use fermiac_fleet::store::NewWorkbook;
use fermiac_fleet::telemetry::metrics as names;
use serde::Deserialize;
use tokio_util::io::ReaderStream;

use super::View;
use crate::api::Api;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::input::{Parameters, declared_length};
use crate::spool::Spool;

/// A name has at most so many characters.
const MAX_NAME_CHARACTERS: usize = 255;
/// It goes from the disk to the blobs in pieces of so many bytes.
const PIECE: usize = 256 << 10;

/// What is said of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    name: Option<String>,
}

/// Takes the body as it comes for a workbook.
pub async fn upload(
    State(api): State<Api>,
    caller: Caller,
    Parameters(said): Parameters<Said>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let name = name(said.name)?;
    let http = &api.profile.http;
    declared_length(&headers, http.upload_max_bytes)?;
    let turn = Arc::clone(&api.uploads).try_acquire_owned();
    let _turn = turn.map_err(|_| ApiError::Busy("too many uploads are under way: try again soon"))?;
    let spool = Spool::of_body(body, http.upload_max_bytes, http.upload_idle).await?;
    if spool.bytes == 0 {
        return Err(ApiError::Malformed("the body is empty: send the bytes of the workbook".to_owned()));
    }
    let (spool, size) = api.compiler.measure(spool).await?;
    let stored = store(&api, &spool).await?;
    let workbook = NewWorkbook {
        id: WorkbookId::new(),
        owner: caller.id(),
        name,
        hash: stored.sha256,
        bytes: stored.bytes,
        cells: size.cells,
        formulas: size.formulas,
    };
    let added = caller.store(&api).add_workbook(&workbook).await?;
    // Somebody may have deleted the last other workbook of these bytes just now; from here on the row keeps them.
    if !api.blobs.exists(&workbook_key(&workbook.hash)).await? {
        store(&api, &spool).await?;
    }
    caller.count(names::WORKBOOKS_UPLOADED, 1);
    caller.count(names::UPLOADED_BYTES, workbook.bytes);
    tracing::info!(workbook = %workbook.id, bytes = workbook.bytes, cells = workbook.cells, "took a workbook");
    let location = format!("/v1/workbooks/{}", workbook.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(View::of(added))).into_response())
}

async fn store(api: &Api, spool: &Spool) -> Result<Stored, ApiError> {
    let file = ReaderStream::with_capacity(tokio::fs::File::open(spool.path()).await?, PIECE);
    Ok(api.blobs.put_by_hash(&workbook_key(""), file, api.profile.http.upload_max_bytes).await?)
}

/// A name that can be shown: the last part of a path, without control characters.
fn name(said: Option<String>) -> Result<String, ApiError> {
    let said = said.unwrap_or_else(|| "workbook".to_owned());
    let name: String = said.rsplit(['/', '\\']).next().unwrap_or_default().trim().to_owned();
    let length = name.chars().count();
    if !(1..=MAX_NAME_CHARACTERS).contains(&length) || name.chars().any(char::is_control) {
        return Err(ApiError::Malformed(format!(
            "name: 1 to {MAX_NAME_CHARACTERS} characters that can be shown"
        )));
    }
    Ok(name)
}

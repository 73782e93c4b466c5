//! Workbooks over HTTP.

pub mod upload;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use fermiac_fleet::ids::WorkbookId;
use fermiac_fleet::store::Workbook;
use serde::Serialize;

use crate::api::Api;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::input::{Id, Parameters};
use crate::instant::Instant;
use crate::page::{Page, Plain, Wanted};

/// A workbook as its owner sees it.
#[derive(Debug, Serialize)]
pub struct View {
    id: WorkbookId,
    name: String,
    sha256: String,
    bytes: u64,
    cells: u64,
    formulas: u64,
    created_at: Instant,
}

/// One of them.
pub async fn one(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id<WorkbookId>,
) -> Result<Json<View>, ApiError> {
    Ok(Json(View::of(api.store.workbook(caller.viewer(), id).await?)))
}

/// A page of them, newest first.
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    Parameters(plain): Parameters<Plain>,
) -> Result<Json<Page<View>>, ApiError> {
    let Wanted { after, limit } = plain.wanted(api.profile.limits.page)?;
    let rows = api.store.workbooks(caller.viewer(), after, limit + 1).await?;
    Ok(Json(Page::of(rows, limit, |row| row.added.id.to_string(), View::of)))
}

/// Deletes one that nobody needs any more.
pub async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id<WorkbookId>,
) -> Result<StatusCode, ApiError> {
    caller.store(&api).delete_workbook(caller.viewer(), id).await?;
    tracing::info!(workbook = %id, "deleted a workbook");
    Ok(StatusCode::NO_CONTENT)
}

impl View {
    /// What is shown of a row.
    fn of(row: Workbook) -> View {
        let added = row.added;
        View {
            id: added.id,
            name: added.name,
            sha256: added.hash,
            bytes: added.bytes,
            cells: added.cells,
            formulas: added.formulas,
            created_at: row.created_at.into(),
        }
    }
}

//! The workbooks that users uploaded: whose they are and which blob holds their bytes.

use chrono::{DateTime, Utc};
use sqlx::{query, query_as, query_scalar};

use super::columns::Instant;
use super::error::refers_to_nothing;
use super::jobs::look::MAX_PAGE;
use super::simulations::Viewer;
use super::transaction::run;
use super::{Store, StoreError};
use crate::audit::{Act, Action};
use crate::ids::{UserId, WorkbookId};
use crate::store::row::row;

/// A workbook to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWorkbook {
    /// Its name in rows.
    pub id: WorkbookId,
    /// Whose it is.
    pub owner: UserId,
    /// Its name among people.
    pub name: String,
    /// The SHA-256 of its bytes, in 64 hexadecimal digits: the name of its blob.
    pub hash: String,
    /// How large it is.
    pub bytes: u64,
    /// How many cells it has.
    pub cells: u64,
    /// How many of them are formulas.
    pub formulas: u64,
}

/// A workbook that was uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workbook {
    /// What was said of it when it was added.
    pub added: NewWorkbook,
    /// When that was.
    pub created_at: DateTime<Utc>,
}

impl Store {
    /// Adds a workbook whose blob is stored.
    pub async fn add_workbook(&self, workbook: &NewWorkbook) -> Result<Workbook, StoreError> {
        let mut transaction = self.begin().await?;
        let now = transaction.now().await?;
        match run!(
            &mut transaction,
            query(ADD_WORKBOOK)
                .bind(workbook.id)
                .bind(workbook.owner)
                .bind(&workbook.name)
                .bind(&workbook.hash)
                .bind(column_of(workbook.bytes))
                .bind(column_of(workbook.cells))
                .bind(column_of(workbook.formulas))
                .bind(now),
            execute
        ) {
            Ok(_) => {}
            Err(error) if refers_to_nothing(&error) => return Err(StoreError::NotFound { what: "user" }),
            Err(error) => return Err(error.into()),
        }
        let act = Act::on(Action::WorkbookUploaded, workbook.id).saying(&workbook.hash);
        transaction.note(&self.actor, act).await?;
        transaction.commit().await?;
        Ok(Workbook { added: workbook.clone(), created_at: now.0 })
    }

    /// A workbook that the viewer may see.
    pub async fn workbook(&self, viewer: Viewer, id: WorkbookId) -> Result<Workbook, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let row: Option<WorkbookRow> =
            run!(&mut transaction, query_as(WORKBOOK).bind(id).bind(viewer.owner()), fetch_optional)?;
        transaction.commit().await?;
        row.map(WorkbookRow::workbook).ok_or(StoreError::NotFound { what: "workbook" })
    }

    /// A page of the workbooks that the viewer may see, newest first, after one, at most so many.
    pub async fn workbooks(
        &self,
        viewer: Viewer,
        after: Option<WorkbookId>,
        limit: u32,
    ) -> Result<Vec<Workbook>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let rows: Vec<WorkbookRow> = run!(
            &mut transaction,
            query_as(WORKBOOKS).bind(viewer.owner()).bind(after).bind(i64::from(limit.clamp(1, MAX_PAGE))),
            fetch_all
        )?;
        transaction.commit().await?;
        Ok(rows.into_iter().map(WorkbookRow::workbook).collect())
    }

    /// Deletes a workbook, unless a simulation that has not ended reads it. Its blob is collected when nobody else has
    /// the same.
    pub async fn delete_workbook(&self, viewer: Viewer, id: WorkbookId) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let deleted: Option<(WorkbookId,)> =
            run!(&mut transaction, query_as(DELETE_WORKBOOK).bind(id).bind(viewer.owner()), fetch_optional)?;
        if deleted.is_none() {
            let there: Option<WorkbookRow> =
                run!(&mut transaction, query_as(WORKBOOK).bind(id).bind(viewer.owner()), fetch_optional)?;
            return Err(match there {
                Some(_) => StoreError::conflict(
                    "a simulation that has not ended reads this workbook: wait for it or cancel it",
                ),
                None => StoreError::NotFound { what: "workbook" },
            });
        }
        transaction.note(&self.actor, Act::on(Action::WorkbookDeleted, id)).await?;
        transaction.commit().await
    }

    /// Which of these hashes are some workbook's.
    pub async fn hashes_in_use(&self, hashes: &[String]) -> Result<Vec<bool>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let mut in_use = Vec::with_capacity(hashes.len());
        for hash in hashes {
            let used: bool = run!(&mut transaction, query_scalar(HASH_IN_USE).bind(hash), fetch_one)?;
            in_use.push(used);
        }
        transaction.commit().await?;
        Ok(in_use)
    }
}

fn column_of(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

row! {
    struct WorkbookRow {
        id: WorkbookId,
        owner: UserId,
        name: String,
        hash: String,
        bytes: i64,
        cells: i64,
        formulas: i64,
        created_at: Instant,
    }
}

impl WorkbookRow {
    fn workbook(self) -> Workbook {
        Workbook {
            added: NewWorkbook {
                id: self.id,
                owner: self.owner,
                name: self.name,
                hash: self.hash,
                bytes: self.bytes.unsigned_abs(),
                cells: self.cells.unsigned_abs(),
                formulas: self.formulas.unsigned_abs(),
            },
            created_at: self.created_at.0,
        }
    }
}

const ADD_WORKBOOK: &str = "
-- name: add workbook
insert into workbooks (id, owner, name, hash, bytes, cells, formulas, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)";

const WORKBOOK: &str = "
-- name: look at workbook
select id, owner, name, hash, bytes, cells, formulas, created_at
from workbooks where id = $1 and ($2 is null or owner = $2)";

const WORKBOOKS: &str = "
-- name: list workbooks
select id, owner, name, hash, bytes, cells, formulas, created_at
from workbooks
where ($1 is null or owner = $1) and ($2 is null or id < $2)
order by id desc
limit $3";

const DELETE_WORKBOOK: &str = "
-- name: delete workbook
delete from workbooks
where id = $1 and ($2 is null or owner = $2) and not exists (
    select 1 from simulations join jobs on jobs.id = simulations.root
    where simulations.workbook = workbooks.id and jobs.finished_at is null)
returning id";

const HASH_IN_USE: &str = "
-- name: look for hash
select exists (select 1 from workbooks where hash = $1)";

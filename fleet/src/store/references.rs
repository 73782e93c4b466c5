//! Which blobs some row points to. What none does is an orphan: of a run that lost its lease, or of what was deleted.

use sqlx::query_scalar;

use super::transaction::{Transaction, run};
use super::{Store, StoreError};

impl Store {
    /// For each of these keys, whether its blob is still needed. The part of a slice is needed until its simulation's
    /// root has ended.
    pub async fn referenced(&self, keys: &[String]) -> Result<Vec<bool>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let mut referenced = Vec::with_capacity(keys.len());
        for key in keys {
            referenced.push(transaction.is_referenced(key).await?);
        }
        transaction.commit().await?;
        Ok(referenced)
    }
}

impl Transaction {
    async fn is_referenced(&mut self, key: &str) -> Result<bool, StoreError> {
        let Some(blob) = Blob::of(key) else {
            // Not a key of ours: not for us to call an orphan.
            return Ok(true);
        };
        let referenced = match blob {
            Blob::Upload => false,
            Blob::Workbook(hash) => run!(self, query_scalar(WORKBOOK_IS_REFERENCED).bind(hash), fetch_one)?,
            Blob::Part(job) => run!(self, query_scalar(PART_IS_REFERENCED).bind(job).bind(key), fetch_one)?,
            Blob::Result(job) => {
                run!(self, query_scalar(RESULT_IS_REFERENCED).bind(job).bind(key), fetch_one)?
            }
        };
        Ok(referenced)
    }
}

/// What a key says of its blob.
enum Blob<'a> {
    /// `uploads/{id}`, on its way to its name, or `uploads/{hash}.{id}`, a workbook set aside
    Upload,
    /// `workbooks/{hash}`
    Workbook(&'a str),
    /// `slices/{simulation}/{job}-{epoch}`
    Part(crate::ids::JobId),
    /// `results/{simulation}/{job}-{epoch}.json`, `samples/{simulation}/{job}-{epoch}.parquet`
    Result(crate::ids::JobId),
}

impl Blob<'_> {
    fn of(key: &str) -> Option<Blob<'_>> {
        let (kind, rest) = key.split_once('/')?;
        match kind {
            "uploads" => return Some(Blob::Upload),
            "workbooks" => return Some(Blob::Workbook(rest)),
            _ => {}
        }
        let (_simulation, name) = rest.split_once('/')?;
        let (job, _epoch) = name.rsplit_once('-')?;
        let job = job.parse().ok()?;
        match kind {
            "slices" => Some(Blob::Part(job)),
            "results" | "samples" => Some(Blob::Result(job)),
            _ => None,
        }
    }
}

const WORKBOOK_IS_REFERENCED: &str = "
-- name: look for workbook of blob
select exists (select 1 from workbooks where hash = $1)";

/// A job that runs may be writing the blob that it will point to.
const PART_IS_REFERENCED: &str = "
-- name: look for slice of blob
select exists (
    select 1 from jobs as slice left join jobs as parent on parent.id = slice.parent
    where slice.id = $1 and (
        slice.state = 'running'
        or (slice.result_key = $2 and parent.state not in ('succeeded', 'cancelled'))))";

const RESULT_IS_REFERENCED: &str = "
-- name: look for job of blob
select exists (
    select 1 from jobs where id = $1 and (state = 'running' or result_key = $2 or samples_key = $2))";

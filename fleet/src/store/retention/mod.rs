//! What has been kept long enough: found page by page, and deleted in short transactions.
//!
//! Nothing is deleted by what was seen before: the rows are locked, looked at again and judged again in the transaction
//! that deletes them. What somebody else holds at that moment stays until the next time. The rows go first; whose blobs
//! they were is said, so that those go after them.

mod words;

use chrono::TimeDelta;
use sqlx::{query, query_as, query_scalar};
use uuid::Uuid;

use crate::audit::{Act, Action};
use crate::delivery::Held;
use crate::job::State;
use crate::retention::{Class, Found, Kept, Limits};
use crate::simulation::workbook_key;
use crate::store::columns::Instant;
use crate::store::row::row;
use crate::store::transaction::{Transaction, run};
use crate::store::{Store, StoreError};
use words::Words;

/// So many rows of a table are looked at in one go.
const PAGE: i64 = 2_000;
/// Nobody takes a backup for longer: what says that it is being taken since then is wrong.
const LONGEST_BACKUP: TimeDelta = TimeDelta::days(2);

/// The names of so many rows stand in one entry of the audit trail.
const NOTED: usize = 100;

/// Some rows of a table that are over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPage {
    /// Those.
    pub found: Vec<Found>,
    /// After which row the next page begins; nothing if this is the last.
    pub next: Option<Uuid>,
}

/// What was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retired {
    /// Which row.
    pub id: Uuid,
    /// As what.
    pub class: Class,
    /// How much its rows held.
    pub bytes: u64,
    /// The keys of its blobs.
    pub blobs: Vec<String>,
}

impl Store {
    /// The rows after one, as far as keeping them goes.
    pub async fn kept_page(&self, kept: Kept, after: Option<Uuid>) -> Result<KeptPage, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let after = after.unwrap_or(Uuid::nil());
        let words = Words::of(kept);
        let last: Option<Uuid> = run!(
            &mut transaction,
            query_scalar(words.last_of_page).bind(after).bind(PAGE - 1),
            fetch_optional
        )?;
        let until = last.unwrap_or(Uuid::max());
        let rows: Vec<FoundRow> =
            run!(&mut transaction, query_as(words.page).bind(after).bind(until), fetch_all)?;
        transaction.commit().await?;
        Ok(KeptPage { found: rows.into_iter().map(|row| row.found(kept)).collect(), next: last })
    }

    /// The keys of the blobs that go with each of these rows, in their order. A workbook's goes with the last of its hash.
    pub async fn blobs_of(&self, kept: Kept, ids: &[Uuid]) -> Result<Vec<Vec<String>>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let mut keys = Vec::with_capacity(ids.len());
        for &id in ids {
            keys.push(transaction.blobs_of(kept, id).await?);
        }
        transaction.commit().await?;
        Ok(keys)
    }

    /// Deletes those of these rows that may go, in one transaction, and says which. For a job, only while it is still
    /// held so.
    pub async fn retire(
        &self,
        kept: Kept,
        ids: &[Uuid],
        limits: &Limits,
        holder: Option<Held>,
    ) -> Result<Vec<Retired>, StoreError> {
        let mut transaction = self.begin().await?;
        transaction.check_writable().await?;
        if let Some(held) = holder {
            transaction.check_held(held).await?;
        }
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        let mut retired = Vec::with_capacity(ids.len());
        for id in ids {
            retired.extend(transaction.retire(kept, id, limits).await?);
        }
        for some in retired.chunks(NOTED) {
            transaction.note(&self.actor, act_of(kept, some)).await?;
        }
        transaction.commit().await?;
        Ok(retired)
    }

    /// Whether a backup is being taken, which counts on the blobs of rows that it saw.
    pub async fn is_being_backed_up(&self) -> Result<bool, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let Instant(now) = transaction.now().await?;
        let since = Instant(now - LONGEST_BACKUP);
        let is_running: bool = run!(&mut transaction, query_scalar(IS_BACKED_UP).bind(since), fetch_one)?;
        transaction.commit().await?;
        Ok(is_running)
    }
}

fn act_of(kept: Kept, retired: &[Retired]) -> Act {
    let ids: Vec<String> = retired.iter().map(|row| row.id.simple().to_string()).collect();
    Act::on(Action::RetentionApplied, kept.name()).saying(ids.join(" "))
}

impl Transaction {
    /// A lock on the job's row, so that no other worker gets it before this transaction ends.
    async fn check_held(&mut self, held: Held) -> Result<(), StoreError> {
        let statement = match self {
            Transaction::Postgres(_) => POSTGRES_IS_HELD,
            Transaction::Sqlite(_) => SQLITE_IS_HELD,
        };
        let found: Option<i64> =
            run!(self, query_scalar(statement).bind(held.job).bind(held.epoch), fetch_optional)?;
        match found {
            Some(_) => Ok(()),
            None => {
                Err(StoreError::conflict("another worker has this job: nothing more is deleted by this one"))
            }
        }
    }

    async fn retire(&mut self, kept: Kept, id: Uuid, limits: &Limits) -> Result<Option<Retired>, StoreError> {
        let words = Words::of(kept);
        if let Transaction::Postgres(on) = self {
            let lock = query_scalar(words.lock).bind(id).persistent(on.persistent);
            let locked: Option<i32> = lock.fetch_optional(&mut *on.connection).await?;
            if locked.is_none() {
                return Ok(None);
            }
        }
        // A statement of its own, so that it sees what was committed before the lock was had.
        let row: Option<FoundRow> = run!(self, query_as(words.one).bind(id), fetch_optional)?;
        let Some(found) = row.map(|row| row.found(kept)) else { return Ok(None) };
        let Some(class) = found.goes(limits) else { return Ok(None) };
        let blobs = self.blobs_of(kept, id).await?;
        for statement in words.delete {
            run!(self, query(*statement).bind(id), execute)?;
        }
        Ok(Some(Retired { id, class, bytes: found.bytes, blobs }))
    }

    async fn blobs_of(&mut self, kept: Kept, id: Uuid) -> Result<Vec<String>, StoreError> {
        let keys: Vec<String> = run!(self, query_scalar(Words::of(kept).blobs).bind(id), fetch_all)?;
        Ok(match kept {
            Kept::Workbooks => keys.iter().map(|hash| workbook_key(hash)).collect(),
            Kept::Simulations | Kept::Jobs => keys,
        })
    }
}

row! {
    struct FoundRow {
        id: Uuid,
        state: Option<State>,
        since: Instant,
        is_needed: bool,
        bytes: i64,
    }
}

impl FoundRow {
    fn found(self, kept: Kept) -> Found {
        Found {
            id: self.id,
            kept,
            state: self.state,
            since: self.since.0,
            is_needed: self.is_needed,
            bytes: self.bytes.unsigned_abs(),
        }
    }
}

const POSTGRES_IS_HELD: &str = "
-- name: hold job
select epoch from jobs where id = $1 and epoch = $2 and state = 'running' for no key update";

const SQLITE_IS_HELD: &str = "
-- name: hold job
select epoch from jobs where id = $1 and epoch = $2 and state = 'running'";

const IS_BACKED_UP: &str = "
-- name: look for backup that is being taken
select exists (select 1 from backups where state = 'running' and begun_at > $1)";

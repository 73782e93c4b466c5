//! What has been kept long enough: found page by page, and deleted in short transactions.
//!
//! Nothing is deleted by what was seen before: the rows are locked, looked at again and judged again in the transaction
//! that deletes them. What somebody else holds at that moment stays until the next time. The rows go first; whose blobs
//! they were is said, so that those go after them.

use chrono::TimeDelta;
use sqlx::{query, query_as, query_scalar};
use uuid::Uuid;

use super::columns::Instant;
use super::transaction::{Transaction, run};
use super::{Store, StoreError};
use crate::delivery::Held;
use crate::job::State;
use crate::retention::{Class, Found, Kept, Limits};
use crate::simulation::workbook_key;

/// So many rows of a table are looked at in one go.
const PAGE: i64 = 2_000;
/// Nobody takes a backup for longer: what says that it is being taken since then is wrong.
const LONGEST_BACKUP: TimeDelta = TimeDelta::days(2);

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
        if let Some(held) = holder {
            transaction.check_held(held).await?;
        }
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        let mut retired = Vec::with_capacity(ids.len());
        for id in ids {
            retired.extend(transaction.retire(kept, id, limits).await?);
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

#[derive(sqlx::FromRow)]
struct FoundRow {
    id: Uuid,
    state: Option<State>,
    since: Instant,
    is_needed: bool,
    bytes: i64,
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

/// What is said of one table.
struct Words {
    last_of_page: &'static str,
    page: &'static str,
    one: &'static str,
    lock: &'static str,
    blobs: &'static str,
    delete: &'static [&'static str],
}

impl Words {
    fn of(kept: Kept) -> Words {
        match kept {
            Kept::Simulations => SIMULATIONS,
            Kept::Jobs => JOBS,
            Kept::Workbooks => WORKBOOKS,
        }
    }
}

/// A simulation is needed while one of its jobs has not ended, if only because it has not yet heard that it should.
macro_rules! simulation_found {
    () => {
        "
select simulations.id, root.state, root.finished_at as since,
    exists (select 1 from jobs as part where part.simulation = simulations.id and part.finished_at is null) as is_needed,
    length(simulations.request)
        + (select coalesce(cast(sum(length(payload) + coalesce(length(result), 0)) as bigint), 0)
            from jobs as part where part.simulation = simulations.id) as bytes
from simulations join jobs as root on root.id = simulations.root
where root.finished_at is not null and "
    };
}

/// The parts of a simulation that ended well were collected, or will be. The root is locked: a retry by hand, which makes it ready again, locks it too.
const SIMULATIONS: Words = Words {
    last_of_page: "
-- name: page of simulations
select id from simulations where id > $1 order by id limit 1 offset $2",
    page: concat!(
        "
-- name: find simulations that ended",
        simulation_found!(),
        "simulations.id > $1 and simulations.id <= $2 order by simulations.id"
    ),
    one: concat!(
        "
-- name: look at simulation that may go",
        simulation_found!(),
        "simulations.id = $1"
    ),
    lock: "
-- name: lock simulation that may go
select 1 from simulations join jobs as root on root.id = simulations.root
where simulations.id = $1 for update skip locked",
    blobs: "
-- name: list blobs of simulation
select result_key from jobs
where simulation = $1 and result_key is not null and (kind <> 'slice' or exists (
    select 1 from jobs as parent where parent.id = jobs.parent and parent.state = 'failed'))
union all
select samples_key from jobs where simulation = $1 and samples_key is not null",
    delete: &["
-- name: delete simulation
delete from simulations where id = $1"],
};

macro_rules! job_found {
    () => {
        "
select id, state, finished_at as since,
    exists (select 1 from jobs as child where child.parent = jobs.id and child.finished_at is null) as is_needed,
    cast(length(payload) + coalesce(length(result), 0) as bigint) as bytes
from jobs
where simulation is null and parent is null and finished_at is not null and "
    };
}

const JOBS: Words = Words {
    last_of_page: "
-- name: page of jobs
select id from jobs where id > $1 order by id limit 1 offset $2",
    page: concat!(
        "
-- name: find jobs that ended",
        job_found!(),
        "id > $1 and id <= $2 order by id"
    ),
    one: concat!(
        "
-- name: look at job that may go",
        job_found!(),
        "id = $1"
    ),
    lock: "
-- name: lock job that may go
select 1 from jobs where id = $1 for update skip locked",
    blobs: "
-- name: list blobs of job
select result_key from jobs where (id = $1 or parent = $1) and result_key is not null
union all
select samples_key from jobs where (id = $1 or parent = $1) and samples_key is not null",
    delete: &[
        "
-- name: delete children of job
delete from jobs where parent = $1",
        "
-- name: delete job
delete from jobs where id = $1",
    ],
};

macro_rules! workbook_found {
    () => {
        "
select id, null as state, created_at as since,
    exists (select 1 from simulations where simulations.workbook = workbooks.id) as is_needed, cast(0 as bigint) as bytes
from workbooks
where "
    };
}

/// Whoever submits a simulation of a workbook locks its row: after this lock nobody does, and before it their rows are
/// seen.
const WORKBOOKS: Words = Words {
    last_of_page: "
-- name: page of workbooks
select id from workbooks where id > $1 order by id limit 1 offset $2",
    page: concat!(
        "
-- name: find workbooks",
        workbook_found!(),
        "id > $1 and id <= $2 order by id"
    ),
    one: concat!(
        "
-- name: look at workbook that may go",
        workbook_found!(),
        "id = $1"
    ),
    lock: "
-- name: lock workbook that may go
select 1 from workbooks where id = $1 for update skip locked",
    blobs: "
-- name: look at hash of workbook
select hash from workbooks
where id = $1 and not exists (
    select 1 from workbooks as other where other.hash = workbooks.hash and other.id <> workbooks.id)",
    delete: &["
-- name: delete workbook that was kept long enough
delete from workbooks where id = $1"],
};

const POSTGRES_IS_HELD: &str = "
-- name: hold job
select epoch from jobs where id = $1 and epoch = $2 and state = 'running' for no key update";

const SQLITE_IS_HELD: &str = "
-- name: hold job
select epoch from jobs where id = $1 and epoch = $2 and state = 'running'";

const IS_BACKED_UP: &str = "
-- name: look for backup that is being taken
select exists (select 1 from backups where state = 'running' and begun_at > $1)";

//! The statements by which each table is looked through, looked at and deleted from.

use crate::retention::Kept;

/// What is said of one table.
pub(super) struct Words {
    pub(super) last_of_page: &'static str,
    pub(super) page: &'static str,
    pub(super) one: &'static str,
    pub(super) lock: &'static str,
    pub(super) blobs: &'static str,
    pub(super) delete: &'static [&'static str],
}

impl Words {
    pub(super) fn of(kept: Kept) -> Words {
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

/// The parts of a simulation that ended well were collected, or will be. The root is locked: a retry by hand, which
/// makes it ready again, locks it too.
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

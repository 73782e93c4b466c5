//! Restore drills: what was found, and the rows by which a restored database is known again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{query, query_as, query_scalar};
use uuid::Uuid;

use super::clock::milliseconds;
use super::columns::Instant;
use super::transaction::run;
use super::{Store, StoreError};
use crate::audit::{Act, Action};
use crate::backup::Drill;
use crate::store::row::row;

/// So many markers stay; older ones go with the next that is written.
const MARKERS: i64 = 100;

impl Store {
    /// Writes a marker, and says when.
    pub async fn write_marker(&self) -> Result<(Uuid, DateTime<Utc>), StoreError> {
        let mut transaction = self.begin().await?;
        let (id, now) = (Uuid::now_v7(), transaction.now().await?);
        run!(&mut transaction, query(WRITE_MARKER).bind(id).bind(now), execute)?;
        run!(&mut transaction, query(FORGET_MARKERS).bind(MARKERS), execute)?;
        transaction.commit().await?;
        Ok((id, now.0))
    }

    /// Whether a marker is there.
    pub async fn has_marker(&self, id: Uuid) -> Result<bool, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let there: bool = run!(&mut transaction, query_scalar(HAS_MARKER).bind(id), fetch_one)?;
        transaction.commit().await?;
        Ok(there)
    }

    /// Writes down how a drill ended.
    pub async fn record_drill(&self, drill: &Drill) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let findings = serde_json::Value::from(drill.findings.clone()).to_string();
        run!(
            &mut transaction,
            query(RECORD_DRILL)
                .bind(drill.id)
                .bind(drill.label.as_deref())
                .bind(Instant(drill.started_at))
                .bind(drill.recovery_time.map(milliseconds))
                .bind(drill.lost_time.map(milliseconds))
                .bind(findings),
            execute
        )?;
        let act = Act::on(Action::RestoreDrilled, drill.label.as_deref().unwrap_or("no backup"))
            .saying(format!("{} findings", drill.findings.len()));
        transaction.note(&self.actor, act).await?;
        transaction.commit().await
    }

    /// The last drills, newest first, at most so many.
    pub async fn drills(&self, limit: u32) -> Result<Vec<Drill>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let rows: Vec<DrillRow> = run!(&mut transaction, query_as(DRILLS).bind(i64::from(limit)), fetch_all)?;
        transaction.commit().await?;
        rows.into_iter().map(DrillRow::drill).collect()
    }
}

row! {
    struct DrillRow {
        id: Uuid,
        label: Option<String>,
        started_at: Instant,
        recovery_ms: Option<i64>,
        lost_ms: Option<i64>,
        findings: String,
    }
}

impl DrillRow {
    fn drill(self) -> Result<Drill, StoreError> {
        let span = |milliseconds: i64| Duration::from_millis(milliseconds.unsigned_abs());
        let findings = serde_json::from_str(&self.findings);
        Ok(Drill {
            id: self.id,
            label: self.label,
            started_at: self.started_at.0,
            recovery_time: self.recovery_ms.map(span),
            lost_time: self.lost_ms.map(span),
            findings: findings
                .map_err(|error| StoreError::broken(format!("findings of a drill: {error}")))?,
        })
    }
}

const WRITE_MARKER: &str = "
-- name: write marker
insert into drill_markers (id, written_at) values ($1, $2)";

const FORGET_MARKERS: &str = "
-- name: forget markers
delete from drill_markers where id not in (select id from drill_markers order by written_at desc, id desc limit $1)";

const HAS_MARKER: &str = "
-- name: look for marker
select exists (select 1 from drill_markers where id = $1)";

const RECORD_DRILL: &str = "
-- name: record drill
insert into drills (id, label, started_at, recovery_ms, lost_ms, findings) values ($1, $2, $3, $4, $5, $6)";

const DRILLS: &str = "
-- name: list drills
select id, label, started_at, recovery_ms, lost_ms, findings from drills order by started_at desc, id desc limit $1";

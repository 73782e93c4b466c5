//! The audit trail: written with what it tells, sealed by a duty, read by who verifies it.

use std::sync::Arc;

use sqlx::{ColumnIndex, Decode, FromRow, Row, Type, query, query_as};
use uuid::Uuid;

use super::columns::Instant;
use super::transaction::{Transaction, run};
use super::{Store, StoreError};
use crate::audit::{Act, Entry, Head, Link};
use crate::store::row::row;

/// A text of an entry has at most so many bytes; more is cut off.
const MAX_TEXT_BYTES: usize = 4096;

/// How many entries there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditCounts {
    /// In all.
    pub entries: u64,
    /// That are in the chain.
    pub sealed: u64,
    /// That wait for it.
    pub unsealed: u64,
}

impl Store {
    /// The same store for somebody else, who then stands in the entries of the audit trail.
    #[must_use]
    pub fn acting_as(&self, actor: impl Into<Arc<str>>) -> Store {
        Store { actor: actor.into(), ..self.clone() }
    }

    /// Writes down what was done beside the store.
    pub async fn note(&self, act: Act) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        transaction.note(&self.actor, act).await?;
        transaction.commit().await
    }

    /// Seals entries in the order in which they were written, at most so many. Gives how many, and the head.
    pub async fn seal_audit(&self, limit: u32) -> Result<(usize, Head), StoreError> {
        let mut transaction = self.begin().await?;
        if let Transaction::Postgres(_) = transaction {
            run!(&mut transaction, query(WAIT_FOR_OTHERS), execute)?;
        }
        let before = transaction.audit_head().await?;
        let mut head = before;
        let unsealed: Vec<EntryRow> =
            run!(&mut transaction, query_as(UNSEALED).bind(i64::from(limit)), fetch_all)?;
        for row in &unsealed {
            head = head.after(&row.clone().entry());
            let (number, hash) = (head.number.cast_signed(), head.hash.to_vec());
            run!(&mut transaction, query(ADD_LINK).bind(number).bind(row.id).bind(hash), execute)?;
        }
        run!(&mut transaction, query(FORGET_UNSEALED).bind(before.number.cast_signed()), execute)?;
        transaction.commit().await?;
        Ok((unsealed.len(), head))
    }

    /// The links of the chain after this number, in order, at most so many.
    pub async fn audit_links(&self, after: u64, limit: u32) -> Result<Vec<Link>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let (after, limit) = (after.cast_signed(), i64::from(limit));
        let rows: Vec<LinkRow> = run!(&mut transaction, query_as(LINKS).bind(after).bind(limit), fetch_all)?;
        transaction.commit().await?;
        rows.into_iter().map(LinkRow::link).collect()
    }

    /// The newest entries, sealed or not, newest first, at most so many: those of an action, if one is named.
    pub async fn audit_entries(&self, action: Option<&str>, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let rows: Vec<EntryRow> =
            run!(&mut transaction, query_as(NEWEST).bind(action).bind(i64::from(limit)), fetch_all)?;
        transaction.commit().await?;
        Ok(rows.into_iter().map(EntryRow::entry).collect())
    }

    /// How many entries there are, at one instant.
    pub async fn audit_counts(&self) -> Result<AuditCounts, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let (entries, sealed, unsealed): (i64, i64, i64) =
            run!(&mut transaction, query_as(COUNTS), fetch_one)?;
        transaction.commit().await?;
        let [entries, sealed, unsealed] = [entries, sealed, unsealed].map(i64::unsigned_abs);
        Ok(AuditCounts { entries, sealed, unsealed })
    }
}

impl Transaction {
    /// Writes down what this transaction does.
    pub(super) async fn note(&mut self, actor: &str, act: Act) -> Result<(), StoreError> {
        let now = self.now().await?;
        run!(
            self,
            query(NOTE)
                .bind(Uuid::now_v7())
                .bind(now)
                .bind(beginning(actor))
                .bind(act.action.name())
                .bind(beginning(&act.subject))
                .bind(beginning(&act.detail)),
            execute
        )?;
        Ok(())
    }

    async fn audit_head(&mut self) -> Result<Head, StoreError> {
        let last: Option<(i64, Vec<u8>)> = run!(self, query_as(LAST_LINK), fetch_optional)?;
        last.map_or(Ok(Head::default()), |(number, hash)| head(number, hash))
    }
}

/// As much of a text as an entry takes; Postgres has no zero characters.
fn beginning(text: &str) -> String {
    text[..text.floor_char_boundary(MAX_TEXT_BYTES)].replace('\0', "\u{fffd}")
}

fn head(number: i64, hash: Vec<u8>) -> Result<Head, StoreError> {
    let hash = hash.try_into().map_err(|_| StoreError::broken("a hash of the audit trail is none"))?;
    Ok(Head { number: number.unsigned_abs(), hash })
}

row! {
    #[derive(Clone)]
    struct EntryRow {
        id: Uuid,
        at: Instant,
        actor: String,
        action: String,
        subject: String,
        detail: String,
    }
}

impl EntryRow {
    fn entry(self) -> Entry {
        let EntryRow { id, at: Instant(at), actor, action, subject, detail } = self;
        Entry { id, at, actor, action, subject, detail }
    }
}

struct LinkRow {
    number: i64,
    hash: Vec<u8>,
    entry: EntryRow,
}

impl<'r, R: Row> FromRow<'r, R> for LinkRow
where
    EntryRow: FromRow<'r, R>,
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> sqlx::Result<LinkRow> {
        Ok(LinkRow {
            number: row.try_get("number")?,
            hash: row.try_get("hash")?,
            entry: EntryRow::from_row(row)?,
        })
    }
}

impl LinkRow {
    fn link(self) -> Result<Link, StoreError> {
        Ok(Link { entry: self.entry.entry(), head: head(self.number, self.hash)? })
    }
}

/// One seals at a time: the next number is the last one's successor.
const WAIT_FOR_OTHERS: &str = "
-- name: wait for others who seal
select pg_advisory_xact_lock(7305809)";

const NOTE: &str = "
-- name: note act
insert into audit (id, at, actor, action, subject, detail) values ($1, $2, $3, $4, $5, $6)";

const LAST_LINK: &str = "
-- name: last link of audit
select number, hash from audit_chain order by number desc limit 1";

const UNSEALED: &str = "
-- name: unsealed audit
select id, at, actor, action, subject, detail from audit
where id in (select entry from audit_unsealed order by entry limit $1)
order by id";

const ADD_LINK: &str = "
-- name: seal audit
insert into audit_chain (number, entry, hash) values ($1, $2, $3)";

const FORGET_UNSEALED: &str = "
-- name: audit sealed
delete from audit_unsealed where entry in (select entry from audit_chain where number > $1)";

const LINKS: &str = "
-- name: links of audit
select number, hash, id, at, actor, action, subject, detail
from audit_chain join audit on audit.id = audit_chain.entry
where number > $1
order by number
limit $2";

const NEWEST: &str = "
-- name: newest audit
select id, at, actor, action, subject, detail from audit
where $1 is null or action = $1
order by id desc
limit $2";

const COUNTS: &str = "
-- name: count audit
select (select count(*) from audit), (select count(*) from audit_chain), (select count(*) from audit_unsealed)";

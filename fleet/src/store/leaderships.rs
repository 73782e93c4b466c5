//! Who leads: a row that is held for a term and renewed before it ends. It only saves work: everything that a leader
//! does is right when two do it.

use std::time::Duration;

use sqlx::{query, query_as};

use super::columns::Instant;
use super::transaction::run;
use super::{Store, StoreError};

/// An office that is held for more terms than so many was taken before the clock was set back, and who holds it may be gone.
const MOST_TERMS: i32 = 2;

/// Whether one leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leadership {
    /// Whether the one who asked does.
    pub leading: bool,
    /// Which term it is; it grows with every change of the holder.
    pub term: i64,
}

impl Store {
    /// Takes or keeps an office for this long, if nobody else holds it.
    pub async fn lead(&self, office: &str, holder: &str, length: Duration) -> Result<Leadership, StoreError> {
        let mut transaction = self.begin().await?;
        let now = transaction.now().await?;
        let length = chrono::TimeDelta::from_std(length)
            .map_err(|_| StoreError::refused("a term is longer than time itself"))?;
        let (until, too_long) = (Instant(now.0 + length), Instant(now.0 + length * MOST_TERMS));
        let taken: Option<(i64,)> = run!(
            &mut transaction,
            query_as(LEAD).bind(office).bind(holder).bind(until).bind(now).bind(too_long),
            fetch_optional
        )?;
        let leadership = match taken {
            Some((term,)) => Leadership { leading: true, term },
            None => {
                let (term,) = run!(&mut transaction, query_as(TERM).bind(office), fetch_one)?;
                Leadership { leading: false, term }
            }
        };
        transaction.commit().await?;
        Ok(leadership)
    }

    /// Gives an office up, so that another need not wait for the end of the term.
    pub async fn resign(&self, office: &str, holder: &str) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let now = transaction.now().await?;
        run!(&mut transaction, query(RESIGN).bind(office).bind(holder).bind(now), execute)?;
        transaction.commit().await
    }
}

const LEAD: &str = "
-- name: lead
insert into leaderships (office, holder, term, held_until) values ($1, $2, 1, $3)
on conflict (office) do update set
    term = case when leaderships.holder = excluded.holder then leaderships.term else leaderships.term + 1 end,
    holder = excluded.holder,
    held_until = excluded.held_until
where leaderships.holder = excluded.holder or leaderships.held_until <= $4 or leaderships.held_until > $5
returning term";

const TERM: &str = "
-- name: look at term
select term from leaderships where office = $1";

const RESIGN: &str = "
-- name: resign
update leaderships set held_until = $3 where office = $1 and holder = $2 and held_until > $3";

//! Lists, page by page.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::ApiError;

/// Rows of a page where none are asked for.
const USUAL: u32 = 50;

/// One page of a list, newest first.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    /// Its rows.
    pub items: Vec<T>,
    /// What `after` takes to get the next page; nothing on the last one.
    pub next: Option<String>,
}

/// Which page is wanted: texts, to be refused in words of ours.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plain {
    after: Option<String>,
    limit: Option<String>,
}

/// Which page is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<T> {
    /// After which row.
    pub after: Option<T>,
    /// How many rows.
    pub limit: u32,
}

impl<T: FromStr> Wanted<T> {
    /// Reads `after` and `limit`, of which at most `most`.
    pub fn read(after: Option<&str>, limit: Option<&str>, most: u32) -> Result<Wanted<T>, ApiError> {
        let after = after.map(|after| {
            after.parse().map_err(|_| {
                ApiError::Malformed(
                    "after: this is no cursor; take it from 'next' of the page before".to_owned(),
                )
            })
        });
        let limit = match limit.map(str::parse) {
            None => USUAL.min(most),
            Some(Ok(limit)) if (1..=most).contains(&limit) => limit,
            Some(_) => return Err(ApiError::Malformed(format!("limit: choose from 1 to {most}"))),
        };
        Ok(Wanted { after: after.transpose()?, limit })
    }
}

impl Plain {
    /// Reads it.
    pub fn wanted<T: FromStr>(&self, most: u32) -> Result<Wanted<T>, ApiError> {
        Wanted::read(self.after.as_deref(), self.limit.as_deref(), most)
    }
}

impl<T> Page<T> {
    /// A page of `rows`, one more than `limit` having been asked for to see whether there is another.
    pub fn of<R>(mut rows: Vec<R>, limit: u32, id: impl Fn(&R) -> String, show: impl Fn(R) -> T) -> Page<T> {
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(id);
        Page { items: rows.into_iter().map(show).collect(), next }
    }
}

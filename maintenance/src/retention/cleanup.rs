//! Deletes uploads, results, jobs and dead letters that have been kept long enough.
//!
//! Said first and done then by the same walk over the same rows: a forecast is the walk that deletes nothing. What each
//! row is, and whether it goes, is decided by [`fermiac_fleet::retention`].

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use fermiac_fleet::blobs::Blobs;
use fermiac_fleet::delivery::Held;
use fermiac_fleet::orphans::{Reprieve, Spared, free, reprieve, weigh};
use fermiac_fleet::retention::{Class, Found, Kept, Limits, RetentionArguments};
use fermiac_fleet::store::{Retired, Store};
use fermiac_fleet::telemetry::metrics::{RETENTION_DELETED, RETENTION_FREED_BYTES};
use serde::Serialize;
use uuid::Uuid;

use crate::error::{MaintenanceError, Result};

/// So many rows go in one transaction.
const BATCH: usize = 100;
/// So many are listed one by one; all are counted.
const LISTED: usize = 1_000;

/// What goes of a class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Amount {
    /// How many: workbooks, simulations, jobs.
    pub count: u64,
    /// How many blobs with them.
    pub blobs: u64,
    /// How large rows and blobs are together.
    pub bytes: u64,
}

/// What a cleanup would delete.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Forecast {
    /// In all.
    pub classes: BTreeMap<Class, Amount>,
    /// The first of them.
    pub going: Vec<Going>,
    /// The blobs among theirs that would not go at once.
    pub spared: Spared,
}

/// What a cleanup deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Cleaned {
    /// In all.
    pub classes: BTreeMap<Class, Amount>,
    /// The blobs among theirs that stay for now.
    pub spared: Spared,
}

/// Something that goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Going {
    /// As what.
    pub class: Class,
    /// Its name.
    pub id: Uuid,
    /// From when its days count.
    pub since: DateTime<Utc>,
}

/// On whose behalf things are deleted.
#[derive(Clone, Copy)]
pub struct Mandate<'a> {
    /// The job that does it, if it is one: when it is another worker's, nothing more is deleted.
    pub job: Option<Held>,
    /// Whether to stop before the next batch.
    pub is_stopping: &'a (dyn Fn() -> bool + Sync),
}

/// Where things are that are kept for a while.
#[derive(Debug, Clone, Copy)]
pub struct Homes<'a> {
    /// Their rows.
    pub store: &'a Store,
    /// Their blobs.
    pub blobs: &'a Blobs,
}

/// Says what would go now. Nothing does.
///
/// # Errors
/// When the store or the home of the blobs does not answer.
pub async fn forecast(homes: Homes<'_>, arguments: &RetentionArguments) -> Result<Forecast> {
    let limits = arguments.limits(homes.store.now().await?);
    let reprieve = reprieve(homes.store).await?;
    let mut forecast = Forecast::default();
    for &kept in Kept::ALL {
        let mut after = None;
        loop {
            let page = homes.store.kept_page(kept, after).await?;
            let going = going(&page.found, &limits);
            going.iter().for_each(|(found, class)| forecast.add(found, *class));
            foretell_blobs(homes, kept, &going, reprieve, &mut forecast).await?;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(forecast)
}

/// Deletes what goes, in batches. Said again after it broke off, it goes on.
///
/// # Errors
/// When the store or the home of the blobs does not answer, and when it has to stop; some is deleted then.
pub async fn clean_up(
    homes: Homes<'_>,
    arguments: &RetentionArguments,
    mandate: Mandate<'_>,
) -> Result<Cleaned> {
    homes.store.check_writable().await?;
    let limits = arguments.limits(homes.store.now().await?);
    let mut cleaned = Cleaned::default();
    for &kept in Kept::ALL {
        let mut after = None;
        loop {
            let page = homes.store.kept_page(kept, after).await?;
            let ids: Vec<Uuid> = going(&page.found, &limits).iter().map(|(found, _)| found.id).collect();
            for batch in ids.chunks(BATCH) {
                if (mandate.is_stopping)() {
                    return Err(MaintenanceError::Stopped);
                }
                let retired = homes.store.retire(kept, batch, &limits, mandate.job).await?;
                cleaned.add(homes, &retired).await?;
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(cleaned)
}

fn going<'a>(found: &'a [Found], limits: &Limits) -> Vec<(&'a Found, Class)> {
    found.iter().filter_map(|found| Some((found, found.goes(limits)?))).collect()
}

async fn foretell_blobs(
    homes: Homes<'_>,
    kept: Kept,
    going: &[(&Found, Class)],
    reprieve: Option<Reprieve>,
    forecast: &mut Forecast,
) -> Result<()> {
    let ids: Vec<Uuid> = going.iter().map(|(found, _)| found.id).collect();
    let keys = homes.store.blobs_of(kept, &ids).await?;
    for (class, keys) in by_class(going.iter().map(|(_, class)| *class).zip(keys)) {
        let freed = weigh(homes.blobs, &keys).await?;
        if let Some(reprieve) = reprieve {
            forecast.spared = forecast.spared.and(Spared::by(reprieve, freed.blobs));
            continue;
        }
        let amount = forecast.classes.entry(class).or_default();
        amount.blobs += freed.blobs;
        amount.bytes += freed.bytes;
    }
    Ok(())
}

fn by_class(keys: impl Iterator<Item = (Class, Vec<String>)>) -> BTreeMap<Class, Vec<String>> {
    let mut classes: BTreeMap<Class, Vec<String>> = BTreeMap::new();
    keys.for_each(|(class, keys)| classes.entry(class).or_default().extend(keys));
    classes
}

impl Forecast {
    fn add(&mut self, found: &Found, class: Class) {
        let amount = self.classes.entry(class).or_default();
        amount.count += 1;
        amount.bytes += found.bytes;
        if self.going.len() < LISTED {
            self.going.push(Going { class, id: found.id, since: found.since });
        }
    }
}

impl Cleaned {
    /// Their rows are gone: the blobs follow, and all is counted.
    async fn add(&mut self, homes: Homes<'_>, retired: &[Retired]) -> Result<()> {
        for class in Class::ALL {
            let of_class: Vec<&Retired> = retired.iter().filter(|one| one.class == *class).collect();
            if of_class.is_empty() {
                continue;
            }
            let keys: Vec<String> = of_class.iter().flat_map(|one| one.blobs.clone()).collect();
            let freed = free::<MaintenanceError>(homes.store, homes.blobs, &keys).await?;
            let count = of_class.len() as u64;
            let bytes = of_class.iter().map(|one| one.bytes).sum::<u64>() + freed.bytes;
            metrics::counter!(RETENTION_DELETED, "class" => class.name()).increment(count);
            metrics::counter!(RETENTION_FREED_BYTES, "class" => class.name()).increment(bytes);
            let amount = self.classes.entry(*class).or_default();
            amount.count += count;
            amount.blobs += freed.blobs;
            amount.bytes += bytes;
            self.spared = self.spared.and(freed.spared);
        }
        Ok(())
    }
}

//! The drill of a cluster that is backed up as a whole: the newest backup and all of the log since.
//!
//! What would be lost is measured: how long a row that was just written takes to reach the archive. Nothing hurries the
//! archive along.

use std::time::{Duration, Instant};

use fermiac_fleet::backup::Drill;
use fermiac_fleet::store::Store;
use uuid::Uuid;

use super::late;
use crate::context::{Context, unhurried};
use crate::error::Result;
use crate::pgbackrest::{PgBackRest, Until};
use crate::postgres::{DatabaseAddress, Scratch};
use crate::restore::integrity::{Check, findings, of_itself, pages};
use crate::restore::tear_down;

const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

pub(super) async fn hold(
    context: &Context,
    cluster: &PgBackRest,
    label: Option<&str>,
    drill: &mut Drill,
) -> Result<()> {
    let (marker, _) = context.store.write_marker().await?;
    drill.lost_time = archived_within(&context.store, context.lost_time).await?;
    if drill.lost_time.is_none() {
        drill.findings.push(format!(
            "the log did not reach the archive within {:.1} s",
            context.lost_time.as_secs_f64()
        ));
        return Ok(());
    }
    drill.label = match label {
        Some(label) => Some(label.to_owned()),
        None => cluster.backups().await?.pop().map(|newest| newest.label),
    };
    let begun = Instant::now();
    let checks = context.places.vault.while_held(drill.label.as_deref().unwrap_or("none"), async {
        let scratch = cluster.restore_to_scratch(label, Until::End, &context.places.scratch).await?;
        let checks = look(context, &scratch, marker).await;
        tear_down(scratch).await?;
        checks
    });
    let checks = checks.await;
    drill.recovery_time = Some(begun.elapsed());
    drill.findings = findings(&checks?);
    drill.findings.extend(late(context, drill));
    Ok(())
}

/// How long what was committed last takes to be in the archive; nothing, if it takes longer than that.
async fn archived_within(store: &Store, longest: Duration) -> Result<Option<Duration>> {
    let begun = Instant::now();
    let segment = store.log_segment().await?;
    loop {
        // Names of segments sort by time; a label of a backup begins with the name of its segment.
        if store.archiver().await?.archived.is_some_and(|(archived, _)| archived >= segment) {
            return Ok(Some(begun.elapsed()));
        }
        if begun.elapsed() > longest {
            return Ok(None);
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

async fn look(context: &Context, scratch: &Scratch, marker: Uuid) -> Result<Vec<Check>> {
    let database: DatabaseAddress = scratch.address(context.database.url().last_segment())?;
    let store = unhurried(&database, &context.places.environment).await?;
    let checks = look_into(&store, marker).await;
    store.close().await;
    let mut checks = checks?;
    checks.push(pages(&database).await?);
    Ok(checks)
}

async fn look_into(store: &Store, marker: Uuid) -> Result<Vec<Check>> {
    let mut snapshot = store.snapshot().await?;
    let mut checks = of_itself(store, &mut snapshot).await?;
    drop(snapshot);
    let finding = (!store.has_marker(marker).await?)
        .then(|| format!("the marker {marker}, which was archived, is not in what was restored"));
    checks.push(Check { name: "marker", finding });
    Ok(checks)
}

//! `fermiac lifecycle`: the rules that buckets follow by themselves.

use std::collections::BTreeMap;

use fermiac_fleet::blobs::{Applied, BlobError, Blobs, Touch};
use fermiac_fleet::profile::{BackupMethod, Profile};
use fermiac_maintenance::retention::lifecycle::{Lifecycle, told};
use serde_json::Value;

use crate::arguments::{LifecycleArguments, LifecycleCommand};
use crate::document;
use crate::failure::Failure;

/// A rule that expired anything there would break backups that need it.
const PGBACKREST: &str = "pgBackRest's repository is its own, and what is kept no longer goes by `pgbackrest expire`, \
    which this program calls; let its bucket give up uploads in parts that broke off, and never expire anything";

type Followed = BTreeMap<&'static str, Result<Applied, BlobError>>;

/// Shows the rules, or has the buckets follow them. Fails if a bucket refuses; one that knows of no rules is told.
pub async fn manage(profile: &Profile, data: &Blobs, arguments: &LifecycleArguments) -> Result<(), Failure> {
    let lifecycle = Lifecycle::of(profile, data).map_err(Failure::refused)?;
    let touch = match arguments.command {
        LifecycleCommand::Show => {
            if let (BackupMethod::PgBackRest, Some(url)) = (profile.backup.kind, &profile.pgbackrest.url) {
                eprintln!("fermiac: {url} has no rules: {PGBACKREST}");
            }
            return document::print_json(&lifecycle.document());
        }
        LifecycleCommand::Apply { dry_run: true } => Touch::Look,
        LifecycleCommand::Apply { dry_run: false } => Touch::Apply,
    };
    let followed = lifecycle.follow(touch).await;
    if arguments.json {
        document::print_json(&followed.iter().map(|(place, done)| (*place, told(done))).collect::<Value>())?;
    } else {
        document::print(&followed.iter().map(|(place, done)| line(place, done, touch)).collect::<String>())?;
    }
    match failed_places(&followed).as_slice() {
        [] => Ok(()),
        places => Err(Failure::Failed(format!("the rules could not be applied to: {}", places.join(", ")))),
    }
}

fn failed_places(followed: &Followed) -> Vec<&'static str> {
    followed.iter().filter(|(_, done)| done.is_err()).map(|(place, _)| *place).collect()
}

fn line(place: &str, done: &Result<Applied, BlobError>, touch: Touch) -> String {
    let words = match done {
        Ok(Applied::Unchanged) => "follows the rules already".to_owned(),
        Ok(Applied::Changed { others }) => {
            let verb = if touch == Touch::Look { "would follow" } else { "follows" };
            format!("{verb} the rules from now on; {others} rules of others stay")
        }
        Ok(Applied::Unsupported(reason)) => format!("warning: nothing is done: {reason}"),
        Err(error) => format!("failed: {error}"),
    };
    format!("{place:8} {words}\n")
}

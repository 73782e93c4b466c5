//! `fermiac backup` and `fermiac restore`: taking backups by hand, and having them again.

use fermiac_fleet::backup::{Backup, BackupState, Drill};
use fermiac_fleet::blobs::Blobs;
use fermiac_fleet::profile::{Profile, SecretUrl};
use fermiac_maintenance::backup::{self, BackupArguments as Wanted, Depth, Taken, Verified};
use fermiac_maintenance::drill::{DrillArguments, drill};
use fermiac_maintenance::pgbackrest::PgBackRest;
use fermiac_maintenance::postgres::DatabaseAddress;
use fermiac_maintenance::restore::cluster::{self, RestoredCluster};
use fermiac_maintenance::restore::{self, Restored, Target};
use fermiac_maintenance::retention;
use fermiac_maintenance::{Context, MaintenanceError, Places};
use serde_json::{Value, json};

use super::{audit, failed};
use crate::arguments::{BackupCommand, RestoreArguments};
use crate::document;
use crate::failure::Failure;

/// So many are listed.
const LISTED: u32 = 1_000;

/// Takes, lists, verifies, pins or drills.
pub async fn manage(
    profile: &Profile,
    blobs: Blobs,
    command: &BackupCommand,
    json: bool,
) -> Result<(), Failure> {
    let context = Context::connect(profile, blobs).await.map_err(told)?.acting_as(audit::operator());
    let (document, text) = match command {
        BackupCommand::Now { pin } => {
            let taken =
                backup::backup(&context, &Wanted { pin: pin.clone(), extent: None }).await.map_err(told)?;
            (json!(taken), taken_in_words(&taken))
        }
        BackupCommand::List => {
            let backups = context.store.backups(LISTED).await.map_err(failed)?;
            (backups.iter().map(listed).collect(), backups.iter().map(line).collect())
        }
        BackupCommand::Verify { label, all, restore } => verify(&context, label, *all, *restore).await?,
        BackupCommand::Pin { label, reason } => {
            context.store.pin_backup(label, Some(reason)).await.map_err(Failure::refused)?;
            (json!({ "label": label, "pinned": reason }), format!("{label} is kept: {reason}\n"))
        }
        BackupCommand::Unpin { label } => {
            context.store.pin_backup(label, None).await.map_err(Failure::refused)?;
            (json!({ "label": label, "pinned": null }), format!("{label} goes when its time comes\n"))
        }
        BackupCommand::Expire { dry_run } => expire(&context, *dry_run).await?,
        BackupCommand::Drill { label } => {
            let held = drill(&context, &DrillArguments { label: label.clone() }).await.map_err(told)?;
            (drilled(&held), drilled_in_words(&held))
        }
    };
    if json { document::print_json(&document) } else { document::print(&text) }
}

/// Restores, into a database or for a look. Neither the database that is lost nor its catalogue is asked.
pub async fn restore(
    profile: &Profile,
    blobs: Option<Blobs>,
    arguments: &RestoreArguments,
) -> Result<(), Failure> {
    let places = Places::of(profile).map_err(told)?;
    let target = Target::parse(&arguments.to);
    if let Some(data) = &arguments.cluster {
        let repository = PgBackRest::configure(profile).await.map_err(told)?;
        let restored = cluster::into_folder(&places, &repository, &target, data).await.map_err(told)?;
        let text = cluster_in_words(&restored);
        return if arguments.json { document::print_json(&restored) } else { document::print(&text) };
    }
    let restored = match &arguments.into {
        None => restore::rehearse(&places, &target).await.map_err(told)?,
        Some(url) => {
            let database = DatabaseAddress::of(&without_password(url)?).map_err(told)?;
            let restored = restore::into_database(&places, &target, &database).await.map_err(told)?;
            restore::note(&places, &database, &restored.label, audit::operator()).await.map_err(told)?;
            restored
        }
    };
    let brought = match &blobs {
        Some(home) => restore::blobs(&places, &target, home).await.map_err(told)?,
        None => 0,
    };
    let mut document = json!(restored);
    document["blobs_brought"] = brought.into();
    if arguments.json {
        return document::print_json(&document);
    }
    let blobs = if blobs.is_some() { format!("{brought} blobs were brought back\n") } else { String::new() };
    document::print(&(restored_in_words(&restored) + &blobs))
}

async fn verify(
    context: &Context,
    label: &str,
    all: bool,
    restores: bool,
) -> Result<(Value, String), Failure> {
    let depth = if all { Depth::All } else { Depth::New };
    let verified = backup::verify(context, label, depth).await.map_err(told)?;
    let Verified { opened, seen, .. } = &verified;
    let (mut document, mut text) =
        (json!(verified), format!("{label} is whole: {opened} objects opened, {seen} more seen\n"));
    if restores {
        let target = Target::Label(label.to_owned());
        let restored = restore::rehearse(&context.places, &target).await.map_err(told)?;
        document["restored"] = json!(restored);
        text += &restored_in_words(&restored);
    }
    Ok((document, text))
}

/// Says what goes, and deletes it unless that was all that was wanted.
async fn expire(context: &Context, dry_run: bool) -> Result<(Value, String), Failure> {
    let plan = retention::plan(context).await.map_err(told)?;
    let bytes: u64 = plan.goes.values().sum();
    let verb = if dry_run { "would go" } else { "are gone" };
    let mut text: String = plan.goes.keys().map(|label| format!("{label}\n")).collect();
    text += &format!(
        "{} backups and {} blobs {verb}, {bytes} bytes; {} stay\n",
        plan.goes.len(),
        plan.blobs.len(),
        plan.kept.len()
    );
    if !dry_run {
        retention::fail_lost(context).await.map_err(told)?;
        retention::carry_out(context, &plan).await.map_err(told)?;
    }
    Ok((json!(plan), text))
}

/// Arguments can be read by everybody on the machine.
pub fn without_password(url: &str) -> Result<SecretUrl, Failure> {
    let url = SecretUrl::new(url);
    if url.credentials().is_some_and(|credentials| credentials.contains(':')) {
        return Err(Failure::refused(
            "--into: a password does not stand among the arguments: leave it out, and give PGPASSWORD or PGPASSFILE",
        ));
    }
    Ok(url)
}

pub fn told(error: MaintenanceError) -> Failure {
    match error {
        MaintenanceError::Refused(problem) => Failure::Refused(problem),
        other => Failure::Failed(other.to_string()),
    }
}

fn taken_in_words(taken: &Taken) -> String {
    let standing = if taken.is_verified { "verified" } else { "not verified: the identity is not here" };
    format!(
        "{}: {} bytes, {}{} blobs of which {} are new; {standing}\n",
        taken.label,
        taken.bytes,
        taken.rows.map(|rows| format!("{rows} rows, ")).unwrap_or_default(),
        taken.blobs,
        taken.new_blobs
    )
}

fn restored_in_words(restored: &Restored) -> String {
    let checks: Vec<&str> = restored.checks.iter().map(|check| check.name).collect();
    format!(
        "{} is restored, as of {}, in {:.1} s; checked: {}\n",
        restored.label,
        restored.taken_at.format("%Y-%m-%d %H:%M:%S UTC"),
        restored.took.as_secs_f64(),
        checks.join(", ")
    )
}

fn cluster_in_words(restored: &RestoredCluster) -> String {
    let until = restored.until.map_or_else(|| "the end of the log".to_owned(), |until| until.to_string());
    format!(
        "{} holds the cluster of {}, up to {until}, in {:.1} s\nStart the server on it: it goes through its log first. \
         It does not archive until you say `alter system reset archive_mode` and start it again.\n",
        restored.data.display(),
        restored.label,
        restored.took.as_secs_f64()
    )
}

fn line(backup: &Backup) -> String {
    let mut line = format!("{} {:9} {:>14} bytes", backup.label, backup.state.name(), backup.bytes);
    if let Some(reason) = &backup.pinned {
        line += &format!(", kept: {reason}");
    }
    if let (BackupState::Failed, Some(error)) = (backup.state, &backup.error) {
        line += &format!(", {error}");
    }
    line + "\n"
}

fn listed(backup: &Backup) -> Value {
    json!({
        "label": backup.label, "kind": backup.kind, "state": backup.state, "begun_at": backup.begun_at,
        "taken_at": backup.taken_at, "verified_at": backup.verified_at, "bytes": backup.bytes,
        "is_copied": backup.is_copied, "pinned": backup.pinned, "error": backup.error,
    })
}

fn drilled(drill: &Drill) -> Value {
    json!({
        "id": drill.id, "label": drill.label, "passed": drill.passed(),
        "recovery_ms": drill.recovery_time.map(|time| time.as_millis()),
        "lost_ms": drill.lost_time.map(|time| time.as_millis()), "findings": drill.findings,
    })
}

fn drilled_in_words(drill: &Drill) -> String {
    let seconds = |time: Option<std::time::Duration>| {
        time.map_or_else(|| "an unknown time".to_owned(), |time| format!("{:.1} s", time.as_secs_f64()))
    };
    format!(
        "the drill passed: {} was restored and checked in {}; a disaster would have cost {}\n",
        drill.label.as_deref().unwrap_or_default(),
        seconds(drill.recovery_time),
        seconds(drill.lost_time)
    )
}

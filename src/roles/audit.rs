//! Who did what when, for those who look and those who prove.

use chrono::{DateTime, SecondsFormat, Utc};
use fermiac_fleet::audit::{Entry, Head, Verifier};
use fermiac_fleet::hex::hex;
use fermiac_fleet::host;
use fermiac_fleet::profile::Profile;
use fermiac_fleet::store::Store;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::failed;
use crate::arguments::AuditCommand;
use crate::document;
use crate::failure::Failure;

/// So many links are read at once.
const PAGE: u32 = 5_000;

/// An entry, as JSON.
#[derive(Debug, Serialize)]
struct Shown {
    at: DateTime<Utc>,
    actor: String,
    action: String,
    subject: String,
    detail: String,
}

/// A chain that is whole.
#[derive(Debug, Serialize)]
struct Whole {
    sealed: u64,
    unsealed: u64,
    head: String,
}

/// Lists or verifies.
pub async fn manage(store: &Store, command: &AuditCommand, json: bool) -> Result<(), Failure> {
    match command {
        AuditCommand::List { action, limit } => {
            let entries = store.audit_entries(action.as_deref(), *limit).await.map_err(failed)?;
            let entries: Vec<Shown> = entries.into_iter().map(Shown::of).collect();
            if json { document::print_json(&entries) } else { document::print(&table(&entries)) }
        }
        AuditCommand::Verify { noted } => {
            let whole = verify(store, *noted).await?;
            if json { document::print_json(&whole) } else { document::print(&whole.told()) }
        }
    }
}

/// Follows the whole chain. What is written meanwhile is no matter: entries are counted at one instant.
async fn verify(store: &Store, noted: Option<Head>) -> Result<Whole, Failure> {
    let mut verifier = Verifier::awaiting(noted);
    loop {
        let links = store.audit_links(verifier.head().number, PAGE).await.map_err(failed)?;
        for link in &links {
            verifier.take(link).map_err(failed)?;
        }
        if links.is_empty() {
            break;
        }
    }
    let head = verifier.end().map_err(failed)?;
    let counts = store.audit_counts().await.map_err(failed)?;
    if counts.entries != counts.sealed + counts.unsealed {
        return Err(Failure::Failed(format!(
            "{} entries, but {} are sealed and {} wait for it: some were removed or put in",
            counts.entries, counts.sealed, counts.unsealed
        )));
    }
    Ok(Whole { sealed: head.number, unsealed: counts.unsealed, head: head.to_string() })
}

/// Who types commands on this machine.
pub fn operator() -> String {
    let login = ["LOGNAME", "USER"].iter().find_map(|name| std::env::var(name).ok());
    format!("operator:{}@{}", login.as_deref().unwrap_or("unknown"), host())
}

/// A role on this machine.
pub fn of_role(role: &str) -> String {
    format!("{role}@{}", host())
}

/// What an entry says of the settings that a role began with: they are secret only in part, but their hash tells whether
/// they changed.
pub fn settings_in_force(profile: &Profile) -> String {
    let settings = hex(&Sha256::digest(profile.redacted()));
    format!("version {}, settings {settings}", env!("CARGO_PKG_VERSION"))
}

fn host() -> String {
    host::name().unwrap_or_else(|| "unknown".to_owned())
}

impl Shown {
    fn of(entry: Entry) -> Shown {
        let Entry { id: _, at, actor, action, subject, detail } = entry;
        Shown { at, actor, action, subject, detail }
    }
}

impl Whole {
    fn told(&self) -> String {
        let Whole { sealed, unsealed, head } = self;
        format!(
            "{sealed} entries are as they were sealed, {unsealed} wait for it\n\
             head {head}\n\
             Note the head elsewhere: `fermiac audit verify --noted HEAD` then proves that the chain was not made anew.\n"
        )
    }
}

fn table(entries: &[Shown]) -> String {
    let mut text = String::new();
    for Shown { at, actor, action, subject, detail } in entries {
        let at = at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let line = format!("{at}  {action:20} {subject}  {actor}  {detail}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if entries.is_empty() { "no entries\n".to_owned() } else { text }
}

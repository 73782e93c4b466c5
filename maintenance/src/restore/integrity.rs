//! Whether a restored database is what was backed up. Every check is made, whatever the one before found.

use std::process::Stdio;

use fermiac_fleet::store::{Snapshot, Store, TableDigest};
use serde::Serialize;

use crate::error::{MaintenanceError, Result, blocking};
use crate::postgres::DatabaseAddress;
use crate::postgres::programs::output;
use crate::vault::{Manifest, SealedBlob, Vault};

/// So many blobs are opened and hashed again.
const BLOBS: usize = 20;
/// So many tables that differ are told by name.
const TOLD: usize = 5;

/// One thing that must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What must.
    pub name: &'static str,
    /// What does not; nothing if it holds.
    pub finding: Option<String>,
}

/// Holds a restored database to the manifest of its backup.
///
/// # Errors
/// When it cannot be looked at. What is wrong with it is no error here but a finding.
pub async fn against_manifest(store: &Store, manifest: &Manifest, vault: &Vault) -> Result<Vec<Check>> {
    let mut snapshot = store.snapshot().await?;
    let tables = snapshot.tables().await?;
    let (schema_version, _) = snapshot.versions().await?;
    let mut checks = of_itself(store, &mut snapshot).await?;
    let expected = (schema_version != manifest.schema_version).then(|| {
        format!("the schema is of version {schema_version}, and was of {}", manifest.schema_version)
    });
    checks.push(Check { name: "schema_version_recorded", finding: expected });
    checks.push(Check { name: "rows_and_digests", finding: compare(&manifest.tables, &tables) });
    checks.push(Check { name: "blobs", finding: blobs(&mut snapshot, manifest, vault).await? });
    Ok(checks)
}

/// What must hold of every database of ours, whatever it was restored from.
///
/// # Errors
/// When it cannot be looked at.
pub async fn of_itself(store: &Store, snapshot: &mut Snapshot) -> Result<Vec<Check>> {
    let schema = store.check_schema().await.err().map(|error| error.to_string());
    let lost = snapshot.lost_results().await?;
    let lost = (lost > 0).then(|| format!("{lost} simulations say that they succeeded and have no result"));
    Ok(vec![Check { name: "schema", finding: schema }, Check { name: "results", finding: lost }])
}

/// Looks at every index and every page of a server that is ours to change: amcheck is installed where it is missing.
///
/// # Errors
/// When the program is not installed.
pub async fn pages(database: &DatabaseAddress) -> Result<Check> {
    let database = database.clone();
    let done = blocking(move || {
        let mut command = database.client("pg_amcheck")?;
        command.args(["--install-missing", "--heapallindexed", "--no-strict-names"]).stdin(Stdio::null());
        output(command)
    });
    match done.await {
        Ok(_) => Ok(Check { name: "amcheck", finding: None }),
        Err(MaintenanceError::Tool { said, .. }) => Ok(Check { name: "amcheck", finding: Some(said) }),
        Err(error) => Err(error),
    }
}

/// What differs, by the names of the tables.
fn compare(expected: &[TableDigest], found: &[TableDigest]) -> Option<String> {
    let missing = expected.iter().filter(|table| !found.contains(table));
    let mut differing: Vec<String> = missing
        .map(|expected| match found.iter().find(|one| one.table == expected.table) {
            None => format!("{} is missing", expected.table),
            Some(one) if one.rows != expected.rows => {
                format!("{} has {} rows, and had {}", one.table, one.rows, expected.rows)
            }
            Some(one) => format!("{} has other rows than it had", one.table),
        })
        .collect();
    let known = |one: &TableDigest| expected.iter().any(|expected| expected.table == one.table);
    differing.extend(found.iter().filter(|one| !known(one)).map(|one| format!("{} is new", one.table)));
    let count = differing.len();
    differing.truncate(TOLD);
    let more = if count > TOLD { format!(", and {} more", count - TOLD) } else { String::new() };
    (count > 0).then(|| differing.join(", ") + &more)
}

/// Every blob that a row needs is in the backup, and some of them are what they were. The name of a workbook's blob is
/// its hash, so that it is held to its row too.
async fn blobs(snapshot: &mut Snapshot, manifest: &Manifest, vault: &Vault) -> Result<Option<String>> {
    let needed = snapshot.blobs().await?;
    let lost = |key: &&String| !manifest.blobs.iter().any(|blob| blob.blob == **key);
    if let Some(key) = needed.iter().find(lost) {
        return Ok(Some(format!("{key} is not in the backup, and a row needs it")));
    }
    let step = (manifest.blobs.len() / BLOBS).max(1);
    for blob in manifest.blobs.iter().step_by(step) {
        match hash_again(vault, blob).await {
            Ok(None) => {}
            Ok(finding) => return Ok(finding),
            Err(MaintenanceError::Damaged(problem)) => return Ok(Some(problem)),
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

async fn hash_again(vault: &Vault, blob: &SealedBlob) -> Result<Option<String>> {
    // Opened, it has the hash that was written down, or this fails.
    vault.open(&blob.sealed, |_| Ok(())).await?;
    let named = blob.blob.strip_prefix("workbooks/").filter(|named| *named != blob.sealed.content_sha256);
    Ok(named.map(|named| format!("the workbook {named} has the hash {}", blob.sealed.content_sha256)))
}

/// What is wrong, of all that was checked.
#[must_use]
pub fn findings(checks: &[Check]) -> Vec<String> {
    let wrong = checks.iter().filter_map(|check| Some((check.name, check.finding.as_ref()?)));
    wrong.map(|(name, finding)| format!("{name}: {finding}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, rows: i64, digest: &str) -> TableDigest {
        TableDigest { table: name.to_owned(), rows, digest: digest.to_owned() }
    }

    #[test]
    fn a_row_more_or_less_or_another_one_is_told_by_table() {
        let expected = [table("a", 1, "x"), table("b", 2, "y"), table("c", 3, "z")];
        assert_eq!(compare(&expected, &expected), None);
        let found = [table("a", 1, "w"), table("b", 1, "y"), table("d", 0, "0")];
        assert_eq!(
            compare(&expected, &found).unwrap(),
            "a has other rows than it had, b has 1 rows, and had 2, c is missing, d is new"
        );
    }
}

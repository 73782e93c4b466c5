//! What is in the repository, from `info --output=json`.

use chrono::{DateTime, Utc};
use fermiac_fleet::backup::BackupKind;
use serde::Deserialize;

use crate::error::{MaintenanceError, Result};

/// A backup of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterBackup {
    /// pgBackRest's name for it.
    pub label: String,
    /// How it was made.
    pub kind: BackupKind,
    /// The one before, without which it cannot be restored.
    pub needs: Option<String>,
    /// The first instant that it can be restored to.
    pub taken_at: DateTime<Utc>,
    /// How large it is in the repository, without what it shares with the ones before.
    pub bytes: u64,
    /// Whether pages of the database were damaged when it was taken.
    pub has_errors: bool,
}

#[derive(Deserialize)]
struct Stanza {
    #[serde(default)]
    backup: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    label: String,
    #[serde(rename = "type")]
    kind: String,
    prior: Option<String>,
    timestamp: Timestamps,
    info: Info,
    error: Option<bool>,
}

#[derive(Deserialize)]
struct Timestamps {
    stop: i64,
}

#[derive(Deserialize)]
struct Info {
    repository: Sizes,
}

#[derive(Deserialize)]
struct Sizes {
    #[serde(default)]
    delta: u64,
}

/// Oldest first, as it lists them.
pub fn parse(text: &str) -> Result<Vec<ClusterBackup>> {
    let cannot = |problem: String| {
        MaintenanceError::damaged(format!("what pgBackRest lists cannot be read: {problem}"))
    };
    let stanzas: Vec<Stanza> = serde_json::from_str(text).map_err(|error| cannot(error.to_string()))?;
    let listed = stanzas.into_iter().flat_map(|stanza| stanza.backup);
    listed
        .map(|one| {
            let kind = if one.kind == "full" { BackupKind::Full } else { BackupKind::Incremental };
            let taken_at = DateTime::from_timestamp(one.timestamp.stop, 0);
            Ok(ClusterBackup {
                kind,
                needs: one.prior,
                taken_at: taken_at.ok_or_else(|| cannot(format!("{} has no instant", one.label)))?,
                bytes: one.info.repository.delta,
                has_errors: one.error.unwrap_or(false),
                label: one.label,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As version 2.45 writes it, shortened.
    const LISTED: &str = r#"[{"archive":[{"id":"15-1","max":"000000010000000000000008","min":"000000010000000000000001"}],
        "backup":[
        {"archive":{"start":"000000010000000000000002","stop":"000000010000000000000004"},"error":false,
         "info":{"delta":22992374,"repository":{"delta":3069136,"size":3069136},"size":22992374},
         "label":"20261121-073504F","prior":null,"reference":null,
         "timestamp":{"start":1795246504,"stop":1795246515},"type":"full"},
        {"archive":{"start":"000000010000000000000006","stop":"000000010000000000000008"},"error":false,
         "info":{"delta":1417482,"repository":{"delta":163408,"size":3070240},"size":23000566},
         "label":"20261121-073504F_20261121-073516I","prior":"20261121-073504F","reference":["20261121-073504F"],
         "timestamp":{"start":1795246516,"stop":1795246518},"type":"incr"}],
        "cipher":"aes-256-cbc","name":"demo","status":{"code":0,"message":"ok"}}]"#;

    #[test]
    fn a_full_backup_and_an_incremental_that_needs_it_are_listed() {
        let listed = parse(LISTED).unwrap();
        assert_eq!(
            listed.iter().map(|one| one.kind).collect::<Vec<_>>(),
            [BackupKind::Full, BackupKind::Incremental]
        );
        assert_eq!(listed[1].needs.as_deref(), Some("20261121-073504F"));
        assert_eq!((listed[0].bytes, listed[0].taken_at.timestamp()), (3_069_136, 1_795_246_515));
        assert!(!listed[0].has_errors);
    }

    #[test]
    fn a_repository_without_backups_lists_none() {
        assert_eq!(
            parse(r#"[{"name":"demo","status":{"code":2,"message":"no valid backups"}}]"#).unwrap(),
            []
        );
    }

    #[test]
    fn what_is_no_list_is_an_error() {
        assert!(parse("ERROR: [037]").is_err());
    }
}

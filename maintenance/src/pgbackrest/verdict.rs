//! What `verify --output=text --verbose` found. Its exit status says nothing.

use crate::error::{MaintenanceError, Result};

/// Nothing, if every stanza is well and every backup valid, and there is at least one of each.
pub fn judge(text: &str) -> Result<()> {
    let lines = || text.lines().map(str::trim);
    let mut states = lines().filter_map(|line| line.strip_prefix("status: ")).peekable();
    let mut backups = lines().filter(|line| line.starts_with("backup: ")).peekable();
    let problem = if states.peek().is_none() {
        Some("it says of no stanza how it is".to_owned())
    } else if backups.peek().is_none() {
        Some("it has looked at no backup".to_owned())
    } else if let Some(state) = states.find(|state| *state != "ok") {
        Some(format!(
            "its status is {state}: {}",
            lines().filter(|line| is_bad(line)).collect::<Vec<_>>().join("; ")
        ))
    } else {
        backups.find(|line| is_bad(line)).map(str::to_owned)
    };
    match problem {
        None => Ok(()),
        Some(problem) => Err(MaintenanceError::damaged(format!("pgBackRest's repository: {problem}"))),
    }
}

fn is_bad(line: &str) -> bool {
    line.starts_with("backup: ") && !line.contains("status: valid,")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As version 2.45 writes it.
    const WELL: &str = "stanza: demo
status: ok
  archiveId: 15-1, total WAL checked: 8, total valid WAL: 8
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
  backup: 20261121-073504F, status: valid, total files checked: 964, total valid files: 964
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
";

    #[test]
    fn a_repository_that_is_well_is_well() {
        judge(WELL).unwrap();
    }

    #[test]
    fn one_damaged_file_is_damage_whatever_the_exit_status() {
        let damaged =
            WELL.replace("status: ok", "status: error").replace("valid, total files", "invalid, total files");
        let error = judge(&damaged).unwrap_err().to_string();
        assert!(error.contains("20261121-073504F, status: invalid"), "{error}");
        assert!(judge(&WELL.replace("status: ok", "status: error")).is_err());
    }

    #[test]
    fn silence_is_damage() {
        assert!(judge("").is_err());
        assert!(judge("stanza: demo\nstatus: ok\n").is_err());
        assert!(judge("stanza: none\nstatus: error\n  no archives or backups exist in the repo\n").is_err());
    }
}

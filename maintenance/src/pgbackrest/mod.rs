//! pgBackRest, which copies the whole cluster and its log, so that any instant can be reached again.
//!
//! It owns the bytes; here are its configuration, what it says in words that a program can rely on, and what it does not
//! say: `verify` exits 0 over a damaged repository, and overlooks a segment of the log that is missing from the middle.

mod configuration;
mod listing;
mod segments;
mod verdict;

use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{DateTime, Utc};
use fermiac_fleet::backup::BackupKind;
use fermiac_fleet::profile::Profile;

pub use listing::ClusterBackup;

use crate::error::{MaintenanceError, Result, blocking};
use crate::postgres::programs::{installed, output};
use crate::postgres::scratch::{Scratch, as_server_user};

/// The repository of one cluster, as the configuration in a folder describes it.
#[derive(Debug, Clone)]
pub struct PgBackRest {
    configuration: PathBuf,
    stanza: String,
}

/// How far the log is followed after a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// To its end, or to the first segment that is missing.
    End,
    /// To the last commit before this; a log that ends earlier is an error.
    Instant(DateTime<Utc>),
}

impl PgBackRest {
    /// Writes the configuration that a profile asks for, readable by the server's user alone.
    ///
    /// # Errors
    /// When pgBackRest is not installed, a setting is missing, or the folder cannot be written.
    pub async fn configure(profile: &Profile) -> Result<PgBackRest> {
        let text = configuration::text(profile)?;
        let folder = PathBuf::from(&profile.pgbackrest.folder);
        let stanza = profile.pgbackrest.stanza.clone();
        blocking(move || {
            installed("pgbackrest", "pgbackrest")?;
            Ok(PgBackRest { configuration: configuration::write(&folder, &text)?, stanza })
        })
        .await
    }

    /// What the server's setting `archive_command` has to be.
    #[must_use]
    pub fn archive_command(&self) -> String {
        format!(
            "pgbackrest --config={} --stanza={} archive-push %p",
            self.configuration.display(),
            self.stanza
        )
    }

    /// Makes the repository ready for this cluster, and sees that the server archives to it.
    ///
    /// # Errors
    /// What it fails with.
    pub async fn prepare(&self) -> Result<()> {
        self.run(&["stanza-create"]).await?;
        self.run(&["check"]).await.map(drop)
    }

    /// Takes a backup and says which.
    ///
    /// # Errors
    /// What it fails with.
    pub async fn back_up(&self, kind: BackupKind) -> Result<ClusterBackup> {
        let kind = match kind {
            BackupKind::Full => "--type=full",
            BackupKind::Incremental => "--type=incr",
            BackupKind::PgDump => return Err(MaintenanceError::refused("pgBackRest makes no dumps")),
        };
        self.run(&["backup", kind]).await?;
        let newest = self.backups().await?.pop();
        newest.ok_or_else(|| MaintenanceError::damaged("pgBackRest lists no backup after it took one"))
    }

    /// Those in the repository, oldest first.
    ///
    /// # Errors
    /// What it fails with.
    pub async fn backups(&self) -> Result<Vec<ClusterBackup>> {
        listing::parse(&self.run(&["info", "--output=json"]).await?)
    }

    /// Reads the whole repository back: every file of every backup, and every segment of the log, none missing.
    ///
    /// # Errors
    /// [`MaintenanceError::Damaged`] with what is.
    pub async fn verify(&self) -> Result<()> {
        verdict::judge(&self.run(&["verify", "--output=text", "--verbose"]).await?)?;
        let missing =
            segments::missing(&self.run(&["repo-ls", "archive", "--recurse", "--output=json"]).await?)?;
        match missing.first() {
            None => Ok(()),
            Some(first) => {
                let problem = format!("{} segments of the log are missing, {first} the first", missing.len());
                Err(MaintenanceError::damaged(problem))
            }
        }
    }

    /// Brings the cluster back into an empty folder of data, to be started there. It will not write to the archive.
    ///
    /// # Errors
    /// What it fails with.
    pub async fn restore(&self, label: Option<&str>, until: Until, data: &Path) -> Result<()> {
        let folder = format!("--pg1-path={}", data.display());
        let mut words = vec!["restore".to_owned(), folder, "--archive-mode=off".to_owned()];
        words.extend(label.map(|label| format!("--set={label}")));
        if let Until::Instant(instant) = until {
            let target = instant.format("%Y-%m-%d %H:%M:%S%.6f+00");
            words.extend(["--type=time".to_owned(), format!("--target={target}")]);
            words.push("--target-action=promote".to_owned());
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.run(&words).await.map(drop)
    }

    /// The same, into a scratch server, which is started and has gone through its log.
    ///
    /// # Errors
    /// What it fails with, and a server that does not come up.
    pub async fn restore_to_scratch(
        &self,
        label: Option<&str>,
        until: Until,
        place: &Path,
    ) -> Result<Scratch> {
        let place = place.to_owned();
        let scratch = blocking(move || Scratch::folder(&place)).await?;
        self.restore(label, until, &scratch.data()).await?;
        blocking(move || {
            let mut scratch = scratch;
            scratch.start()?;
            Ok(scratch)
        })
        .await
    }

    /// Deletes a backup, and those that need it.
    ///
    /// # Errors
    /// What it fails with.
    pub async fn expire(&self, label: &str) -> Result<()> {
        self.run(&["expire", &format!("--set={label}")]).await.map(drop)
    }

    async fn run(&self, words: &[&str]) -> Result<String> {
        let mut command = self.command()?;
        command.args(words);
        blocking(move || output(command)).await
    }

    /// Secrets stand in its configuration, none among the arguments.
    fn command(&self) -> Result<Command> {
        let mut command = as_server_user(installed("pgbackrest", "pgbackrest")?)?;
        command.arg(format!("--config={}", self.configuration.display()));
        command.arg(format!("--stanza={}", self.stanza));
        Ok(command)
    }
}

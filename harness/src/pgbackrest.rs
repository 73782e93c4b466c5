//! A Postgres server that archives to a bucket by pgBackRest, and what a profile has to say of it.

use crate::folder::Folder;
use crate::postgres::{Durability, PostgresServer};
use crate::tls::TlsFront;

/// A server that archives by the configuration that the program writes into `folder`.
///
/// # Panics
/// When Postgres is not installed or does not start.
#[must_use]
pub fn archiving_server(folder: &Folder) -> PostgresServer {
    let command = format!(
        "archive_command=pgbackrest --config={}/pgbackrest.conf --stanza=fermiac archive-push %p",
        folder.path().display()
    );
    let settings = ["archive_mode=on", "archive_timeout=1", "wal_level=replica", &command];
    PostgresServer::start_with(Durability::Synced, &settings)
}

/// The variables by which a process backs up `server` into the bucket `backups` behind `front`.
#[must_use]
pub fn pgbackrest_variables(
    server: &PostgresServer,
    front: &TlsFront,
    folder: &Folder,
) -> [(&'static str, String); 10] {
    [
        ("FERMIAC_BACKUP_KIND", "pgbackrest".to_owned()),
        ("FERMIAC_PGBACKREST_URL", "s3://backups/cluster".to_owned()),
        ("FERMIAC_PGBACKREST_ENDPOINT", front.endpoint()),
        ("FERMIAC_PGBACKREST_PATH_STYLE", "true".to_owned()),
        ("FERMIAC_PGBACKREST_CA_FILE", front.certificate().display().to_string()),
        ("FERMIAC_PGBACKREST_PASSPHRASE", "long and random".to_owned()),
        ("FERMIAC_PGBACKREST_DATA", server.data().display().to_string()),
        ("FERMIAC_PGBACKREST_SOCKET", server.socket().display().to_string()),
        ("FERMIAC_PGBACKREST_PORT", server.port().to_string()),
        ("FERMIAC_PGBACKREST_FOLDER", folder.path().display().to_string()),
    ]
}

//! Its configuration file.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

use fermiac_fleet::profile::{Profile, Secret, SecretUrl};
use rustix::process::geteuid;

use crate::error::{MaintenanceError, Result};
use crate::postgres::scratch::owner;

/// The text, for what a profile names. What is kept for how long is decided elsewhere, so that it keeps everything.
pub fn text(profile: &Profile) -> Result<String> {
    let (section, keys) = (&profile.pgbackrest, &profile.backup);
    let missing = |name: &str| {
        let other = "a database that pgBackRest cannot stand beside takes FERMIAC_BACKUP_KIND=pg_dump";
        MaintenanceError::refused(format!("{name}: is needed for pgBackRest; {other}"))
    };
    let url = section.url.as_deref().and_then(|url| url.strip_prefix("s3://"));
    let (bucket, prefix) = url.ok_or_else(|| missing("FERMIAC_PGBACKREST_URL")).map(|place| {
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        (bucket, format!("/{}", prefix.trim_matches('/')))
    })?;
    let secret = |secret: &Option<Secret>, name| {
        secret.as_ref().map(|secret| secret.expose().to_owned()).ok_or_else(|| missing(name))
    };
    let (host, port) = endpoint(section.endpoint.as_ref(), &section.region);
    let folder = &section.folder;
    let mut global = vec![
        ("repo1-type", "s3".to_owned()),
        ("repo1-s3-bucket", bucket.to_owned()),
        ("repo1-path", prefix),
        ("repo1-s3-endpoint", host),
        ("repo1-storage-port", port),
        ("repo1-s3-region", section.region.clone()),
        ("repo1-s3-uri-style", if section.path_style { "path" } else { "host" }.to_owned()),
        ("repo1-s3-key", secret(&keys.access_key, "FERMIAC_BACKUP_ACCESS_KEY")?),
        ("repo1-s3-key-secret", secret(&keys.secret_key, "FERMIAC_BACKUP_SECRET_KEY")?),
        ("repo1-cipher-type", "aes-256-cbc".to_owned()),
        ("repo1-cipher-pass", secret(&section.passphrase, "FERMIAC_PGBACKREST_PASSPHRASE")?),
        ("repo1-retention-full", "9999999".to_owned()),
        ("repo1-bundle", "y".to_owned()),
        ("compress-type", "lz4".to_owned()),
        ("start-fast", "y".to_owned()),
        ("process-max", "2".to_owned()),
        ("log-path", format!("{folder}/log")),
        ("lock-path", format!("{folder}/lock")),
        ("spool-path", format!("{folder}/spool")),
    ];
    global.extend(section.ca_file.clone().map(|file| ("repo1-storage-ca-file", file)));
    let cluster = [
        ("pg1-path", section.data.clone()),
        ("pg1-socket-path", section.socket.clone()),
        ("pg1-port", section.port.to_string()),
        ("pg1-user", "postgres".to_owned()),
    ];
    if let Some((name, _)) = global.iter().chain(&cluster).find(|(_, value)| value.contains(['\n', '\r'])) {
        return Err(MaintenanceError::refused(format!(
            "what is to become {name} of pgBackRest has several lines"
        )));
    }
    let lines = |settings: &[(&str, String)]| -> String {
        settings.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
    };
    Ok(format!("[global]\n{}\n[{}]\n{}", lines(&global), section.stanza, lines(&cluster)))
}

/// The host and the port of the bucket's server.
fn endpoint(url: Option<&SecretUrl>, region: &str) -> (String, String) {
    let Some(url) = url else { return (format!("s3.{region}.amazonaws.com"), "443".to_owned()) };
    let authority = url.expose().trim_start_matches("https://").trim_end_matches('/');
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "443"));
    (host.to_owned(), port.to_owned())
}

/// Writes it where the server's user alone reads it, and makes the folders that it names.
pub fn write(folder: &Path, text: &str) -> Result<PathBuf> {
    let disk = || MaintenanceError::disk(folder.display().to_string());
    let owner = if geteuid().is_root() { Some(owner()?) } else { None };
    let give = |path: &Path| match owner {
        Some((user, group)) => chown(path, Some(user), Some(group)),
        None => Ok(()),
    };
    for name in ["", "log", "lock", "spool"] {
        let path = folder.join(name);
        fs::create_dir_all(&path).and_then(|()| give(&path)).map_err(disk())?;
    }
    let path = folder.join("pgbackrest.conf");
    // Written beside it and moved into place: a server that archives meanwhile reads the one or the other.
    let new = folder.join(format!("pgbackrest.conf.{}", std::process::id()));
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(&new);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.and_then(|()| give(&new)).and_then(|()| fs::rename(&new, &path)).map_err(disk())?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use fermiac_fleet::profile::Variables;

    use super::*;

    fn profile(changed: &[(&str, &str)]) -> Profile {
        let given = [
            ("DATABASE_URL", "postgres://fermiac:word@db/fermiac"),
            ("FERMIAC_BACKUP_KIND", "pgbackrest"),
            ("FERMIAC_BACKUP_ACCESS_KEY", "name"),
            ("FERMIAC_BACKUP_SECRET_KEY", "hidden"),
            ("FERMIAC_PGBACKREST_URL", "s3://backups/cluster"),
            ("FERMIAC_PGBACKREST_PASSPHRASE", "long and random"),
        ];
        let all = given.iter().chain(changed);
        let variables: Variables = all.map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Profile::load(Some("testing"), None, &variables).unwrap()
    }

    #[test]
    fn the_repository_is_encrypted_and_keeps_what_nobody_expires() {
        let text = text(&profile(&[("FERMIAC_PGBACKREST_REGION", "eu-west-1")])).unwrap();
        for line in [
            "repo1-s3-bucket=backups",
            "repo1-path=/cluster",
            "repo1-s3-endpoint=s3.eu-west-1.amazonaws.com",
            "repo1-storage-port=443",
            "repo1-cipher-type=aes-256-cbc",
            "repo1-cipher-pass=long and random",
            "repo1-retention-full=9999999",
            "[fermiac]",
        ] {
            assert!(text.lines().any(|one| one == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn a_server_of_ones_own_is_named_with_its_port() {
        let changed = [
            ("FERMIAC_PGBACKREST_ENDPOINT", "https://s3.example.org:9000/"),
            ("FERMIAC_PGBACKREST_PATH_STYLE", "yes"),
        ];
        let text = text(&profile(&changed)).unwrap();
        assert!(text.contains("repo1-s3-endpoint=s3.example.org\nrepo1-storage-port=9000\n"), "{text}");
        assert!(text.contains("repo1-s3-uri-style=path\n"));
    }
}

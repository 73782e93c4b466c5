//! What the platform's own jobs work with: the data, and the place of its backups, as a profile names them.

use std::path::PathBuf;
use std::time::Duration;

use fermiac_fleet::blobs::{Addressing, BlobSettings, Blobs, S3Keys};
use fermiac_fleet::profile::{Backup as BackupSection, BackupMethod, Profile, Secret, SecretUrl};
use fermiac_fleet::store::{Store, StoreError, StoreSettings};

use crate::error::{MaintenanceError, Result};
use crate::pgbackrest::PgBackRest;
use crate::postgres::DatabaseAddress;
use crate::retention::Policy;
use crate::vault::{Identity, Recipient, Vault};

/// A statement of a backup looks at whole tables.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(6 * 3600);

/// The data of an environment and the place of its backups.
#[derive(Debug, Clone)]
pub struct Context {
    /// The store, without the haste of the other roles.
    pub store: Store,
    /// Where its database is, past any pool.
    pub database: DatabaseAddress,
    /// The blobs of the data.
    pub blobs: Blobs,
    /// Where the backups lie.
    pub places: Places,
    /// The cluster's repository, where it is backed up as a whole.
    pub cluster: Option<PgBackRest>,
    /// The settings in force, without what is secret.
    pub configuration: String,
    /// How long backups are kept.
    pub policy: Policy,
    /// How long a restore may take.
    pub recovery_time: Duration,
    /// How much may be lost.
    pub lost_time: Duration,
}

/// Where backups lie, and where they are restored to for a look: all that a restore needs.
#[derive(Debug, Clone)]
pub struct Places {
    /// The backups.
    pub vault: Vault,
    /// Where a second copy goes.
    pub second: Option<Blobs>,
    /// Where servers for one restore are set up.
    pub scratch: PathBuf,
    /// Whose backups they are.
    pub environment: String,
}

impl Context {
    /// Of a profile, and the blobs that it names.
    ///
    /// # Errors
    /// When the profile names no place for backups, or a place does not answer.
    pub async fn connect(profile: &Profile, blobs: Blobs) -> Result<Context> {
        let places = Places::of(profile)?;
        let section = &profile.backup;
        let (setting, url) = match &section.database_url {
            Some(url) => ("FERMIAC_BACKUP_DATABASE_URL", Some(url)),
            None => ("DATABASE_URL", profile.database.url.as_ref()),
        };
        let database = DatabaseAddress::of(
            url.ok_or_else(|| MaintenanceError::refused("DATABASE_URL: it has to name a database"))?,
        )?;
        let cluster = match section.kind {
            BackupMethod::PgBackRest => Some(PgBackRest::configure(profile).await?),
            BackupMethod::PgDump => None,
        };
        Ok(Context {
            cluster,
            store: connect(&database, profile.environment.name())
                .await
                .map_err(|error| error.naming(setting))?,
            database,
            blobs,
            places,
            configuration: profile.redacted(),
            policy: Policy::of(section),
            recovery_time: section.recovery_time,
            lost_time: section.lost_time,
        })
    }
}

impl Context {
    /// The same, where what is done is noted as this one's.
    #[must_use]
    pub fn acting_as(self, actor: String) -> Context {
        Context { store: self.store.acting_as(actor), ..self }
    }
}

impl Places {
    /// Those that a profile names. Nothing is asked of them yet.
    ///
    /// # Errors
    /// When it names none, or a key is none.
    pub fn of(profile: &Profile) -> Result<Places> {
        let section = &profile.backup;
        let url = section.url.as_deref().ok_or_else(|| {
            MaintenanceError::refused(
                "FERMIAC_BACKUP_URL: there is no place for backups; name a bucket of their own",
            )
        })?;
        let recipient = section.recipient.as_deref().unwrap_or_default();
        let identity = section.identity.as_ref().map(Identity::parse).transpose()?;
        let blobs = Blobs::connect(&settings(section, url, section.endpoint.as_ref(), &section.region))?;
        let second = section.second_url.as_deref().map(|url| {
            Blobs::connect(&settings(section, url, section.second_endpoint.as_ref(), &section.second_region))
        });
        let environment = profile.environment.name();
        Ok(Places {
            vault: Vault::new(blobs, environment, Recipient::parse(recipient)?, identity),
            second: second.transpose()?,
            scratch: section.scratch.as_ref().map_or_else(std::env::temp_dir, PathBuf::from),
            environment: environment.to_owned(),
        })
    }

    /// The same backups from their second place, if there is one: for when the first is lost too.
    #[must_use]
    pub fn at_second(&self) -> Option<Places> {
        let second = self.second.clone()?;
        Some(Places { vault: self.vault.copied_to(second), second: None, ..self.clone() })
    }
}

/// Opens the store of an environment for statements that look at everything.
pub(crate) async fn unhurried(database: &DatabaseAddress, environment: &str) -> Result<Store> {
    Ok(connect(database, environment).await?)
}

async fn connect(database: &DatabaseAddress, environment: &str) -> std::result::Result<Store, StoreError> {
    let settings = StoreSettings {
        max_connections: 4,
        acquire_timeout: Duration::from_secs(30),
        statement_timeout: STATEMENT_TIMEOUT,
        ..StoreSettings::of(environment)
    };
    Store::connect(database.url().expose(), &settings).await
}

fn settings(section: &BackupSection, url: &str, endpoint: Option<&SecretUrl>, region: &str) -> BlobSettings {
    let text = |secret: &Secret| secret.expose().to_owned();
    let keys = section.access_key.as_ref().zip(section.secret_key.as_ref());
    BlobSettings {
        endpoint: endpoint.map(|endpoint| endpoint.expose().to_owned()),
        region: region.to_owned(),
        addressing: if section.path_style { Addressing::PathStyle } else { Addressing::HostStyle },
        keys: keys.map(|(access, secret)| S3Keys { access_key: text(access), secret_key: text(secret) }),
        ..BlobSettings::at(url)
    }
}

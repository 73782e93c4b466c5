//! Where a profile says that jobs, bells and blobs are.

use std::path::Path;

use fermiac_fleet::blobs::{Addressing, BlobSettings, Blobs, Encryption, S3Keys};
use fermiac_fleet::job::Bell;
use fermiac_fleet::profile::{Blobs as BlobsSection, Profile, Queue as QueueSection};
use fermiac_fleet::queue::{Queue, QueueSettings};
use fermiac_fleet::store::{Store, StoreSettings};

use super::failed;
use crate::failure::Failure;

/// The three of them.
#[derive(Debug, Clone)]
pub struct Homes {
    pub store: Store,
    pub queue: Queue,
    pub blobs: Blobs,
}

impl Homes {
    /// Connects to all that `profile` names.
    pub async fn connect(profile: &Profile) -> Result<Homes, Failure> {
        let (blobs, queue) = (blobs(profile)?, queue(profile)?);
        Ok(Homes { store: store(profile).await?, queue, blobs })
    }

    /// The same, where what is done is noted as this one's.
    pub fn acting_as(self, actor: String) -> Homes {
        Homes { store: self.store.acting_as(actor), ..self }
    }

    /// Rings for jobs that are ready. They are so in the store: a bell that is lost, or that this process alone would
    /// hear, rings again by the relay.
    pub async fn ring(&self, bells: &[Bell]) {
        if let Err(error) = self.queue.ring(bells).await {
            eprintln!("fermiac: the queue does not answer ({error}); a scheduler will ring for the job");
        }
    }
}

/// The blobs that `profile` names.
pub fn blobs(profile: &Profile) -> Result<Blobs, Failure> {
    Blobs::connect(&blob_settings(&profile.blobs)?).map_err(Failure::refused)
}

/// The queue that `profile` names. No connection is opened yet.
pub fn queue(profile: &Profile) -> Result<Queue, Failure> {
    match &profile.queue.url {
        Some(url) if url.scheme() != "in-process" => {
            let settings = queue_settings(&profile.queue)?;
            Queue::connect(url.expose(), profile.environment.name(), &settings).map_err(Failure::refused)
        }
        _ => Ok(Queue::in_process()),
    }
}

/// The store that `profile` names.
pub async fn store(profile: &Profile) -> Result<Store, Failure> {
    let database = &profile.database;
    let url =
        database.url.as_ref().ok_or_else(|| Failure::refused("DATABASE_URL: it has to name a database"))?;
    make_folder_of(url.expose())?;
    let settings = StoreSettings {
        max_connections: database.max_connections,
        acquire_timeout: database.acquire_timeout,
        statement_timeout: database.statement_timeout,
        pooled_by_pgbouncer: database.pgbouncer,
        ..StoreSettings::of(profile.environment.name())
    };
    Store::connect(url.expose(), &settings).await.map_err(|error| failed(error.naming("DATABASE_URL")))
}

/// The folder of a database that is a file.
fn make_folder_of(url: &str) -> Result<(), Failure> {
    let folder = url.strip_prefix("sqlite:").and_then(|path| Path::new(path).parent());
    match folder.filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => std::fs::create_dir_all(folder)
            .map_err(|error| Failure::Failed(format!("{}: {error}", folder.display()))),
        None => Ok(()),
    }
}

fn queue_settings(section: &QueueSection) -> Result<QueueSettings, Failure> {
    let read = |path: &String| {
        std::fs::read(path)
            .map_err(|error| Failure::Refused(format!("FERMIAC_QUEUE_ROOT_CERTIFICATE: {path}: {error}")))
    };
    let root_certificate = section.root_certificate.as_ref().map(read).transpose()?;
    Ok(QueueSettings { root_certificate, ..QueueSettings::default() })
}

fn encryption(setting: &str) -> Result<Encryption, Failure> {
    match (setting, setting.strip_prefix("aws:kms:")) {
        ("AES256", _) => Ok(Encryption::ServerKey),
        ("aws:kms", _) => Ok(Encryption::ManagedKey { id: None }),
        (_, Some(key)) if !key.is_empty() => Ok(Encryption::ManagedKey { id: Some(key.to_owned()) }),
        _ => Err(Failure::Refused(format!(
            "FERMIAC_BLOBS_SERVER_SIDE_ENCRYPTION={setting}: it takes AES256, aws:kms, aws:kms:KEY, or nothing for the \
             bucket's own"
        ))),
    }
}

fn blob_settings(section: &BlobsSection) -> Result<BlobSettings, Failure> {
    let keys = match (&section.access_key, &section.secret_key) {
        (Some(access), Some(secret)) => {
            Some(S3Keys { access_key: access.expose().to_owned(), secret_key: secret.expose().to_owned() })
        }
        _ => None,
    };
    let encryption = section.server_side_encryption.as_deref().map(encryption).transpose()?;
    Ok(BlobSettings {
        endpoint: section.endpoint.as_ref().map(|endpoint| endpoint.expose().to_owned()),
        region: section.region.clone(),
        addressing: if section.path_style { Addressing::PathStyle } else { Addressing::HostStyle },
        keys,
        encryption,
        answer_within: section.answer_within,
        ..BlobSettings::at(section.url.clone())
    })
}

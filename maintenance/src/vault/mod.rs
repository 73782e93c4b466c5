//! Where backups lie: a bucket of their own, in which everything but the manifests is sealed with age.
//!
//! ```text
//! {environment}/backups/{label}/manifest.json       in the clear, written last
//!                              /database.dump.age
//!                              /configuration.toml.age
//! {environment}/blobs/{key}.age                     shared by all backups that need it
//! {environment}/holds/{label}/{id}                  while somebody works with it
//! ```

mod hold;
mod key;
mod manifest;
mod pipe;

use std::io::{self, Read, Write};
use std::iter;

use bytes::Bytes;
use fermiac_fleet::blobs::{BlobEntry, BlobError, Blobs};
use fermiac_fleet::hex::hex;
use futures_util::TryStreamExt;
use sha2::{Digest, Sha256};

pub use hold::TERM;
pub use key::{Identity, Recipient};
pub use manifest::{FORMAT, Manifest, Sealed, SealedBlob};
pub(crate) use pipe::reader;

use crate::error::{MaintenanceError, Result, blocking};
use pipe::Hashed;

/// An object has at most so many bytes: what an upload in parts can hold.
const MAX_OBJECT_BYTES: u64 = 10_000 * (8 << 20);
/// A manifest has at most so many bytes: a million blobs and more.
const MAX_MANIFEST_BYTES: u64 = 1 << 30;

/// The backups of one environment.
#[derive(Debug, Clone)]
pub struct Vault {
    blobs: Blobs,
    environment: String,
    recipient: Recipient,
    identity: Option<Identity>,
}

impl Vault {
    /// The backups in `blobs`, sealed for `recipient` and opened, where that is wanted, by `identity`.
    #[must_use]
    pub fn new(blobs: Blobs, environment: &str, recipient: Recipient, identity: Option<Identity>) -> Vault {
        Vault { blobs, environment: environment.to_owned(), recipient, identity }
    }

    /// The copies of the same backups that lie in another bucket.
    #[must_use]
    pub fn copied_to(&self, blobs: Blobs) -> Vault {
        Vault { blobs, ..self.clone() }
    }

    /// Whom they are sealed for.
    #[must_use]
    pub fn recipient(&self) -> &Recipient {
        &self.recipient
    }

    /// The bucket that they lie in.
    #[must_use]
    pub fn home(&self) -> &Blobs {
        &self.blobs
    }

    /// Where they lie, as the setting names a place, with the part that is the environment's.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}/{}/", self.blobs.place(), self.environment)
    }

    /// Refuses an identity that a backup was not sealed for: that says nothing about the backup.
    ///
    /// # Errors
    /// When there is such an identity.
    pub fn refuse_to_open(&self, manifest: &Manifest) -> Result<()> {
        let recipient = self.identity.as_ref().map(|identity| identity.recipient().to_string());
        match recipient {
            Some(other) if other != manifest.recipient => Err(MaintenanceError::refused(format!(
                "FERMIAC_BACKUP_IDENTITY: is that of {other}, and {} was sealed for {}; give the identity of that",
                manifest.label, manifest.recipient
            ))),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether they can be opened here.
    #[must_use]
    pub fn can_open(&self) -> bool {
        self.identity.is_some()
    }

    /// The key of an object of a backup.
    #[must_use]
    pub fn key_of(&self, label: &str, name: &str) -> String {
        format!("{}/backups/{label}/{name}", self.environment)
    }

    /// The key of a blob.
    #[must_use]
    pub fn key_of_blob(&self, blob: &str) -> String {
        format!("{}/blobs/{blob}.age", self.environment)
    }

    /// Seals what `write` writes, on a thread where it may block. Nothing is there unless it came to its end.
    ///
    /// # Errors
    /// What `write` fails with, and what the bucket does.
    pub async fn seal(
        &self,
        key: &str,
        write: impl FnOnce(&mut dyn Write) -> Result<()> + Send + 'static,
    ) -> Result<Sealed> {
        let (pipe, pieces) = pipe::pipe();
        let recipient = self.recipient.clone();
        let writing = blocking(move || seal_into(&recipient, pipe, write));
        let (written, stored) = tokio::join!(writing, self.blobs.put_stream(key, pieces, MAX_OBJECT_BYTES));
        let ((content_bytes, content_sha256), stored) = match (written, stored) {
            (Ok(content), Ok(stored)) => (content, stored),
            // The pipe broke because nobody read it any more.
            (Err(MaintenanceError::Disk { .. }), Err(error))
                if !matches!(error, BlobError::BrokeOff { .. }) =>
            {
                return Err(error.into());
            }
            (Err(error), _) => return Err(error),
            (Ok(_), Err(error)) => return Err(error.into()),
        };
        Ok(Sealed {
            key: key.to_owned(),
            bytes: stored.bytes,
            sha256: stored.sha256,
            content_bytes,
            content_sha256,
        })
    }

    /// Opens an object and has it read by `read`, on a thread where that may block; then checks that all of it was what
    /// was sealed. Nothing of what `read` gives is to be believed before.
    ///
    /// # Errors
    /// When there is no identity or the wrong one, when a byte is not what it was, and what `read` fails with.
    pub async fn open<T: Send + 'static>(
        &self,
        sealed: &Sealed,
        read: impl FnOnce(&mut dyn Read) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let identity = self.identity.clone().ok_or_else(|| {
            MaintenanceError::refused(
                "FERMIAC_BACKUP_IDENTITY: is needed to open backups; give it or FERMIAC_BACKUP_IDENTITY_FILE",
            )
        })?;
        let stream = self.blobs.get_stream(&sealed.key).await.map_err(missing_is_damage)?;
        let (reader, feed) = reader(stream.pieces);
        let sealed = sealed.clone();
        let reading = blocking(move || open_from(&identity, reader, &sealed, read));
        let (read, ()) = tokio::join!(reading, feed);
        read
    }

    /// Opens an object into a blob of another home.
    ///
    /// # Errors
    /// As [`Vault::open`], and what that home fails with. What is not whole is not written.
    pub async fn unseal_into(&self, sealed: &Sealed, home: &Blobs, key: &str) -> Result<()> {
        // Opened once for its hash, so that nothing wrong ever stands under the key.
        self.open(sealed, |_| Ok(())).await?;
        let (mut pipe, pieces) = pipe::pipe();
        let opening = self.open(sealed, move |content| {
            io::copy(content, &mut pipe)
                .and_then(|_| pipe.finish())
                .map_err(MaintenanceError::disk("a blob on its way"))
        });
        let (opened, stored) = tokio::join!(opening, home.put_stream(key, pieces, MAX_OBJECT_BYTES));
        opened?;
        stored?;
        Ok(())
    }

    /// Whether an object, unopened, is what was written down of it.
    ///
    /// # Errors
    /// When it is not, and what the bucket fails with.
    pub async fn check_unopened(&self, sealed: &Sealed) -> Result<()> {
        let mut stream = self.blobs.get_stream(&sealed.key).await.map_err(missing_is_damage)?;
        let mut hash = Sha256::new();
        while let Some(piece) = stream.pieces.try_next().await? {
            hash.update(&piece);
        }
        if hex(&hash.finalize()) == sealed.sha256 {
            return Ok(());
        }
        Err(MaintenanceError::damaged(format!("{} is not the bytes that were written", sealed.key)))
    }

    /// Writes the manifest, which makes it a backup, and gives its SHA-256.
    ///
    /// # Errors
    /// What the bucket fails with.
    pub async fn write_manifest(&self, manifest: &Manifest) -> Result<String> {
        let text = serde_json::to_vec_pretty(manifest)
            .map_err(|error| MaintenanceError::refused(format!("a manifest cannot be written: {error}")))?;
        let key = self.key_of(&manifest.label, "manifest.json");
        Ok(self.blobs.put(&key, text.into()).await?.sha256)
    }

    /// The manifest of a backup, and its SHA-256.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub async fn manifest(&self, label: &str) -> Result<(Manifest, String)> {
        let text = match self.blobs.get(&self.key_of(label, "manifest.json"), MAX_MANIFEST_BYTES).await {
            Err(BlobError::NotFound { .. }) => {
                let place = self.place();
                return Err(MaintenanceError::damaged(format!("there is no manifest of {label} in {place}")));
            }
            answer => answer?,
        };
        let sha256 = hex(&Sha256::digest(&text));
        Ok((read_manifest(&text, label)?, sha256))
    }

    /// Refuses what is no backup here: nothing is known of one that may lie elsewhere.
    ///
    /// # Errors
    /// When there is no manifest of it.
    pub async fn refuse_missing(&self, label: &str) -> Result<()> {
        if self.blobs.exists(&self.key_of(label, "manifest.json")).await? {
            return Ok(());
        }
        Err(MaintenanceError::refused(format!(
            "FERMIAC_BACKUP_URL: there is no backup {label} in {}; `fermiac backup list` has the labels, if this is the \
             right place",
            self.place()
        )))
    }

    /// The labels of all backups that have a manifest, oldest first.
    ///
    /// # Errors
    /// What the bucket fails with.
    pub async fn labels(&self) -> Result<Vec<String>> {
        let prefix = format!("{}/backups/", self.environment);
        let label = |entry: BlobEntry| {
            let rest = entry.key.strip_prefix(&prefix)?;
            rest.strip_suffix("/manifest.json").map(str::to_owned)
        };
        let mut labels: Vec<String> = self.list("backups/").await?.into_iter().filter_map(label).collect();
        labels.sort();
        Ok(labels)
    }

    /// Everything below a part of the environment's place.
    ///
    /// # Errors
    /// What the bucket fails with.
    pub async fn list(&self, below: &str) -> Result<Vec<BlobEntry>> {
        let prefix = format!("{}/{below}", self.environment);
        let (mut entries, mut after) = (Vec::new(), None);
        loop {
            let page = self.blobs.list(&prefix, after.as_deref()).await?;
            entries.extend(page.blobs);
            after = page.next;
            if after.is_none() {
                return Ok(entries);
            }
        }
    }

    /// Deletes objects.
    ///
    /// # Errors
    /// What the bucket fails with.
    pub async fn delete_objects(&self, keys: &[String]) -> Result<()> {
        Ok(self.blobs.delete(keys).await?)
    }

    /// Copies a backup, as it lies there, to a second place, its manifest last.
    ///
    /// # Errors
    /// What either place fails with.
    pub async fn copy(&self, manifest: &Manifest, second: &Blobs) -> Result<()> {
        for object in manifest.objects() {
            match second.size(&object.key).await {
                Ok(bytes) if bytes == object.bytes => continue,
                Ok(_) | Err(BlobError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            let stream = self.blobs.get_stream(&object.key).await?;
            let copied = second.put_stream(&object.key, stream.pieces, MAX_OBJECT_BYTES).await?;
            if copied.sha256 != object.sha256 {
                return Err(MaintenanceError::damaged(format!("{} changed while it was copied", object.key)));
            }
        }
        let key = self.key_of(&manifest.label, "manifest.json");
        let text: Bytes = self.blobs.get(&key, MAX_MANIFEST_BYTES).await?;
        second.put(&key, text).await?;
        Ok(())
    }
}

fn read_manifest(text: &[u8], label: &str) -> Result<Manifest> {
    let manifest: Manifest = serde_json::from_slice(text).map_err(|error| {
        MaintenanceError::damaged(format!("the manifest of {label} cannot be read: {error}"))
    })?;
    if manifest.format != FORMAT || manifest.label != label {
        let problem =
            format!("the manifest of {label} is of {} in format {}", manifest.label, manifest.format);
        return Err(MaintenanceError::damaged(problem));
    }
    Ok(manifest)
}

fn missing_is_damage(error: BlobError) -> MaintenanceError {
    match error {
        BlobError::NotFound { key } => MaintenanceError::damaged(format!("{key} is missing")),
        other => other.into(),
    }
}

/// How long the content was and its SHA-256.
fn seal_into(
    recipient: &Recipient,
    pipe: pipe::PipeWriter,
    write: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<(u64, String)> {
    let disk = || MaintenanceError::disk("a backup on its way to the bucket");
    let encryptor = age::Encryptor::with_recipients(iter::once(&recipient.0 as &dyn age::Recipient))
        .map_err(|error| MaintenanceError::refused(format!("nothing can be sealed: {error}")))?;
    let mut sealing = Hashed::new(encryptor.wrap_output(pipe).map_err(disk())?);
    write(&mut sealing)?;
    let (sealing, bytes, sha256) = sealing.finish();
    sealing.finish().and_then(pipe::PipeWriter::finish).map_err(disk())?;
    Ok((bytes, sha256))
}

fn open_from<T>(
    identity: &Identity,
    reader: pipe::PipeReader,
    sealed: &Sealed,
    read: impl FnOnce(&mut dyn Read) -> Result<T>,
) -> Result<T> {
    let cannot = |problem: String| MaintenanceError::damaged(format!("{} {problem}", sealed.key));
    let opened = age::Decryptor::new(Hashed::new(reader))
        .and_then(|sealed| sealed.decrypt(iter::once(&identity.0 as &dyn age::Identity)));
    let opened = opened.map_err(|error| cannot(format!("cannot be opened with this identity: {error}")))?;
    let mut content = Hashed::new(opened);
    let outcome = read(&mut content);
    // Whoever read may have had enough, or stumbled over damage: what the hashes say comes first.
    let rest = io::copy(&mut content, &mut io::sink());
    let (_, bytes, sha256) = content.finish();
    match rest {
        Err(error) => Err(cannot(format!("cannot be read to its end: {error}"))),
        Ok(_) if bytes != sealed.content_bytes || sha256 != sealed.content_sha256 => {
            Err(cannot("is not what was sealed".to_owned()))
        }
        Ok(_) => outcome,
    }
}

//! The blobs of a backup. They never change, so that each is copied once, and later backups share it.

use std::collections::{BTreeMap, HashMap};
use std::io;

use fermiac_fleet::blobs::BlobError;

use crate::context::Context;
use crate::error::{MaintenanceError, Result};
use crate::vault::{SealedBlob, Vault};

/// Brings all of these blobs to the place of the backups, and says where each is.
pub async fn keep_all(context: &Context, label: &str, keys: Vec<String>) -> Result<Vec<SealedBlob>> {
    let vault = &context.places.vault;
    let mut known = known(vault).await?;
    let there: HashMap<String, u64> =
        vault.list("blobs/").await?.into_iter().map(|entry| (entry.key, entry.bytes)).collect();
    let mut kept = Vec::with_capacity(keys.len());
    for key in keys {
        let is_there = |blob: &SealedBlob| there.get(&blob.sealed.key) == Some(&blob.sealed.bytes);
        match known.remove(&key).filter(is_there) {
            Some(blob) => kept.push(blob),
            None => kept.extend(bring(context, label, key).await?),
        }
    }
    Ok(kept)
}

/// What the newest backup says of its blobs.
async fn known(vault: &Vault) -> Result<BTreeMap<String, SealedBlob>> {
    let Some(newest) = vault.labels().await?.pop() else { return Ok(BTreeMap::new()) };
    match vault.manifest(&newest).await {
        Ok((manifest, _)) => Ok(manifest.blobs.into_iter().map(|blob| (blob.blob.clone(), blob)).collect()),
        // Then all are brought again: slower, and right.
        Err(MaintenanceError::Damaged(problem)) => {
            tracing::warn!(problem, "the newest manifest cannot be relied on");
            Ok(BTreeMap::new())
        }
        Err(error) => Err(error),
    }
}

/// Nothing, if its row was deleted since the snapshot, and the blob with it.
async fn bring(context: &Context, label: &str, key: String) -> Result<Option<SealedBlob>> {
    let stream = match context.blobs.get_stream(&key).await {
        Err(BlobError::NotFound { .. }) => {
            let still_needed = context.store.referenced(std::slice::from_ref(&key)).await?;
            if still_needed == [true] {
                let problem = format!("the blob {key} is lost, and a row needs it");
                return Err(MaintenanceError::damaged(problem));
            }
            return Ok(None);
        }
        answer => answer?,
    };
    let vault = &context.places.vault;
    let (mut reader, feed) = crate::vault::reader(stream.pieces);
    let copy = move |into: &mut dyn io::Write| {
        io::copy(&mut reader, into).map(drop).map_err(MaintenanceError::disk("a blob on its way"))
    };
    let at = vault.key_of_blob(&key);
    let (sealed, ()) = tokio::join!(vault.seal(&at, copy), feed);
    Ok(Some(SealedBlob { blob: key, since: label.to_owned(), sealed: sealed? }))
}

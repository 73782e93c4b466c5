//! Whether the settings name the place that a backup was written to.
//!
//! A bucket or a prefix that was mistyped has no manifest of any backup, and says nothing about the backups that lie
//! elsewhere. So a manifest that is missing condemns its backup only in a place that is proven to be the right one: by
//! other objects of that backup, whose label no other place has, or by the manifest of another backup, as the catalogue
//! has its hash.

use std::collections::BTreeMap;

use fermiac_fleet::backup::Backup;

use super::LOOKED_FOR;
use crate::context::Context;
use crate::error::{MaintenanceError, Result};

/// Lets a backup pass whose manifest is there, or is missing where it has to be: what reads it then finds that out.
///
/// # Errors
/// When its manifest is missing, and nothing shows that it was ever there.
pub async fn check(context: &Context, known: &Backup) -> Result<()> {
    let vault = &context.places.vault;
    if !vault.list(&format!("backups/{}/", known.label)).await?.is_empty() || has_another(context).await? {
        return Ok(());
    }
    Err(MaintenanceError::refused(format!(
        "FERMIAC_BACKUP_URL: neither {} nor any other backup of the catalogue lies in {}; if that is the wrong bucket or \
         prefix, give the right one; the catalogue stays as it is",
        known.label,
        vault.place()
    )))
}

/// Whether a backup lies here that the catalogue knows by its hash.
async fn has_another(context: &Context) -> Result<bool> {
    let vault = &context.places.vault;
    let backups = context.store.backups(LOOKED_FOR).await?.into_iter();
    let written_down: BTreeMap<String, String> =
        backups.filter_map(|backup| Some((backup.label, backup.manifest_sha256?))).collect();
    for label in vault.labels().await? {
        let Some(expected) = written_down.get(&label) else { continue };
        match vault.manifest(&label).await {
            Ok((_, sha256)) if sha256 == *expected => return Ok(true),
            // Gone meanwhile, or damaged itself: it proves nothing.
            Ok(_) | Err(MaintenanceError::Damaged(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

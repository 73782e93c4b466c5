//! Whom backups are sealed for, and what opens them: keys of age.

use std::fmt;
use std::str::FromStr;

use age::x25519;
use fermiac_fleet::profile::Secret;

use crate::error::{MaintenanceError, Result};

/// Whom backups are sealed for. Who has only this can write backups and read none.
#[derive(Clone)]
pub struct Recipient(pub(super) x25519::Recipient);

impl Recipient {
    /// From `age1...`.
    ///
    /// # Errors
    /// When it is something else.
    pub fn parse(text: &str) -> Result<Recipient> {
        let parsed = x25519::Recipient::from_str(text.trim());
        parsed.map(Recipient).map_err(|problem| {
            MaintenanceError::refused(format!("FERMIAC_BACKUP_RECIPIENT: is no recipient of age: {problem}"))
        })
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What opens backups; never printed.
#[derive(Clone)]
pub struct Identity(pub(super) x25519::Identity);

impl Identity {
    /// From `AGE-SECRET-KEY-1...`, or from a whole file of `age-keygen`, with its comments.
    ///
    /// # Errors
    /// When it is something else; the error does not repeat it.
    pub fn parse(secret: &Secret) -> Result<Identity> {
        let mut lines = secret.expose().lines().map(str::trim);
        let key = lines.rfind(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or("");
        let parsed = x25519::Identity::from_str(key);
        parsed.map(Identity).map_err(|problem| {
            MaintenanceError::refused(format!("FERMIAC_BACKUP_IDENTITY: is no identity of age: {problem}"))
        })
    }

    /// A new one, which has never opened anything.
    #[must_use]
    pub fn generate() -> Identity {
        Identity(x25519::Identity::generate())
    }

    /// Whom to seal for, so that this opens it.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        Recipient(self.0.to_public())
    }

    /// As [`Identity::parse`] reads it.
    #[must_use]
    pub fn secret(&self) -> Secret {
        use age::secrecy::ExposeSecret;
        Secret::new(self.0.to_string().expose_secret())
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Identity(<redacted>, of {})", self.recipient())
    }
}

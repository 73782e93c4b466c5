//! Texts that are never printed.

use std::fmt;

/// What stands in place of a secret.
const REDACTED: &str = "<redacted>";

/// A password or key. Neither `Debug` nor `Display` shows it; only [`Secret::expose`] gives it away.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text, for the one call that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(REDACTED)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(REDACTED)
    }
}

/// An address that may hold a user and a password. What is printed leaves both out, and all parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// Hides what is secret in `url`.
    #[must_use]
    pub fn new(url: impl Into<String>) -> SecretUrl {
        SecretUrl(url.into())
    }

    /// The whole address, for the one call that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What stands before the first colon.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.0.split_once(':').map_or("", |(scheme, _)| scheme)
    }

    /// The user and the password in it, as `user:password`.
    #[must_use]
    pub fn credentials(&self) -> Option<&str> {
        let authority = self.authority()?;
        authority.rsplit_once('@').map(|(credentials, _)| credentials)
    }

    /// The last part of its path, parameters left out: of a database, its name.
    #[must_use]
    pub fn last_segment(&self) -> &str {
        let path = self.without_parameters();
        path.rsplit(['/', ':']).next().unwrap_or(path)
    }

    /// Everything that is no secret.
    #[must_use]
    pub fn redacted(&self) -> String {
        let shown = self.without_parameters();
        let shown = match self.credentials() {
            Some(credentials) => shown.replacen(credentials, REDACTED, 1),
            None => shown.to_owned(),
        };
        if shown.len() < self.0.len() && self.0.contains(['?', '#']) { format!("{shown}?..") } else { shown }
    }

    fn without_parameters(&self) -> &str {
        let from = self.0.rfind('@').unwrap_or(0);
        let end = self.0[from..].find(['?', '#']).map_or(self.0.len(), |position| from + position);
        &self.0[..end]
    }

    fn authority(&self) -> Option<&str> {
        let (_, rest) = self.0.split_once("://")?;
        // A password that nobody escaped may hold a slash: everything up to the last `@` is taken for credentials.
        let end =
            rest.rfind('@').map_or_else(|| rest.find('/'), |at| rest[at..].find('/').map(|end| at + end));
        Some(&rest[..end.unwrap_or(rest.len())])
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.redacted())
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.redacted())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_shows_where_and_not_who() {
        let shown = |url: &str| SecretUrl::new(url).redacted();
        assert_eq!(shown("postgres://u:p@db:5432/name"), "postgres://<redacted>@db:5432/name");
        assert_eq!(shown("postgres://u:p/q?@db/name?sslmode=require"), "postgres://<redacted>@db/name?..");
        assert_eq!(shown("sqlite:fermiac.db"), "sqlite:fermiac.db");
        assert_eq!(shown("redis://localhost:6379/0"), "redis://localhost:6379/0");
        assert_eq!(SecretUrl::new("postgres://u@db:1/name?x=1").last_segment(), "name");
        assert_eq!(SecretUrl::new("sqlite:data/fermiac.db").last_segment(), "fermiac.db");
    }

    proptest! {
        #[test]
        fn a_password_is_never_shown(password in "[A-Z0-9/?#:@]{8,20}") {
            let url = SecretUrl::new(format!("postgres://someone:{password}@host/base"));
            let shown = format!("{url} {url:?}");
            prop_assert!(!shown.contains(&password), "{}", shown);
            prop_assert!(!shown.contains("someone"));
            let secret = Secret::new(password.clone());
            let shown = format!("{secret} {secret:?}");
            prop_assert!(!shown.contains(&password));
        }
    }
}

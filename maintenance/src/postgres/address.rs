//! Where a database is, as the programs of Postgres are told: the password by a variable, never among the arguments.

use std::path::Path;
use std::process::Command;

use fermiac_fleet::profile::{Secret, SecretUrl};

use super::programs;
use crate::error::{MaintenanceError, Result};

/// The address of a database.
#[derive(Debug, Clone)]
pub struct DatabaseAddress {
    url: SecretUrl,
    without_password: String,
    password: Option<Secret>,
}

impl DatabaseAddress {
    /// Reads `postgres://user:password@host:port/name`.
    ///
    /// # Errors
    /// When it is of another database, or holds a password where it would have to be shown.
    pub fn of(url: &SecretUrl) -> Result<DatabaseAddress> {
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(MaintenanceError::refused(
                "only databases of Postgres are backed up and restored: the address must begin with postgres://",
            ));
        }
        let text = url.expose();
        if text.contains("?password=") || text.contains("&password=") {
            return Err(MaintenanceError::refused(
                "the database's address must hold its password before the @, not among the parameters",
            ));
        }
        let Some((user, password)) = url.credentials().and_then(|both| both.split_once(':')) else {
            return Ok(DatabaseAddress {
                url: url.clone(),
                without_password: text.to_owned(),
                password: None,
            });
        };
        let without_password = text.replacen(&format!("{user}:{password}@"), &format!("{user}@"), 1);
        let password = Some(Secret::new(decoded(password)));
        Ok(DatabaseAddress { url: url.clone(), without_password, password })
    }

    /// The same, for our own connections.
    #[must_use]
    pub fn url(&self) -> &SecretUrl {
        &self.url
    }

    /// A program of Postgres that speaks to it, in the newest version that is installed.
    ///
    /// # Errors
    /// When it is not installed.
    pub fn client(&self, program: &str) -> Result<Command> {
        let mut command = self.client_at(&programs::newest(program)?);
        // Each takes it so, but for `pg_amcheck`, to which it is a word of its own.
        command.args(if program == "pg_amcheck" { &[][..] } else { &["--dbname"] });
        command.arg(&self.without_password);
        Ok(command)
    }

    fn client_at(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.arg("--no-password");
        // Its own words are read by a program.
        command.env("LC_ALL", "C").env("PGAPPNAME", "fermiac maintenance");
        if let Some(password) = &self.password {
            command.env("PGPASSWORD", password.expose());
        }
        command
    }
}

/// Takes back what an address escapes as `%41`.
fn decoded(text: &str) -> String {
    let (bytes, mut decoded, mut place) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while place < bytes.len() {
        let digits = bytes.get(place + 1..place + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped =
            digits.filter(|_| bytes[place] == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(escaped.unwrap_or(bytes[place]));
        place += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(url: &str) -> DatabaseAddress {
        DatabaseAddress::of(&SecretUrl::new(url)).unwrap()
    }

    #[test]
    fn a_password_never_stands_among_the_arguments() {
        for url in ["postgres://me:hidden@host:1/base", "postgres://me:hid%64en@host/base?sslmode=require"] {
            let command = address(url).client("pg_dump").unwrap();
            let arguments: Vec<_> = command.get_args().map(|word| word.to_str().unwrap()).collect();
            assert!(arguments.iter().all(|word| !word.contains("hid")), "{arguments:?}");
            assert!(arguments.iter().any(|word| word.starts_with("postgres://me@host")), "{arguments:?}");
            let given = command.get_envs().find(|(name, _)| *name == "PGPASSWORD");
            assert_eq!(given.unwrap().1.unwrap(), "hidden");
        }
    }

    #[test]
    fn an_address_without_a_password_stays_as_it_is() {
        let address = address("postgres://me@host/base");
        assert_eq!(address.without_password, "postgres://me@host/base");
        assert!(address.password.is_none());
    }

    #[test]
    fn what_would_show_a_password_or_is_no_postgres_is_refused() {
        for url in ["postgres://host/base?password=hidden", "sqlite:base.db"] {
            let error = DatabaseAddress::of(&SecretUrl::new(url)).unwrap_err();
            assert!(!error.to_string().contains("hidden"), "{error}");
        }
    }
}

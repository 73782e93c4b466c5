//! Which of the platform's environments this is.

use std::fmt;

/// Where the program runs. The name stands in rows and keys, so that one environment never takes another's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Environment {
    /// One machine, one developer.
    Development,
    /// Continuous integration.
    Testing,
    /// As production, for those who try it first.
    Staging,
    /// The real one.
    Production,
}

impl Environment {
    /// All of them.
    pub const ALL: &[Environment] =
        &[Environment::Development, Environment::Testing, Environment::Staging, Environment::Production];

    /// Its name in files, rows, keys and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Environment::Development => "development",
            Environment::Testing => "testing",
            Environment::Staging => "staging",
            Environment::Production => "production",
        }
    }

    /// The one of that name, case aside.
    #[must_use]
    pub fn named(name: &str) -> Option<Environment> {
        Self::ALL.iter().copied().find(|one| one.name().eq_ignore_ascii_case(name))
    }

    /// Whether strangers may reach it, so that nothing convenient but unsafe is allowed.
    #[must_use]
    pub fn is_exposed(self) -> bool {
        matches!(self, Environment::Staging | Environment::Production)
    }

    /// What comes with the program.
    pub(super) fn built_in_file(self) -> &'static str {
        match self {
            Environment::Development => include_str!("../../../environments/development.toml"),
            Environment::Testing => include_str!("../../../environments/testing.toml"),
            Environment::Staging => include_str!("../../../environments/staging.toml"),
            Environment::Production => include_str!("../../../environments/production.toml"),
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

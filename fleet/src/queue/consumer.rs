//! Who listens.

use std::fmt;

use uuid::Uuid;

use crate::host;

/// The name of a process that listens: its host, and what no other start of it has. A name that is used again would hide
/// what the last bearer left pending.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConsumerName(String);

impl ConsumerName {
    /// A new one for this host.
    #[must_use]
    pub fn fresh() -> Self {
        let host: String =
            host::name().unwrap_or_default().chars().filter(|&one| is_plain(one)).take(64).collect();
        let host = if host.is_empty() { "host".to_owned() } else { host };
        ConsumerName(format!("{host}-{}", Uuid::now_v7().simple()))
    }

    /// As it stands in keys and rows.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_plain(one: char) -> bool {
    one.is_ascii_alphanumeric() || one == '-' || one == '.'
}

impl From<String> for ConsumerName {
    /// A name that was made before, as rows hold it.
    fn from(name: String) -> Self {
        ConsumerName(name)
    }
}

impl fmt::Display for ConsumerName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_given_twice() {
        assert_ne!(ConsumerName::fresh(), ConsumerName::fresh());
    }
}

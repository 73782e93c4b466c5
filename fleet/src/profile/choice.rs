//! Settings that are one of a few words, and lists of names.

use super::value::{Form, SettingValue, items, quoted};
use crate::job::Label;

/// Declares a setting that is one of a few words, some of which have more than one spelling.
macro_rules! choice {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal $(| $other:literal)*),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $type {
            $($(#[$variant_doc])* $variant),+
        }

        impl $type {
            /// Its usual spelling.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $($type::$variant => $name),+
                }
            }
        }

        impl SettingValue for $type {
            const FORM: Form = Form::Text;

            fn parse(text: &str) -> Result<Self, String> {
                match text.to_ascii_lowercase().as_str() {
                    $($name $(| $other)* => Ok($type::$variant),)+
                    _ => Err(format!("is none of {}", [$($name),+].join(", "))),
                }
            }

            fn show(&self) -> String {
                quoted(self.name())
            }
        }
    };
}

choice! {
    /// How much is logged. What concerns security is logged at every level.
    LogLevel {
        /// Everything.
        Trace = "trace",
        /// What helps to find a mistake.
        Debug = "debug",
        /// What happens.
        Info = "info",
        /// What should not happen.
        Warning = "warning" | "warn",
        /// What failed.
        Error = "error",
    }
}

choice! {
    /// How it is written.
    LogFormat {
        /// For people.
        Pretty = "pretty",
        /// One JSON object a line.
        Json = "json",
    }
}

choice! {
    /// What a worker does that should use a GPU and finds none.
    DeviceFallback {
        /// Computes on the processor; the results are the same bytes.
        Cpu = "cpu",
        /// Says so and ends.
        Fail = "fail",
    }
}

choice! {
    /// How a backup is taken.
    BackupMethod {
        /// A portable dump, for one instant; from anywhere that the database can be reached.
        PgDump = "pg_dump",
        /// The cluster and its log, for any instant; on a worker beside the database.
        PgBackRest = "pgbackrest",
    }
}

choice! {
    /// A class of storage from which a backup is read as soon as it is asked for.
    BackupClass {
        /// Read seldom.
        StandardIa = "standard_ia",
        /// The service watches which are read.
        IntelligentTiering = "intelligent_tiering",
        /// Read once a quarter or less.
        GlacierIr = "glacier_ir",
    }
}

/// Whose pages may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// Everybody's.
    Any,
    /// Those of these origins, such as `https://example.org`.
    Listed(Vec<String>),
}

impl SettingValue for Origins {
    const FORM: Form = Form::List;

    fn parse(text: &str) -> Result<Self, String> {
        let listed: Vec<String> = items(text).map(|item| item.trim_end_matches('/').to_owned()).collect();
        if listed == ["*"] {
            return Ok(Origins::Any);
        }
        match listed.iter().find(|origin| !is_origin(origin)) {
            Some(wrong) => Err(format!("holds {wrong:?}, which is no origin such as https://example.org")),
            None => Ok(Origins::Listed(listed)),
        }
    }

    fn show(&self) -> String {
        match self {
            Origins::Any => list(["*"]),
            Origins::Listed(origins) => list(origins),
        }
    }
}

fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        let plain =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
        !host.is_empty() && host.bytes().all(plain)
    })
}

/// Names of hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Names {
    /// All there are.
    Any,
    /// These; one with a leading dot stands for all below it.
    Listed(Vec<String>),
}

impl Names {
    /// Whether `host`, without a port, is one of them.
    #[must_use]
    pub fn hold(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        match self {
            Names::Any => true,
            Names::Listed(names) => names.iter().any(|name| match name.strip_prefix('.') {
                Some(parent) => host == parent || host.ends_with(name.as_str()),
                None => host == *name,
            }),
        }
    }
}

impl SettingValue for Names {
    const FORM: Form = Form::List;

    fn parse(text: &str) -> Result<Self, String> {
        let names: Vec<String> = items(text).map(str::to_ascii_lowercase).collect();
        if names == ["*"] {
            return Ok(Names::Any);
        }
        match names.iter().find(|name| name.contains(['/', '*', ' '])) {
            Some(wrong) => Err(format!("holds {wrong:?}, which is no name of a host such as example.org")),
            None => Ok(Names::Listed(names)),
        }
    }

    fn show(&self) -> String {
        match self {
            Names::Any => list(["*"]),
            Names::Listed(names) => list(names),
        }
    }
}

impl SettingValue for Vec<Label> {
    const FORM: Form = Form::List;

    fn parse(text: &str) -> Result<Self, String> {
        let labels: Option<Vec<Label>> = items(text).map(Label::named).collect();
        let known = || Label::ALL.iter().map(|label| label.name()).collect::<Vec<_>>().join(", ");
        let mut labels = labels
            .filter(|labels| !labels.is_empty())
            .ok_or_else(|| format!("must name one or more of {}", known()))?;
        labels.sort_unstable();
        labels.dedup();
        Ok(labels)
    }

    fn show(&self) -> String {
        list(self.iter().map(|label| label.name()))
    }
}

fn list<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<String> = texts.into_iter().map(|text| quoted(text.as_ref())).collect();
    format!("[{}]", texts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leading_dot_takes_every_name_below() {
        let names = Names::parse("Example.org, .example.com").unwrap();
        assert!(names.hold("example.org") && names.hold("EXAMPLE.ORG."));
        assert!(names.hold("example.com") && names.hold("a.b.example.com"));
        assert!(!names.hold("a.example.org") && !names.hold("badexample.com"));
    }

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        assert_eq!(Origins::parse("*"), Ok(Origins::Any));
        assert_eq!(Origins::parse(""), Ok(Origins::Listed(Vec::new())));
        assert_eq!(
            Origins::parse("https://a.b/,http://localhost:3000").map(|origins| origins.show()),
            Ok(r#"["https://a.b", "http://localhost:3000"]"#.to_owned())
        );
        for wrong in ["example.org", "https://", "https://a/b", "https://a,*", "ftp://a"] {
            assert!(Origins::parse(wrong).is_err(), "{wrong}");
        }
    }
}

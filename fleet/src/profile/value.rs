//! How the value of a setting is written and read.

use std::net::SocketAddr;
use std::time::Duration;

use super::secret::{Secret, SecretUrl};

/// A type of setting.
pub trait SettingValue: Sized {
    /// How it stands in a file.
    const FORM: Form;
    /// Whether it must come from the surroundings, and is never shown.
    const SECRET: bool = false;

    /// Reads it. The error completes `NAME: value ...` and never repeats the value, which may be secret.
    fn parse(text: &str) -> Result<Self, String>;

    /// As it stands in a file, without what is secret.
    fn show(&self) -> String;

    /// Whether it holds something that must not stand in a file under version control.
    fn holds_secret(&self) -> bool {
        Self::SECRET
    }
}

/// What a setting is in TOML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `12`
    Integer,
    /// `0.5`
    Number,
    /// `true`
    Boolean,
    /// `"text"`
    Text,
    /// `["a", "b"]`; in a variable, separated by commas.
    List,
}

impl Form {
    /// The text that [`SettingValue::parse`] reads, or what it should have been.
    pub(super) fn text_of(self, value: &toml::Value) -> Result<String, &'static str> {
        match (self, value) {
            (Form::Integer | Form::Number, toml::Value::Integer(number)) => Ok(number.to_string()),
            (Form::Number, toml::Value::Float(number)) => Ok(number.to_string()),
            (Form::Boolean, toml::Value::Boolean(truth)) => Ok(truth.to_string()),
            (Form::Text, toml::Value::String(text)) => Ok(text.clone()),
            (Form::List, toml::Value::Array(items)) => {
                let items: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
                items.map(|items| items.join(",")).ok_or("must be a list of texts")
            }
            (Form::Integer, _) => Err("must be a whole number"),
            (Form::Number, _) => Err("must be a number"),
            (Form::Boolean, _) => Err("must be true or false"),
            (Form::Text, _) => Err("must be a text in quotes"),
            (Form::List, _) => Err("must be a list of texts"),
        }
    }
}

/// A text in quotes; JSON's are TOML's.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The items of a list in a variable.
pub(super) fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

macro_rules! whole_number {
    ($($type:ty),+) => {$(
        impl SettingValue for $type {
            const FORM: Form = Form::Integer;

            fn parse(text: &str) -> Result<Self, String> {
                text.replace('_', "").parse().map_err(|_| "is no whole number".to_owned())
            }

            fn show(&self) -> String {
                self.to_string()
            }
        }
    )+};
}
whole_number!(u16, u32, u64, usize);

impl SettingValue for f64 {
    const FORM: Form = Form::Number;

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().ok().filter(|number: &f64| number.is_finite()).ok_or_else(|| "is no number".to_owned())
    }

    fn show(&self) -> String {
        format!("{self:?}")
    }
}

impl SettingValue for bool {
    const FORM: Form = Form::Boolean;

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" => Ok(false),
            _ => Err("is neither true nor false".to_owned()),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// In whole milliseconds.
impl SettingValue for Duration {
    const FORM: Form = Form::Integer;

    fn parse(text: &str) -> Result<Self, String> {
        u64::parse(text)
            .map(Duration::from_millis)
            .map_err(|_| "is no whole number of milliseconds".to_owned())
    }

    fn show(&self) -> String {
        self.as_millis().to_string()
    }
}

impl SettingValue for String {
    const FORM: Form = Form::Text;

    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }

    fn show(&self) -> String {
        quoted(self)
    }
}

impl SettingValue for SocketAddr {
    const FORM: Form = Form::Text;

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "is no address with a port, such as 127.0.0.1:8000".to_owned())
    }

    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

impl SettingValue for Secret {
    const FORM: Form = Form::Text;
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        Ok(Secret::new(text))
    }

    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

impl SettingValue for SecretUrl {
    const FORM: Form = Form::Text;
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once(':').ok_or("has no scheme, such as postgres://")?;
        let known = ["postgres", "postgresql", "sqlite", "redis", "rediss", "http", "https", "in-process"];
        if !known.contains(&scheme) {
            return Err(format!("has an unknown scheme; known are {}", known.join(", ")));
        }
        if scheme == "sqlite" {
            // SQLAlchemy writes a relative path so; to everyone else it would be one from the root.
            let path = rest.strip_prefix("///./").unwrap_or(rest);
            return Ok(SecretUrl::new(format!("sqlite:{path}")));
        }
        Ok(SecretUrl::new(text))
    }

    fn show(&self) -> String {
        quoted(&self.redacted())
    }

    fn holds_secret(&self) -> bool {
        self.credentials().is_some()
    }
}

/// Without a value if the text is empty.
impl<T: SettingValue> SettingValue for Option<T> {
    const FORM: Form = T::FORM;
    const SECRET: bool = T::SECRET;

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() { Ok(None) } else { T::parse(text).map(Some) }
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(|| quoted(""), T::show)
    }

    fn holds_secret(&self) -> bool {
        self.as_ref().is_some_and(T::holds_secret)
    }
}

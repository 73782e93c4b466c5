//! Where the value of a setting comes from: a variable, else a file, else the program.

use std::collections::BTreeMap;
use std::io::Read;

use super::environment::Environment;
use super::section::Setting;
use super::value::SettingValue;

/// The most bytes of a file that holds one secret.
const MAX_SECRET_BYTES: u64 = 64 << 10;

/// The variables of the process, or what a test gives in their place.
pub type Variables = BTreeMap<String, String>;

/// Variables of ours that are no settings of a role: how to compute, how long to test, whom `fermiac submit` asks.
const NOT_SETTINGS: [&str; 6] = [
    "FERMIAC_SIMD",
    "FERMIAC_GPU_CODE",
    "FERMIAC_SEEDS",
    "FERMIAC_SERVER",
    "FERMIAC_API_KEY",
    "FERMIAC_API_KEY_FILE",
];

/// A setting as it was read, without what is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub key: &'static str,
    pub value: String,
    pub origin: String,
}

/// Reads settings, and notes mistakes and where each value came from.
pub(super) struct Reader<'a> {
    pub environment: Environment,
    variables: &'a Variables,
    file_name: String,
    file: BTreeMap<String, toml::Value>,
    pub mistakes: Vec<String>,
    pub shown: Vec<Shown>,
}

/// A value, not yet understood.
struct Given {
    origin: String,
    text: String,
    is_file: bool,
}

impl<'a> Reader<'a> {
    /// Reads from `variables` over the text of a file.
    pub fn new(
        environment: Environment,
        variables: &'a Variables,
        file_name: String,
        text: &str,
    ) -> Reader<'a> {
        let mut reader = Reader {
            environment,
            variables,
            file_name,
            file: BTreeMap::new(),
            mistakes: Vec::new(),
            shown: Vec::new(),
        };
        reader.take_file(text);
        reader
    }

    /// The file as `section.key`; nothing in it stands deeper or less deep.
    fn take_file(&mut self, text: &str) {
        let table: toml::Table = match text.parse() {
            Ok(table) => table,
            Err(error) => return self.mistake(&self.file_name.clone(), &format!("is no TOML: {error}")),
        };
        for (section, value) in table {
            match value {
                toml::Value::Table(keys) => {
                    let keys = keys.into_iter().map(|(key, value)| (format!("{section}.{key}"), value));
                    self.file.extend(keys);
                }
                value => _ = self.file.insert(section, value),
            }
        }
    }

    /// The value of `setting`, unless it is wrong, which is noted.
    pub fn read<T: SettingValue>(
        &mut self,
        setting: &Setting,
        check: impl Fn(&T) -> Result<(), String>,
    ) -> Option<T> {
        let from_file = self.said_by_file::<T>(setting);
        let given = self.said_by_variables(setting)?.or(from_file?).unwrap_or_else(|| Given {
            origin: "default".to_owned(),
            text: setting.default.to_owned(),
            is_file: false,
        });
        let value = match T::parse(&given.text).and_then(|value| check(&value).map(|()| value)) {
            Ok(value) => value,
            Err(problem) => {
                let said = if T::SECRET { String::new() } else { format!("{:?} ", given.text) };
                self.mistake(&given.origin, &format!("{said}{problem}"));
                return None;
            }
        };
        if given.is_file && self.environment.is_exposed() && value.holds_secret() {
            let variable = setting.variables[0];
            self.mistake(
                &given.origin,
                &format!("a secret does not stand in this file; give {variable} or {variable}_FILE"),
            );
            return None;
        }
        self.shown.push(Shown { key: setting.key, value: value.show(), origin: given.origin });
        Some(value)
    }

    /// The entries of a list of tables, which is then read; none if it is wrong, which is noted.
    pub fn take_list(&mut self, list: &str, most: usize) -> Vec<toml::Table> {
        let Some(value) = self.file.remove(list) else { return Vec::new() };
        let tables: Option<Vec<toml::Table>> =
            value.as_array().and_then(|items| items.iter().map(|item| item.as_table().cloned()).collect());
        match tables {
            Some(tables) if tables.len() <= most => return tables,
            Some(_) => self.mistake(&format!("{}: {list}", self.file_name), &format!("are more than {most}")),
            None => {
                let problem = format!("must be entries that begin with [[{list}]]");
                self.mistake(&format!("{}: {list}", self.file_name), &problem);
            }
        }
        Vec::new()
    }

    /// The file, as mistakes name it.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// Notes what is wrong with what.
    pub fn mistake(&mut self, what: &str, problem: &str) {
        self.mistakes.push(format!("{what}: {problem}"));
    }

    /// What the file says; the outer option is empty if that is wrong.
    fn said_by_file<T: SettingValue>(&mut self, setting: &Setting) -> Option<Option<Given>> {
        let Some(value) = self.file.remove(setting.key) else { return Some(None) };
        let origin = format!("{}: {}", self.file_name, setting.key);
        match T::FORM.text_of(&value) {
            Ok(text) => Some(Some(Given { origin, text, is_file: true })),
            Err(problem) => {
                self.mistake(&origin, problem);
                None
            }
        }
    }

    /// What the variables say; the outer option is empty if that is wrong. An empty variable is none: files for
    /// containers cannot leave one out.
    fn said_by_variables(&mut self, setting: &Setting) -> Option<Option<Given>> {
        let mut given: Vec<Given> = Vec::new();
        for name in setting.variables {
            if let Some(text) = self.variable(name) {
                given.push(Given { origin: (*name).to_owned(), text, is_file: false });
            }
            let file_name = format!("{name}_FILE");
            if let Some(path) = self.variable(&file_name).filter(|_| setting.is_secret) {
                match read_secret(&path) {
                    Ok(text) => given.push(Given { origin: file_name, text, is_file: false }),
                    Err(problem) => {
                        self.mistake(&file_name, &format!("{path:?} {problem}"));
                        return None;
                    }
                }
            }
        }
        if let [first, second, ..] = given.as_slice()
            && first.text != second.text
        {
            let (first, second) = (first.origin.clone(), second.origin.clone());
            self.mistake(&second, &format!("differs from {first}, which means the same; give one of them"));
            return None;
        }
        Some(given.into_iter().next())
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// Notes what nothing asked for: keys of the file, and variables that look like ours.
    pub fn refuse_unknown(&mut self, settings: &[Setting]) {
        for key in std::mem::take(&mut self.file).into_keys() {
            let problem = match settings.iter().any(|setting| setting.key == key) {
                true => continue,
                false => "there is no such setting; `fermiac config` shows all",
            };
            self.mistake(&format!("{}: {key}", self.file_name), problem);
        }
        let variables = self.variables;
        for name in variables.keys().filter(|name| name.starts_with("FERMIAC_")) {
            if !is_known(name, settings) && !NOT_SETTINGS.contains(&name.as_str()) && !is_of_kubernetes(name)
            {
                self.mistake(name, "there is no such variable; `.env.example` lists all");
            }
        }
    }
}

fn is_known(name: &str, settings: &[Setting]) -> bool {
    settings.iter().any(|setting| {
        let is_file = |variable: &str| setting.is_secret && name.strip_suffix("_FILE") == Some(variable);
        setting.variables.iter().any(|variable| name == *variable || is_file(variable))
    })
}

/// Kubernetes gives every pod variables for each service: one called `fermiac-api` looks like ours.
fn is_of_kubernetes(name: &str) -> bool {
    name.ends_with("_SERVICE_HOST") || name.contains("_SERVICE_PORT") || name.contains("_PORT")
}

fn read_secret(path: &str) -> Result<String, String> {
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| format!("cannot be opened: {error}"))?;
    let read = file.take(MAX_SECRET_BYTES + 1).read_to_string(&mut text);
    let length = read.map_err(|_| "is no text".to_owned())?;
    if length as u64 > MAX_SECRET_BYTES {
        return Err("is too large for a secret".to_owned());
    }
    let text = text.trim();
    if text.is_empty() { Err("is empty".to_owned()) } else { Ok(text.to_owned()) }
}

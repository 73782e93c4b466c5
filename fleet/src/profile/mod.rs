//! The settings of one environment: what the program says, under what `environments/NAME.toml` says, under what the
//! variables of the process say.
//!
//! Everything is read before anything starts, and every mistake is told at once, by the name of the file or variable.
//! What a setting means, and its bounds, stand in `settings.rs` and nowhere else. Secrets come from variables, or from
//! files that `*_FILE` variables name, never from a file under version control, and are never printed.

mod choice;
mod environment;
mod example;
mod mistake;
mod reader;
mod rules;
mod secret;
mod section;
mod settings;
mod timetable;
mod value;

#[cfg(test)]
mod tests;

pub use choice::{BackupClass, BackupMethod, DeviceFallback, LogFormat, LogLevel, Names, Origins};
pub use environment::Environment;
pub use example::env_example;
pub use mistake::ProfileErrors;
pub use reader::Variables;
pub use secret::{Secret, SecretUrl};
pub use section::Setting;
pub use settings::{
    Backup, Blobs, Database, Email, Gpu, Http, Lifecycle, Limits, Log, Pgbackrest, Queue, Scheduler,
    Security, Smoke, Worker,
};

use std::ops::Deref;
use std::path::Path;

use reader::{Reader, Shown};
use section::Section;

use crate::schedule::Timetable;

/// The settings of one environment, complete and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Which one.
    pub environment: Environment,
    /// Whether answers may show what helps to find a mistake. Never in production.
    pub debug: bool,
    /// Its settings; the profile stands for them.
    pub sections: Sections,
    /// What happens by the clock; only its file says that.
    pub timetable: Timetable,
    shown: Vec<Shown>,
}

macro_rules! sections {
    ($($(#[$doc:meta])* $field:ident: $type:ident),+ $(,)?) => {
        /// All settings, by what they are about.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Sections {
            $($(#[$doc])* pub $field: $type),+
        }

        impl Sections {
            fn read(reader: &mut Reader<'_>) -> Option<Sections> {
                $(let $field = <$type as Section>::read(reader);)+
                Some(Sections { $($field: $field?),+ })
            }
        }

        /// Every setting there is, in order.
        #[must_use]
        pub fn all_settings() -> Vec<Setting> {
            [&TOP[..], $(<$type as Section>::SETTINGS),+].concat()
        }
    };
}

sections! {
    /// What HTTP takes in and gives out.
    http: Http,
    /// The store.
    database: Database,
    /// The bell.
    queue: Queue,
    /// Where large objects are.
    blobs: Blobs,
    /// What a worker does.
    worker: Worker,
    /// How often each duty runs.
    scheduler: Scheduler,
    /// What is logged.
    log: Log,
    /// The devices of a worker.
    gpu: Gpu,
    /// What may be asked for.
    limits: Limits,
    /// Keys of the platform.
    security: Security,
    /// How e-mail is sent.
    email: Email,
    /// Where backups are.
    backup: Backup,
    /// The rules that buckets follow by themselves.
    lifecycle: Lifecycle,
    /// How the cluster is backed up as a whole.
    pgbackrest: Pgbackrest,
    /// What a smoke test looks at.
    smoke: Smoke,
}

/// What stands in no section.
const TOP: [Setting; 2] = [
    Setting {
        key: "environment",
        about: "Which environment this is: development, testing, staging, production.",
        default: "",
        variables: &["ENVIRONMENT"],
        is_secret: false,
    },
    Setting {
        key: "debug",
        about: "Whether answers may show what helps to find a mistake; never in production.",
        default: "false",
        variables: &["DEBUG"],
        is_secret: false,
    },
];

impl Profile {
    /// The profile of the environment `name`, or of the one that the variable `ENVIRONMENT` names. Its file is the one
    /// in `folder`, or the one that comes with the program.
    pub fn load(
        name: Option<&str>,
        folder: Option<&Path>,
        variables: &Variables,
    ) -> Result<Profile, ProfileErrors> {
        let environment = environment(name, variables).map_err(only)?;
        let (file_name, text) = file(environment, folder).map_err(only)?;
        let mut reader = Reader::new(environment, variables, file_name, &text);
        let debug = reader.read::<bool>(&TOP[1], |_| Ok(()));
        let sections = Sections::read(&mut reader);
        let timetable = timetable::read(&mut reader);
        reader.refuse_unknown(&all_settings());
        let (Some(debug), Some(sections), true) = (debug, sections, reader.mistakes.is_empty()) else {
            return Err(ProfileErrors { mistakes: reader.mistakes });
        };
        let profile = Profile { environment, debug, sections, timetable, shown: reader.shown };
        let broken = rules::broken_by(&profile);
        if broken.is_empty() {
            return Ok(profile);
        }
        Err(ProfileErrors {
            mistakes: broken.into_iter().map(|(what, problem)| format!("{what}: {problem}")).collect(),
        })
    }

    /// The settings as a file, with where each came from and without what is secret.
    #[must_use]
    pub fn redacted(&self) -> String {
        let mut text = format!("# {}: what is in force, secrets left out\n", self.environment);
        let mut section = "";
        for Shown { key, value, origin } in &self.shown {
            let (of, key) = key.split_once('.').unwrap_or(("", key));
            if of != section {
                text.push_str(&format!("\n[{of}]\n"));
                section = of;
            }
            text.push_str(&format!("{key} = {value}  # {origin}\n"));
        }
        text + &timetable::show(&self.timetable)
    }
}

impl Deref for Profile {
    type Target = Sections;

    fn deref(&self) -> &Sections {
        &self.sections
    }
}

fn only(mistake: String) -> ProfileErrors {
    ProfileErrors { mistakes: vec![mistake] }
}

fn environment(name: Option<&str>, variables: &Variables) -> Result<Environment, String> {
    let known = || Environment::ALL.iter().map(|one| one.name()).collect::<Vec<_>>().join(", ");
    let parse = |what: &str, name: &str| {
        Environment::named(name).ok_or_else(|| format!("{what}: {name:?} is none of {}", known()))
    };
    let variable = variables.get("ENVIRONMENT").map(|name| name.trim()).filter(|name| !name.is_empty());
    match (name, variable) {
        (None, None) => Err(format!("ENVIRONMENT: give it or --env, one of {}", known())),
        (Some(name), None) => parse("--env", name),
        (None, Some(name)) => parse("ENVIRONMENT", name),
        (Some(asked), Some(set)) => match (parse("--env", asked)?, parse("ENVIRONMENT", set)?) {
            (asked, set) if asked == set => Ok(asked),
            (asked, set) => {
                Err(format!("ENVIRONMENT: it says {set} and --env says {asked}; give one of them"))
            }
        },
    }
}

/// The name and the text of the environment's file.
fn file(environment: Environment, folder: Option<&Path>) -> Result<(String, String), String> {
    let name = format!("{environment}.toml");
    let Some(folder) = folder else {
        return Ok((format!("environments/{name}"), environment.built_in_file().to_owned()));
    };
    let path = folder.join(name);
    let shown = path.display().to_string();
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok((shown, text)),
        Err(error) => Err(format!("{shown}: cannot be read: {error}")),
    }
}

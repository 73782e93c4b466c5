//! The template of a `.env` file, made from the settings.

use super::all_settings;

/// The text of `.env.example`: every variable that is read, with its meaning and its default, none of them set.
#[must_use]
pub fn env_example() -> String {
    let mut text = String::from(
        "# Every variable that Fermiac reads. Copy this file to .env, which is not committed, take away the # of what\n\
         # you set, and have your service manager read it, or a shell: `set -a; . ./.env; set +a`. A variable is\n\
         # stronger than environments/NAME.toml, which is stronger than the default shown. An empty variable is the\n\
         # same as none. `fermiac config --env NAME` shows what is in force.\n",
    );
    let mut section = "";
    for setting in all_settings() {
        let (of, _) = setting.key.split_once('.').unwrap_or(("", setting.key));
        if of != section {
            text.push_str(&format!("\n# -- {of}\n"));
            section = of;
        }
        text.push_str(&format!("\n# {}\n", setting.about));
        for (position, variable) in setting.variables.iter().enumerate() {
            let default = if position == 0 { setting.default } else { "" };
            text.push_str(&format!("#{variable}={default}\n"));
            if setting.is_secret {
                text.push_str(&format!("#{variable}_FILE=\n"));
            }
        }
    }
    text
}

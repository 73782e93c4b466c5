//! `fermiac read-only`: contains a disaster while the service goes on being read.

use fermiac_fleet::store::{ReadOnly, Store};
use serde_json::{Value, json};

use super::failed;
use crate::arguments::{ReadOnlyArguments, ReadOnlyCommand};
use crate::document;
use crate::failure::Failure;

/// Turns the switch, or says how it stands.
pub async fn manage(store: &Store, arguments: &ReadOnlyArguments) -> Result<(), Failure> {
    let (now, text) = match &arguments.command {
        ReadOnlyCommand::On { reason } => {
            let now = store.make_read_only(reason).await.map_err(Failure::refused)?;
            let text = format!(
                "{now}\nwhat workers hold they finish; backups go on; `fermiac read-only off` ends it\n"
            );
            (Some(now), text)
        }
        ReadOnlyCommand::Off => match store.make_writable().await.map_err(failed)? {
            Some(was) => (None, format!("{was}\nthat is over\n")),
            None => (None, "the service was not read-only\n".to_owned()),
        },
        ReadOnlyCommand::Status => match store.read_only().await.map_err(failed)? {
            Some(now) => (Some(now.clone()), format!("{now} ({})\n", now.actor)),
            None => (None, "the service is not read-only\n".to_owned()),
        },
    };
    if arguments.json { document::print_json(&shown(now.as_ref())) } else { document::print(&text) }
}

fn shown(now: Option<&ReadOnly>) -> Value {
    match now {
        None => json!({ "read_only": false }),
        Some(ReadOnly { since, actor, reason }) => {
            json!({ "read_only": true, "since": since, "actor": actor, "reason": reason })
        }
    }
}

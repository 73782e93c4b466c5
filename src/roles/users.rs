//! Who may submit.

use fermiac_fleet::profile::Profile;
use fermiac_fleet::store::Store;

use super::failed;
use crate::arguments::UsersCommand;
use crate::failure::Failure;

/// Adds, lists or revokes. A key is shown once, when its user is added.
pub async fn manage(store: &Store, command: &UsersCommand) -> Result<(), Failure> {
    match command {
        UsersCommand::Add { name, operator, synthetic } => {
            let added = match synthetic {
                true => store.add_synthetic_user(name).await,
                false => store.add_user(name, *operator).await,
            };
            let added = added.map_err(Failure::refused)?;
            println!("{}", added.key);
            eprintln!("the key of {} ({}): it is not shown again", added.user.name, added.user.id);
        }
        UsersCommand::List => {
            for user in store.users().await.map_err(failed)? {
                let standing = match (user.operator, user.synthetic) {
                    (true, _) => " (operator)",
                    (_, true) => " (synthetic)",
                    (false, false) => "",
                };
                println!("{} {}{standing}", user.id, user.name);
            }
        }
        UsersCommand::Revoke { id } => {
            let id =
                id.parse().map_err(|_| Failure::refused("the id of a user is as `users list` shows it"))?;
            store.revoke_user(id).await.map_err(Failure::refused)?;
        }
    }
    Ok(())
}

/// Adds the first user of a fresh development system, and says how to submit.
pub async fn welcome(store: &Store, profile: &Profile) -> Result<(), Failure> {
    if !store.users().await.map_err(failed)?.is_empty() {
        return Ok(());
    }
    let added = store.add_user("developer", true).await.map_err(failed)?;
    let listen = profile.http.listen;
    eprintln!(
        "fermiac: listening on http://{listen} with the API key {} (shown once; more by `fermiac users add`)",
        added.key
    );
    Ok(())
}

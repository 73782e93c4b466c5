//! Who submits, known by API keys. A key is 256 random bits, shown once; the row keeps its hash.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use sqlx::{query, query_as};

use super::columns::Instant;
use super::error::is_taken;
use super::transaction::run;
use super::{Store, StoreError};
use crate::audit::{Act, Action};
use crate::hex::hex;
use crate::ids::UserId;
use crate::store::row::row;

/// How every key begins, so that one that leaked is recognised.
const KEY_PREFIX: &str = "fmc_";
/// A name has at most so many characters.
const MAX_NAME_CHARACTERS: usize = 200;

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its name in rows.
    pub id: UserId,
    /// Its name among people.
    pub name: String,
    /// Whether it sees everybody's work and the platform's own.
    pub operator: bool,
    /// Whether it stands for nobody: what it submits shows that the platform works, and counts as nobody's work.
    pub synthetic: bool,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When its key was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A user that was just added.
#[derive(Debug)]
pub struct NewUser {
    /// Who.
    pub user: User,
    /// The API key: this is the only time that it is seen.
    pub key: String,
}

/// What a user is to the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Member,
    Operator,
    Synthetic,
}

impl Store {
    /// Adds a user and makes its key.
    pub async fn add_user(&self, name: &str, operator: bool) -> Result<NewUser, StoreError> {
        self.add(name, if operator { Standing::Operator } else { Standing::Member }).await
    }

    /// Adds a user that stands for nobody, and makes its key.
    pub async fn add_synthetic_user(&self, name: &str) -> Result<NewUser, StoreError> {
        self.add(name, Standing::Synthetic).await
    }

    async fn add(&self, name: &str, standing: Standing) -> Result<NewUser, StoreError> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > MAX_NAME_CHARACTERS || name.contains('\0') {
            return Err(StoreError::refused(format!(
                "a user's name has 1 to {MAX_NAME_CHARACTERS} characters"
            )));
        }
        let key = new_key()?;
        let mut transaction = self.begin().await?;
        let now = transaction.now().await?;
        let user = User {
            id: UserId::new(),
            name: name.to_owned(),
            operator: standing == Standing::Operator,
            synthetic: standing == Standing::Synthetic,
            created_at: now.0,
            revoked_at: None,
        };
        match run!(
            &mut transaction,
            query(ADD_USER)
                .bind(user.id)
                .bind(name)
                .bind(user.operator)
                .bind(user.synthetic)
                .bind(hash(&key))
                .bind(now),
            execute
        ) {
            Ok(_) => {}
            Err(error) if is_taken(&error) => {
                return Err(StoreError::conflict(format!("there is a user {name:?} already")));
            }
            Err(error) => return Err(error.into()),
        }
        let act = Act::on(Action::UserAdded, user.id).saying(&user.name);
        transaction.note(&self.actor, act).await?;
        transaction.commit().await?;
        Ok(NewUser { user, key })
    }

    /// The user whose key this is, unless it was revoked.
    pub async fn user_by_key(&self, key: &str) -> Result<Option<User>, StoreError> {
        if !key.starts_with(KEY_PREFIX) {
            return Ok(None);
        }
        let mut transaction = self.begin_to_read().await?;
        let row: Option<UserRow> =
            run!(&mut transaction, query_as(USER_OF_KEY).bind(hash(key)), fetch_optional)?;
        transaction.commit().await?;
        Ok(row.map(UserRow::user))
    }

    /// All users, in the order in which they were added.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let rows: Vec<UserRow> = run!(&mut transaction, query_as(USERS), fetch_all)?;
        transaction.commit().await?;
        Ok(rows.into_iter().map(UserRow::user).collect())
    }

    /// Makes a user's key worthless. What the user submitted stays.
    pub async fn revoke_user(&self, id: UserId) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let now = transaction.now().await?;
        let revoked: Option<(UserId,)> =
            run!(&mut transaction, query_as(REVOKE_USER).bind(id).bind(now), fetch_optional)?;
        revoked.ok_or(StoreError::NotFound { what: "user" })?;
        transaction.note(&self.actor, Act::on(Action::UserRevoked, id)).await?;
        transaction.commit().await
    }
}

fn new_key() -> Result<String, StoreError> {
    let mut bits = [0_u8; 32];
    getrandom::fill(&mut bits).map_err(|error| StoreError::broken(format!("no randomness: {error}")))?;
    Ok(format!("{KEY_PREFIX}{}", hex(&bits)))
}

fn hash(key: &str) -> Vec<u8> {
    Sha256::digest(key).to_vec()
}

row! {
    struct UserRow {
        id: UserId,
        name: String,
        operator: bool,
        synthetic: bool,
        created_at: Instant,
        revoked_at: Option<Instant>,
    }
}

impl UserRow {
    fn user(self) -> User {
        User {
            id: self.id,
            name: self.name,
            operator: self.operator,
            synthetic: self.synthetic,
            created_at: self.created_at.0,
            revoked_at: self.revoked_at.map(|instant| instant.0),
        }
    }
}

const ADD_USER: &str = "
-- name: add user
insert into users (id, name, operator, synthetic, key_hash, created_at) values ($1, $2, $3, $4, $5, $6)";

const USER_OF_KEY: &str = "
-- name: find user by key
select id, name, operator, synthetic, created_at, revoked_at from users
where key_hash = $1 and revoked_at is null";

const USERS: &str = "
-- name: list users
select id, name, operator, synthetic, created_at, revoked_at from users order by id";

const REVOKE_USER: &str = "
-- name: revoke user
update users set revoked_at = coalesce(revoked_at, $2) where id = $1 returning id";

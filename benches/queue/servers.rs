//! The servers that all systems are measured on.

use fermiac_fleet::queue::{Queue, QueueSettings};
use fermiac_fleet::store::{Store, StoreSettings};
use fermiac_harness::{Durability, Folder, Persistence, PostgresServer, RedisOptions, RedisServer};

/// The environment that is measured.
pub const ENVIRONMENT: &str = "testing";

/// A Postgres and a Redis, both as durable as they are by default.
pub struct Servers {
    /// Every commit is on its disk before it is answered.
    pub postgres: PostgresServer,
    /// Its log is written out every second.
    pub redis: RedisServer,
    /// Where blobs go.
    pub blobs: Folder,
}

/// An empty home for one system.
pub struct Homes {
    /// A migrated store.
    pub store: Store,
    /// Where it is.
    pub database: String,
    /// A queue without bells.
    pub queue: Queue,
}

impl Servers {
    /// Starts them.
    pub fn start() -> Servers {
        let options =
            RedisOptions { persistence: Persistence::AppendOnlyEverySecond, ..RedisOptions::default() };
        Servers {
            postgres: PostgresServer::start(Durability::Synced),
            redis: RedisServer::start(options),
            blobs: Folder::new("blobs"),
        }
    }

    /// A new database, what others left in memory written out.
    pub fn database(&mut self) -> String {
        self.redis.command(&["FLUSHALL"]);
        let database = self.postgres.create_database();
        self.postgres.sql("postgres", "checkpoint");
        database
    }

    /// New homes.
    pub async fn homes(&mut self) -> Homes {
        let database = self.database();
        let store = Store::connect(&database, &StoreSettings::of(ENVIRONMENT)).await.unwrap();
        store.migrate().await.unwrap();
        let queue = Queue::connect(&self.redis.url(), ENVIRONMENT, &QueueSettings::default()).unwrap();
        Homes { store, database, queue }
    }
}

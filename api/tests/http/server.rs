//! An API over a store of its own, and what a worker would do.

use std::time::Duration;

use fermiac_api::{Api, serve};
use fermiac_fleet::blobs::{BlobSettings, Blobs};
use fermiac_fleet::delivery::{Delivery, Outcome, Produced};
use fermiac_fleet::ids::JobId;
use fermiac_fleet::job::State;
use fermiac_fleet::profile::{Environment, Profile, Variables};
use fermiac_fleet::queue::Queue;
use fermiac_fleet::shutdown::Shutdown;
use fermiac_fleet::store::{JobFilter, Store, StoreSettings};
use fermiac_fleet::telemetry::Figures;
use fermiac_harness::{Folder, PostgresServer};
use tokio::net::TcpListener;

use super::client::Client;

/// Which store.
#[derive(Debug, Clone, Copy)]
pub enum Home {
    Postgres,
    Sqlite,
}

/// An API that answers until it is dropped.
#[derive(Debug)]
pub struct Server {
    pub store: Store,
    pub blobs: Blobs,
    pub queue: Queue,
    pub shutdown: Shutdown,
    /// One user.
    pub user: Client,
    /// Another one.
    pub other: Client,
    pub operator: Client,
    /// Gone with the server.
    _folder: Folder,
}

impl Server {
    pub async fn start(home: Home) -> Server {
        Server::start_with(home, &[]).await
    }

    /// With some settings of its own.
    pub async fn start_with(home: Home, settings: &[(&str, &str)]) -> Server {
        let folder = Folder::new("api");
        let url = match home {
            Home::Postgres => PostgresServer::shared().create_database(),
            Home::Sqlite => format!("sqlite:{}", folder.path().join("store.db").display()),
        };
        let store = Store::connect(&url, &StoreSettings::of("testing")).await.unwrap();
        store.migrate().await.unwrap();
        Server::over(store, Queue::in_process(), folder, settings).await
    }

    pub async fn over(store: Store, queue: Queue, folder: Folder, settings: &[(&str, &str)]) -> Server {
        let variables: Variables =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let profile = Profile::load(Some("testing"), None, &variables).unwrap();
        let blobs = blobs(&folder);
        let shutdown = Shutdown::new();
        let figures = Figures::begin(Environment::Testing).unwrap();
        let homes = (store.clone(), queue.clone(), blobs.clone());
        let api = Api::new(homes, profile, figures, shutdown.draining.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let watched = shutdown.clone();
        tokio::spawn(async move { serve(api, listener, &watched).await.unwrap() });
        let mut clients = Vec::new();
        for (name, is_operator) in [("user", false), ("other", false), ("operator", true)] {
            let key = store.add_user(name, is_operator).await.unwrap().key;
            clients.push(Client { address, key: Some(key) });
        }
        let [user, other, operator] = <[Client; 3]>::try_from(clients).unwrap();
        Server { store, blobs, queue, shutdown, user, other, operator, _folder: folder }
    }

    /// Nobody: without a key.
    pub fn stranger(&self) -> Client {
        Client { key: None, ..self.user.clone() }
    }

    /// Claims everything that is ready.
    pub async fn claim(&self) -> Vec<Delivery> {
        let filter = JobFilter { state: Some(State::Ready), limit: 1_000, ..JobFilter::default() };
        let ready: Vec<JobId> = self.store.jobs(filter).await.unwrap().iter().map(|job| job.id).collect();
        self.store.claim("worker", &ready, Duration::from_secs(60)).await.unwrap()
    }

    /// Ends what was claimed.
    pub async fn settle(&self, deliveries: Vec<Delivery>, outcome: &Outcome) {
        let settlements = deliveries.into_iter().map(|delivery| delivery.settle(outcome.clone())).collect();
        self.store.settle(settlements).await.unwrap();
    }

    /// How many rows of each kind there are, to see that nothing half made stayed.
    pub async fn rows(&self) -> (usize, usize) {
        let simulations = self.operator.get("/v1/simulations").await.expect(200);
        let jobs = self.operator.get("/v1/jobs").await.expect(200);
        (simulations["items"].as_array().unwrap().len(), jobs["items"].as_array().unwrap().len())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.draining.cancel();
        self.shutdown.over.cancel();
    }
}

fn blobs(folder: &Folder) -> Blobs {
    let root = folder.path().join("blobs");
    Blobs::connect(&BlobSettings::at(root.display().to_string())).unwrap()
}

/// A result of so many bytes.
pub fn completed(result: &[u8]) -> Outcome {
    Outcome::Completed(Produced { result: Some(result.to_vec()), ..Produced::default() })
}

/// Runs a test on each store.
macro_rules! on_both {
    ($($(#[$attribute:meta])* async fn $name:ident($server:ident) $body:block)+) => {
        $(mod $name {
            use super::*;

            async fn behaves($server: Server) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                behaves(Server::start(Home::Postgres).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                behaves(Server::start(Home::Sqlite).await).await;
            }
        })+
    };
}
pub(crate) use on_both;

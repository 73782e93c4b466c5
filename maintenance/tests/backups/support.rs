//! An environment with some work in it, and a place for its backups.

use std::time::Duration;

use bytes::Bytes;
use fermiac_fleet::blobs::{Addressing, BlobSettings, Blobs, S3Keys};
use fermiac_fleet::delivery::{Outcome, Produced};
use fermiac_fleet::ids::{JobId, SimulationId, UserId, WorkbookId};
use fermiac_fleet::job::{Kind, Label, NewJob, Priority, Start};
use fermiac_fleet::profile::{Profile, SecretUrl, Variables};
use fermiac_fleet::store::{NewSimulation, NewWorkbook, Store, StoreSettings};
use fermiac_harness::{ACCESS_KEY, Folder, PostgresServer, S3Server, SECRET_KEY};
use fermiac_maintenance::Context;
use fermiac_maintenance::postgres::DatabaseAddress;
use fermiac_maintenance::vault::Identity;
use sha2::{Digest, Sha256};

/// What stands in the rows and in the blobs, and in no backup.
pub const SECRET_TEXT: &str = "the margins of next year";

/// An environment, its servers and its backups.
pub struct Bench {
    pub context: Context,
    pub store: Store,
    pub url: String,
    pub backups: S3Server,
    pub variables: Variables,
    _data: S3Server,
    scratch: Folder,
}

impl Bench {
    /// With a user, a workbook, and simulations that have results in rows and in blobs.
    pub async fn new() -> Bench {
        let url = PostgresServer::shared().create_database();
        let (data, backups) = (S3Server::start("data"), S3Server::start("backups"));
        let (identity, scratch) = (Identity::generate(), Folder::new("scratch"));
        let secret = identity.secret();
        let given = [
            ("DATABASE_URL", url.as_str()),
            ("FERMIAC_BACKUP_URL", "s3://backups"),
            ("FERMIAC_BACKUP_ENDPOINT", &backups.endpoint()),
            ("FERMIAC_BACKUP_PATH_STYLE", "true"),
            ("FERMIAC_BACKUP_ACCESS_KEY", ACCESS_KEY),
            ("FERMIAC_BACKUP_SECRET_KEY", SECRET_KEY),
            ("FERMIAC_BACKUP_RECIPIENT", &identity.recipient().to_string()),
            ("FERMIAC_BACKUP_IDENTITY", secret.expose()),
            ("FERMIAC_BACKUP_SCRATCH", scratch.path().to_str().unwrap()),
        ];
        let variables: Variables =
            given.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let store = Store::connect(&url, &StoreSettings::of("testing")).await.unwrap();
        store.migrate().await.unwrap();
        let home = bucket(&data, "data");
        let context = context(&variables, home.clone()).await;
        // The server of the tests runs as another user, which has to reach its folder.
        open_to_all(&scratch);
        let bench = Bench { context, store, url, backups, variables, _data: data, scratch };
        bench.work(5).await;
        bench
    }

    /// The same environment with some settings changed.
    pub async fn with(&self, changed: &[(&str, &str)]) -> Context {
        let mut variables = self.variables.clone();
        variables.extend(changed.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
        context(&variables, self.context.blobs.clone()).await
    }

    /// Simulations that run and succeed.
    pub async fn work(&self, simulations: u64) {
        let name = format!("user {}", JobId::new());
        let owner = self.store.add_user(&name, false).await.unwrap().user.id;
        let content = format!("{SECRET_TEXT} of {owner}");
        let hash = sha256(content.as_bytes());
        self.context.blobs.put(&format!("workbooks/{hash}"), Bytes::from(content)).await.unwrap();
        let workbook = NewWorkbook {
            id: WorkbookId::new(),
            owner,
            name: SECRET_TEXT.to_owned(),
            hash,
            bytes: 100,
            cells: 3,
            formulas: 1,
        };
        self.store.add_workbook(&workbook).await.unwrap();
        for number in 0..simulations {
            self.simulate(owner, number).await;
        }
    }

    async fn simulate(&self, owner: UserId, number: u64) {
        let simulation = SimulationId::new();
        let job = NewJob {
            id: JobId::new(),
            kind: Kind::Simulate,
            label: Label::Cpu,
            priority: Priority::Normal,
            owner: Some(owner),
            simulation: Some(simulation),
            parent: None,
            payload: b"{}".to_vec(),
            start: Start::Now,
            max_attempts: 3,
            timeout: Duration::from_secs(60),
            idempotency_key: None,
            trace_context: None,
        };
        let new = NewSimulation {
            id: simulation,
            owner,
            workbook: None,
            idempotency_key: None,
            request: SECRET_TEXT.into(),
            trials: 1_000,
            root: job.id,
        };
        self.store.submit_simulation(&new, std::slice::from_ref(&job)).await.unwrap();
        let delivery =
            self.store.claim("worker", &[job.id], Duration::from_secs(60)).await.unwrap().remove(0);
        let produced = if number.is_multiple_of(2) {
            Produced { result: Some(SECRET_TEXT.into()), ..Produced::default() }
        } else {
            let key = format!("results/{simulation}/{}-1.json", job.id);
            self.context.blobs.put(&key, Bytes::from(SECRET_TEXT)).await.unwrap();
            Produced { result_key: Some(key), ..Produced::default() }
        };
        self.store.settle(vec![delivery.settle(Outcome::Completed(produced))]).await.unwrap();
    }

    /// An empty database beside the first.
    pub fn empty_database(&self) -> DatabaseAddress {
        DatabaseAddress::of(&SecretUrl::new(PostgresServer::shared().create_database())).unwrap()
    }

    /// Runs a statement in the database.
    pub fn sql(&self, statement: &str) -> String {
        PostgresServer::shared().sql(self.url.rsplit('/').next().unwrap(), statement)
    }

    /// The backups as they lie there.
    pub fn bucket(&self) -> Blobs {
        bucket(&self.backups, "backups")
    }

    /// Changes one byte in the middle of an object.
    pub async fn flip_a_byte(&self, key: &str) {
        let mut content = self.bucket().get(key, 1 << 30).await.unwrap().to_vec();
        let middle = content.len() / 2;
        content[middle] ^= 1;
        self.bucket().put(key, content.into()).await.unwrap();
    }

    /// Whether nothing of any scratch server is left.
    pub fn is_torn_down(&self) -> bool {
        std::fs::read_dir(self.scratch.path()).unwrap().next().is_none()
    }
}

async fn context(variables: &Variables, blobs: Blobs) -> Context {
    let profile = Profile::load(Some("testing"), None, variables).unwrap();
    Context::connect(&profile, blobs).await.unwrap()
}

fn bucket(server: &S3Server, name: &str) -> Blobs {
    let keys = S3Keys { access_key: ACCESS_KEY.to_owned(), secret_key: SECRET_KEY.to_owned() };
    let settings = BlobSettings {
        endpoint: Some(server.endpoint()),
        addressing: Addressing::PathStyle,
        keys: Some(keys),
        ..BlobSettings::at(format!("s3://{name}"))
    };
    Blobs::connect(&settings).unwrap()
}

fn open_to_all(folder: &Folder) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
}

pub fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

//! Queues and bells for tests.

use std::collections::HashSet;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use fermiac_fleet::ids::JobId;
use fermiac_fleet::job::{Bell, Label, Priority};
use fermiac_fleet::queue::{ConsumerName, Listener, Queue, QueueSettings, Rung};
use fermiac_harness::{RedisOptions, RedisServer};

/// Longer than anything takes that is going to happen at all.
pub const SOON: Duration = Duration::from_secs(20);
/// Long enough for whatever is there to be given.
pub const A_MOMENT: Duration = Duration::from_millis(30);

/// One server for all tests that do it no harm; each test has an environment of its own.
pub static REDIS: LazyLock<RedisServer> = LazyLock::new(|| RedisServer::start(RedisOptions::default()));

/// Counts the environments of this process.
static ENVIRONMENTS: AtomicU32 = AtomicU32::new(0);

pub fn environment() -> String {
    format!("test{}", ENVIRONMENTS.fetch_add(1, Ordering::Relaxed))
}

pub fn on_redis(url: &str) -> Queue {
    Queue::connect(url, &environment(), &QueueSettings::default()).expect("the URL is a Redis server's")
}

pub fn bell(label: Label, priority: Priority) -> Bell {
    Bell { job: JobId::new(), label, priority }
}

pub fn bells(count: usize) -> Vec<Bell> {
    (0..count).map(|_| bell(Label::Cpu, Priority::Normal)).collect()
}

pub fn listen(queue: &Queue) -> Listener {
    queue.listen(&[Label::Cpu], &ConsumerName::fresh())
}

pub fn jobs(rung: &[Rung]) -> Vec<JobId> {
    rung.iter().map(|rung| rung.bell.job).collect()
}

/// Listens until so many bells were heard, and answers none.
pub async fn hear(listener: &mut Listener, count: usize) -> Vec<Rung> {
    let mut heard = Vec::new();
    while heard.len() < count {
        let more = listener.next(count - heard.len(), SOON).await.expect("the queue is heard");
        assert!(!more.is_empty(), "heard {} of {count} bells", heard.len());
        heard.extend(more);
    }
    heard
}

pub fn distinct(rung: &[Rung]) -> HashSet<JobId> {
    rung.iter().map(|rung| rung.bell.job).collect()
}

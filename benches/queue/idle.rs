//! What a worker with nothing to do costs.

use std::time::{Duration, Instant};

use fermiac_harness::{Folder, await_until};

use crate::processes;
use crate::servers::Servers;

/// How long it is watched.
const WATCHED: Duration = Duration::from_secs(20);
/// The kernel counts processor time in hundredths of a second, on every machine that we know of.
const TICKS_PER_SECOND: f64 = 100.0;
const DEADLINE: Duration = Duration::from_secs(30);

/// Which part of one core it takes, in percent.
pub async fn measure(servers: &mut Servers) -> f64 {
    let homes = servers.homes().await;
    let folder = Folder::new("idle");
    let worker = processes::start("worker", (servers, &homes), &folder, &[]);
    let alive = async || !homes.store.workers(DEADLINE).await.unwrap().is_empty();
    await_until("the worker is there", DEADLINE, alive).await;
    let (before, started) = (ticks(worker.id()), Instant::now());
    tokio::time::sleep(WATCHED).await;
    let used = (ticks(worker.id()) - before) as f64 / TICKS_PER_SECOND;
    homes.store.close().await;
    100.0 * used / started.elapsed().as_secs_f64()
}

/// Processor time of a process, its own and the kernel's for it.
fn ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The name, in brackets, may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

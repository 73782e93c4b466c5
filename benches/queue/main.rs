//! How fast the queue is, beside its peers, and what it costs to cut a simulation into jobs; `benches/queue/run` starts it.
//!
//! Everything is real: Postgres with every commit on its disk, Redis with its log, the store, the queue and the worker
//! that production runs. The systems take turns, and of each the best round counts, since whatever else runs on the
//! machine can only slow them down.

#![recursion_limit = "256"]
#![expect(clippy::unwrap_used, reason = "a measurement that fails is no measurement")]

mod idle;
mod jobs;
mod latency;
mod peers;
mod processes;
mod report;
mod servers;
mod split;

use std::path::PathBuf;

use clap::Parser;

use report::Report;
use servers::Servers;

/// How fast the queue is, beside its peers.
#[derive(Debug, Parser)]
struct Arguments {
    /// Jobs of one round.
    #[arg(long, default_value_t = 100_000)]
    jobs: usize,
    /// How often each system is measured.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Where the peers are installed; without it they are left out.
    #[arg(long)]
    peers: Option<PathBuf>,
    /// Only these: jobs, latency, idle, split.
    #[arg(long)]
    only: Vec<String>,
    /// Prints one JSON document instead of tables.
    #[arg(long)]
    json: bool,
    /// What `cargo bench` says to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    let wanted = |part: &str| arguments.only.is_empty() || arguments.only.iter().any(|only| only == part);
    let mut report = Report::begin(arguments.rounds);
    let mut servers = Servers::start();
    if wanted("jobs") {
        for _ in 0..arguments.rounds {
            report.add_jobs("fermiac", jobs::measure(&mut servers, arguments.jobs).await);
            for peer in arguments.peers.iter().flat_map(|folder| peers::all(folder)) {
                report.add_jobs(peer.name, peer.measure(&mut servers, arguments.jobs));
            }
        }
    }
    if wanted("latency") {
        for _ in 0..arguments.rounds {
            report.latencies.push(latency::measure(&mut servers).await);
        }
    }
    if wanted("idle") {
        report.idle = Some(idle::measure(&mut servers).await);
    }
    if wanted("split") {
        report.splits = split::measure(&mut servers, arguments.rounds).await;
    }
    if arguments.json {
        println!("{}", report.json());
    } else {
        print!("{}", report.tables());
    }
}

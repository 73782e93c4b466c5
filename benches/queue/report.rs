//! What was measured, as tables in Markdown or as one JSON document.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::jobs::Rates;
use crate::latency::Latency;
use crate::split::Split;

/// What was measured.
pub struct Report {
    rounds: usize,
    /// Jobs that waited for a processor when it began: what else ran on the machine.
    load: f64,
    jobs: Vec<(&'static str, Vec<Rates>)>,
    /// One of each round.
    pub latencies: Vec<Latency>,
    /// In percent of a core.
    pub idle: Option<f64>,
    /// One of each round.
    pub splits: Vec<Split>,
}

impl Report {
    /// Nothing yet.
    pub fn begin(rounds: usize) -> Report {
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(f64::NAN);
        Report { rounds, load, jobs: Vec::new(), latencies: Vec::new(), idle: None, splits: Vec::new() }
    }

    /// One more round of a system.
    pub fn add_jobs(&mut self, system: &'static str, rates: Rates) {
        eprintln!("{system}: {:.0} submitted/s, {:.0} drained/s", rates.submit, rates.drain);
        match self.jobs.iter_mut().find(|(known, _)| *known == system) {
            Some((_, rounds)) => rounds.push(rates),
            None => self.jobs.push((system, vec![rates])),
        }
    }

    /// The rounds of every system, and their best.
    pub fn json(&self) -> Value {
        let rates = |rates: &Rates| json!({ "submit_per_s": rates.submit, "drain_per_s": rates.drain });
        let jobs = self.jobs.iter().map(|(system, rounds)| {
            let all: Vec<Value> = rounds.iter().map(rates).collect();
            json!({ "system": system, "best": rates(&best(rounds)), "rounds": all })
        });
        let latency = |one: &Latency| json!({ "p50_ms": one.p50, "p99_ms": one.p99, "max_ms": one.max });
        let split = |one: &Split| json!({ "model": one.model, "run_s": one.run, "fleet_s": one.fleet, "ratio": one.ratio() });
        json!({
            "load": self.load,
            "jobs": jobs.collect::<Vec<Value>>(),
            "submit_to_start": self.latencies.iter().map(latency).collect::<Vec<Value>>(),
            "idle_worker_percent_of_a_core": self.idle,
            "split": self.splits.iter().map(split).collect::<Vec<Value>>(),
        })
    }

    /// The same for people, less the rounds that were not the best.
    pub fn tables(&self) -> String {
        let mut text =
            format!("Best of {} rounds, systems taking turns; load before: {:.1}.\n", self.rounds, self.load);
        self.write(&mut text).expect("a text can always be written to");
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        if let Some((_, ours)) = self.jobs.first() {
            let ours = best(ours);
            writeln!(
                text,
                "\n| no-op jobs of 200 bytes | submit/s | drain/s | our submit / theirs | our drain / theirs |"
            )?;
            writeln!(text, "|---|---|---|---|---|")?;
            for (system, rounds) in &self.jobs {
                let Rates { submit, drain } = best(rounds);
                let (submits, drains) = (ours.submit / submit, ours.drain / drain);
                writeln!(text, "| {system} | {submit:.0} | {drain:.0} | {submits:.2} | {drains:.2} |")?;
            }
        }
        if let Some(Latency { p50, p99, max }) = self.latencies.iter().min_by(|a, b| a.p99.total_cmp(&b.p99))
        {
            writeln!(text, "\n| submit to start, 100 jobs/s | ms |\n|---|---|")?;
            writeln!(text, "| p50 | {p50:.2} |\n| p99 | {p99:.2} |\n| max | {max:.2} |")?;
        }
        if let Some(idle) = self.idle {
            writeln!(text, "\nA worker with nothing to do takes {idle:.2} % of a core.")?;
        }
        if !self.splits.is_empty() {
            let head = "`fermiac run --threads 2`, s | api and 2 workers of 1 thread, s | ratio";
            writeln!(text, "\n| 10,000,000 trials | {head} |\n|---|---|---|---|")?;
        }
        for rounds in self.splits.chunk_by(|a, b| a.model == b.model) {
            let least = |seconds: fn(&Split) -> f64| rounds.iter().map(seconds).fold(f64::INFINITY, f64::min);
            let (run, fleet) = (least(|split| split.run), least(|split| split.fleet));
            writeln!(text, "| {} | {run:.3} | {fleet:.3} | {:.2} |", rounds[0].model, fleet / run)?;
        }
        Ok(())
    }
}

fn best(rounds: &[Rates]) -> Rates {
    let most = |rate: fn(&Rates) -> f64| rounds.iter().map(rate).fold(0.0, f64::max);
    Rates { submit: most(|rates| rates.submit), drain: most(|rates| rates.drain) }
}

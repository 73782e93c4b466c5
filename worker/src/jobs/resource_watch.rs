//! How full the memory and the disks of this worker's machine are.

use std::path::Path;

use fermiac_fleet::delivery::{Delivery, Produced};
use fermiac_fleet::telemetry::metrics::{DISK_USED_RATIO, MEMORY_USED_RATIO};
use serde::{Deserialize, Serialize};

use super::failure::JobError;
use super::{on_own_threads, payload};

const MEMORY_OF_MACHINE: &str = "/proc/meminfo";
const MEMORY_OF_CONTAINER: &str = "/sys/fs/cgroup";
/// What is fuller than this is worth a warning, unless the job says otherwise.
const ALERT_PERCENT: f64 = 80.0;

/// What is wanted of a look.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResourceWatchArguments {
    /// What is as full as this or fuller is warned of.
    pub alert_percent: f64,
    /// A path on each disk.
    pub disks: Vec<String>,
}

impl Default for ResourceWatchArguments {
    fn default() -> ResourceWatchArguments {
        let temporary = std::env::temp_dir().display().to_string();
        ResourceWatchArguments { alert_percent: ALERT_PERCENT, disks: vec![".".to_owned(), temporary] }
    }
}

/// What a look found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Resources {
    /// The part of the memory that is used, of the machine or of the container, whichever is nearer its end.
    pub memory_used: f64,
    /// Of each disk.
    pub disks: Vec<Disk>,
    /// What is as full as the alert or fuller.
    pub alerts: Vec<String>,
}

/// A disk.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Disk {
    /// Some path on it.
    pub path: String,
    /// The part of it that is used, of what the program may use.
    pub used: f64,
}

/// Looks, shows what it found as figures, and warns of what is too full.
pub async fn resource_watch(delivery: &Delivery) -> Result<Produced, JobError> {
    let arguments: ResourceWatchArguments = payload(delivery)?;
    let alert_percent = arguments.alert_percent;
    // A disk that hangs must not hold up the worker.
    let resources = on_own_threads(move || look(&arguments).map_err(JobError::permanent)).await?;
    metrics::gauge!(MEMORY_USED_RATIO).set(resources.memory_used);
    for disk in &resources.disks {
        metrics::gauge!(DISK_USED_RATIO, "path" => disk.path.clone()).set(disk.used);
    }
    for alert in &resources.alerts {
        tracing::warn!(alert_percent, "{alert}");
    }
    let result = serde_json::to_vec(&resources).map_err(JobError::permanent)?;
    Ok(Produced { result: Some(result), ..Produced::default() })
}

fn look(arguments: &ResourceWatchArguments) -> Result<Resources, String> {
    let text = read(Path::new(MEMORY_OF_MACHINE))?;
    let of_machine = memory_of_machine(&text).ok_or(format!("{MEMORY_OF_MACHINE} says nothing of memory"))?;
    let of_container = memory_of_container(Path::new(MEMORY_OF_CONTAINER)).unwrap_or(0.0);
    let memory_used = of_machine.max(of_container);
    let disks: Vec<Disk> = arguments.disks.iter().map(|path| disk(path)).collect::<Result<_, _>>()?;
    let limit = arguments.alert_percent / 100.0;
    let memory = (memory_used >= limit).then(|| format!("{} of the memory is used", percent(memory_used)));
    let full = disks.iter().filter(|disk| disk.used >= limit);
    let full = full.map(|disk| format!("{} of the disk of {} is used", percent(disk.used), disk.path));
    let alerts = memory.into_iter().chain(full).collect();
    Ok(Resources { memory_used, disks, alerts })
}

fn percent(ratio: f64) -> String {
    format!("{:.1} %", ratio * 100.0)
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// As the kernel's own estimate of what is available has it.
fn memory_of_machine(meminfo: &str) -> Option<f64> {
    let (total, available) = (entry(meminfo, "MemTotal:")?, entry(meminfo, "MemAvailable:")?);
    (total > 0.0).then(|| 1.0 - available / total)
}

/// Of a control group with a limit, as Kubernetes counts it: less the files that it could let go of.
fn memory_of_container(group: &Path) -> Option<f64> {
    let limit: f64 = read(&group.join("memory.max")).ok()?.trim().parse().ok()?;
    let current: f64 = read(&group.join("memory.current")).ok()?.trim().parse().ok()?;
    let idle_files = entry(&read(&group.join("memory.stat")).ok()?, "inactive_file")?;
    (limit > 0.0).then(|| (current - idle_files).max(0.0) / limit)
}

fn entry(text: &str, key: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.split_whitespace().next() == Some(key))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// What is kept back for root counts as used, as `df` counts it.
fn disk(path: &str) -> Result<Disk, String> {
    let disk = rustix::fs::statvfs(path).map_err(|error| format!("the disk of {path}: {error}"))?;
    let used = (disk.f_blocks - disk.f_bfree) as f64;
    let usable = used + disk.f_bavail as f64;
    Ok(Disk { path: path.to_owned(), used: if usable > 0.0 { used / usable } else { 0.0 } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_memory_is_what_the_kernel_says() {
        let meminfo = "MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    250 kB\n";
        assert_eq!(memory_of_machine(meminfo), Some(0.75));
        assert_eq!(memory_of_machine("MemTotal: 1000 kB\n"), None);
    }

    #[test]
    fn a_container_is_measured_by_its_limit_and_one_without_is_not() {
        let group = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(group.path().join(name), text).unwrap();
        write("memory.max", "1000\n");
        write("memory.current", "900\n");
        write("memory.stat", "anon 500\ninactive_file 200\n");
        assert_eq!(memory_of_container(group.path()), Some(0.7));
        write("memory.max", "max\n");
        assert_eq!(memory_of_container(group.path()), None);
    }

    #[test]
    fn what_is_as_full_as_the_alert_is_named() {
        let of = |alert_percent| {
            let arguments = ResourceWatchArguments { alert_percent, ..Default::default() };
            look(&arguments).unwrap()
        };
        let all = of(0.0);
        assert_eq!(all.alerts.len(), 3);
        assert!(all.alerts[0].ends_with(" % of the memory is used"), "{:?}", all.alerts);
        assert!((0.0..=1.0).contains(&all.memory_used));
        assert!(all.disks.iter().all(|disk| (0.0..=1.0).contains(&disk.used)));
        assert_eq!(of(100.1).alerts, [""; 0]);
    }

    #[test]
    fn a_path_that_is_not_there_is_named() {
        let arguments =
            ResourceWatchArguments { disks: vec!["/no/such/path".to_owned()], ..Default::default() };
        assert!(look(&arguments).unwrap_err().contains("/no/such/path"));
    }
}

//! Whether the machine has room.

use std::path::Path;

/// Uploads need room where they are spooled: a disk with less than this part free is full.
const DISK_FREE: f64 = 0.05;
/// With less than this part of the memory free the system is about to end processes.
const MEMORY_FREE: f64 = 0.05;

/// Whether there is room. Where the system does not tell there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// On the disk that uploads pass over.
    pub disk_space: bool,
    /// In memory.
    pub memory_usage: bool,
}

/// Looks at the machine, off the runtime's threads: a disk may hang.
pub async fn look() -> Machine {
    let looking = tokio::task::spawn_blocking(|| Machine {
        disk_space: disk_free(&std::env::temp_dir()).is_none_or(|free| free >= DISK_FREE),
        memory_usage: memory_free().is_none_or(|free| free >= MEMORY_FREE),
    });
    let looked = tokio::time::timeout(super::answers::HEALTH_WITHIN, looking).await;
    looked.ok().and_then(Result::ok).unwrap_or(Machine { disk_space: false, memory_usage: true })
}

fn disk_free(path: &Path) -> Option<f64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    (disk.f_blocks > 0).then(|| disk.f_bavail as f64 / disk.f_blocks as f64)
}

/// Of the container if it has a bound, else of the machine.
fn memory_free() -> Option<f64> {
    container_memory_free().or_else(|| {
        let text = std::fs::read_to_string("/proc/meminfo").ok()?;
        Some(meminfo(&text, "MemAvailable:")? / meminfo(&text, "MemTotal:")?)
    })
}

fn container_memory_free() -> Option<f64> {
    let read = |name: &str| std::fs::read_to_string(Path::new("/sys/fs/cgroup").join(name)).ok();
    let most: f64 = read("memory.max")?.trim().parse().ok()?;
    let used: f64 = read("memory.current")?.trim().parse().ok()?;
    // Pages of files count as used and are given back when they are wanted.
    let cached: f64 =
        read("memory.stat")?.lines().find_map(|line| line.strip_prefix("file "))?.parse().ok()?;
    (most > 0.0).then(|| 1.0 - (used - cached).max(0.0) / most)
}

fn meminfo(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

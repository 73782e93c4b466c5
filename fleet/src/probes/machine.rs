//! Whether the machine has room.

use std::path::Path;

/// Uploads need room where they are spooled: a disk with less than this part free is full ...
const DISK_FREE: f64 = 0.05;
/// ... unless so many bytes are: room for several of the largest uploads at a time.
const DISK_ROOM: u64 = 4 << 30;
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
        disk_space: rustix::fs::statvfs(std::env::temp_dir())
            .ok()
            .is_none_or(|disk| has_room(disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize)),
        memory_usage: memory_free().is_none_or(|free| free >= MEMORY_FREE),
    });
    let looked = tokio::time::timeout(super::answers::HEALTH_WITHIN, looking).await;
    looked.ok().and_then(Result::ok).unwrap_or(Machine { disk_space: false, memory_usage: true })
}

/// Of a disk with so many bytes, of which so many are free.
fn has_room(free: u64, all: u64) -> bool {
    free >= DISK_ROOM || free as f64 >= all as f64 * DISK_FREE
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_full_when_little_is_left_and_that_is_few_bytes() {
        const GIB: u64 = 1 << 30;
        assert!(!has_room(GIB, 100 * GIB));
        assert!(has_room(GIB, 10 * GIB));
        assert!(has_room(5 * GIB, 1000 * GIB));
    }
}

//! The program in a process of its own, held to a bound on memory, with a deadline.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What no file may make the program use, in kilobytes.
const MEMORY_KB: u64 = 300 << 10;
/// Far beyond what any file may take: it is there so that a test ends.
const DEADLINE: Duration = Duration::from_secs(60);
/// How often the process is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// How the program ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code.
    pub code: Option<i32>,
    /// What it printed on standard output.
    pub stdout: String,
    /// What it printed on standard error.
    pub stderr: String,
}

/// Runs `fermiac` with `arguments`; its output goes to files in `folder`, so that no pipe fills up. Prints what it
/// took, and panics where that is too much memory.
pub fn fermiac(case: &str, folder: &Path, arguments: &[&str]) -> Ended {
    let (stdout, stderr) = (folder.join("stdout"), folder.join("stderr"));
    let file = |path: &Path| Stdio::from(File::create(path).expect("the folder is ours"));
    let started = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_fermiac"))
        .args(arguments)
        .stdout(file(&stdout))
        .stderr(file(&stderr))
        .spawn()
        .expect("the binary was built for this test");
    let mut used = Used::default();
    let status = loop {
        used.look(child.id());
        if let Some(status) = child.try_wait().expect("it is our child") {
            break status;
        }
        if used.memory_kb > MEMORY_KB || started.elapsed() > DEADLINE {
            // It may have ended meanwhile, which is as good.
            let _ = child.kill();
            let _ = child.wait();
            panic!("{case}: {} MB after {} ms", used.memory_kb >> 10, used.cpu_ms);
        }
        std::thread::sleep(LOOK_EVERY);
    };
    assert!(used.memory_kb <= MEMORY_KB, "{case}: {} MB", used.memory_kb >> 10);
    let text = |path: &Path| fs::read_to_string(path).expect("the program prints UTF-8");
    let ended = Ended { code: status.code(), stdout: text(&stdout), stderr: text(&stderr) };
    let code = ended.code.map_or("killed".to_owned(), |code| code.to_string());
    println!("| {case} | {code} | {} ms | {} MB |", used.cpu_ms, used.memory_kb >> 10);
    ended
}

/// What a process used so far, as Linux tells; nothing elsewhere.
#[derive(Debug, Default)]
struct Used {
    memory_kb: u64,
    cpu_ms: u64,
}

impl Used {
    fn look(&mut self, id: u32) {
        let read = |name: &str| fs::read_to_string(format!("/proc/{id}/{name}")).unwrap_or_default();
        // The high-water mark: what was used between two looks counts too.
        let status = read("status");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        self.memory_kb = self.memory_kb.max(peak.and_then(|peak| peak.parse().ok()).unwrap_or(0));
        // Behind the name in parentheses; user and system time are the 12th and 13th, in hundredths of a second.
        let stat = read("stat");
        let fields: Vec<u64> = stat
            .rsplit_once(") ")
            .map(|(_, fields)| fields.split(' ').map(|field| field.parse().unwrap_or(0)).collect())
            .unwrap_or_default();
        if let [user, system] = fields.get(11..13).unwrap_or_default() {
            self.cpu_ms = self.cpu_ms.max((user + system) * 10);
        }
    }
}

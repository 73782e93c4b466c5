//! How far a run is: a bar on standard error, for people only.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fermiac_kernels::simulation::Observer;
use indicatif::{ProgressBar, ProgressStyle};

use crate::failure::Failure;

/// A bar, or nothing where nobody looks.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    cancelled: Arc<AtomicBool>,
}

impl Progress {
    /// A bar over `trials`, hidden where standard error is no terminal or JSON is wanted. The run ends early
    /// once `cancelled` is raised.
    pub fn start(trials: u64, json: bool, cancelled: Arc<AtomicBool>) -> Progress {
        if json || !std::io::stderr().is_terminal() {
            return Progress { bar: ProgressBar::hidden(), cancelled };
        }
        let style =
            ProgressStyle::with_template("{bar:40} {percent:>3} %  {human_pos} of {human_len} trials  {eta}")
                .expect("the template is constant and names known keys")
                .progress_chars("█▉▊▋▌▍▎▏ ");
        let bar = ProgressBar::new(trials).with_style(style);
        bar.enable_steady_tick(Duration::from_millis(100));
        Progress { bar, cancelled }
    }

    /// Takes the bar away, so that the result stands alone.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Progress {
    fn progress(&self, trials_done: u64) {
        self.bar.set_position(trials_done);
    }

    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// A flag that Ctrl-C raises. A second Ctrl-C ends the process at once.
pub fn cancelled_by_interrupt() -> Result<Arc<AtomicBool>, Failure> {
    let cancelled = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&cancelled);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(1);
        }
    })
    .map_err(|error| Failure::Failed(format!("cannot listen for Ctrl-C: {error}")))?;
    Ok(cancelled)
}

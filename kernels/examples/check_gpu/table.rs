//! The one table, in Markdown.

use fermiac_kernels::engine::cuda::OpenGpu;

/// A table that is being printed.
pub struct Table {
    /// Every figure says so.
    pub is_stand_in: bool,
}

impl Table {
    /// Prints the head, and what is measured.
    pub fn begin(gpu: &OpenGpu, is_stand_in: bool) -> Table {
        let table = Table { is_stand_in };
        println!("| what | result |\n|---|---|");
        let device = gpu.gpu();
        let about = format!(
            "{}, compute capability {}, {} multiprocessors, {} MiB",
            device.name,
            device.compute_capability,
            device.multiprocessors,
            device.memory_bytes >> 20
        );
        table.row("device", &about);
        table.row("opened, the kernels loaded", &format!("{:.3} s", gpu.usage().load_time.as_secs_f64()));
        table
    }

    /// Prints a row.
    pub fn row(&self, what: &str, result: &str) {
        let note = if self.is_stand_in { " (not of a GPU)" } else { "" };
        println!("| {what} | {result}{note} |");
    }
}

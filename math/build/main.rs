//! Makes the rows of the standard normal quantile, which a run would take 0.65 ms to.

#[path = "../src/double.rs"]
#[expect(dead_code, reason = "the library needs more of it")]
mod double;
mod series;
#[path = "../src/quantile_rows/shape.rs"]
mod shape;

use std::fmt::Write;
use std::path::Path;
use std::{env, fs, io};

use crate::shape::{ROOM, ROW_TERMS};

fn main() -> io::Result<()> {
    for source in ["build", "src/double.rs", "src/quantile_rows/shape.rs"] {
        println!("cargo::rerun-if-changed={source}");
    }
    let mut rows = series::rows();
    rows.resize(ROOM, [0.0; ROW_TERMS]);
    let mut table = String::from("[\n");
    for row in rows {
        // By bits, so that no digit is lost on the way.
        let terms = row.map(|term| format!("f64::from_bits({:#x})", term.to_bits()));
        writeln!(table, "QuantileRow([{}]),", terms.join(", ")).map_err(io::Error::other)?;
    }
    table.push(']');
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&out).join("quantile_rows.rs"), table)
}

//! Reads values and formulas of every sheet and prints {"seconds", "cells", "formulas"}.
#![forbid(unsafe_code)]

use std::time::Instant;

use calamine::{Reader, Xlsx, open_workbook};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: load-with-calamine WORKBOOK")?;
    let start = Instant::now();
    let mut workbook: Xlsx<_> = open_workbook(path)?;
    let (mut cells, mut formulas) = (0, 0);
    for sheet in workbook.sheet_names() {
        cells += workbook.worksheet_range(&sheet)?.used_cells().count();
        formulas += workbook.worksheet_formula(&sheet)?.used_cells().count();
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{{\"seconds\": {seconds}, \"cells\": {cells}, \"formulas\": {formulas}}}");
    Ok(())
}

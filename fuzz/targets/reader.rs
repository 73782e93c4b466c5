//! Arbitrary bytes as a workbook.
#![no_main]

use std::io::Cursor;

use fermiac_fuzz::use_workbook;
use fermiac_model::workbook::read;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(workbook) = read(Cursor::new(bytes)) {
        use_workbook(workbook);
    }
});

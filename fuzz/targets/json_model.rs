//! Arbitrary bytes as a JSON model.
#![no_main]

use fermiac_fuzz::simulate;
use fermiac_model::json_model::read;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok((mut workbook, selection)) = read(bytes) {
        simulate(&mut workbook, &selection);
    }
});

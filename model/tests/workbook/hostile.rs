//! Files made to exhaust or mislead the reader.

use std::io::Cursor;

use fermiac_model::workbook::read;

use crate::package::{Package, archive, cell};

/// The bytes of a small sound workbook.
fn sound() -> Vec<u8> {
    Package::with_rows("<row><c><v>1</v></c></row>").bytes()
}

/// Every place where `pattern` stands in `bytes`.
fn places(bytes: &[u8], pattern: &[u8]) -> Vec<usize> {
    let windows = bytes.windows(pattern.len());
    windows.enumerate().filter(|(_, window)| *window == pattern).map(|(at, _)| at).collect()
}

fn refusal_of(bytes: Vec<u8>) -> String {
    read(Cursor::new(bytes)).expect_err("the reader refuses this").to_string()
}

#[test]
fn a_deflate_bomb_is_refused() {
    let blanks = " ".repeat(64 << 20);
    let refusal = Package::empty().sheet("Model", &format!("<sheetData>{blanks}</sheetData>")).refusal();
    assert!(refusal.contains("looks like an attack"), "{refusal}");
    let refusal = Package::empty().sheet("Model", &"<drawing/>".repeat(4 << 20)).refusal();
    assert!(refusal.contains("inflates to more than"), "{refusal}");
}

#[test]
fn lying_counts_of_strings_change_nothing() {
    for count in ["10000000000", "1000000000000000000", "-1", "x"] {
        let strings = format!("<sst count=\"{count}\" uniqueCount=\"{count}\"><si><t>a</t></si></sst>");
        let workbook = Package::with_rows("<row><c t=\"s\"><v>0</v></c></row>")
            .strings("")
            .part("xl/sharedStrings.xml", &strings)
            .read();
        assert_eq!(workbook.unwrap().texts.len(), 1);
    }
}

#[test]
fn a_lone_cell_in_the_last_corner_costs_one_cell() {
    let workbook =
        Package::with_rows("<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>").read().unwrap();
    assert_eq!(workbook.sheets[0].cells.len(), 1);
    cell(&workbook.sheets[0], "XFD1048576");
}

#[test]
fn deep_nesting_is_refused() {
    for depth in [65, 100_000] {
        let inside = "<a>".repeat(depth) + &"</a>".repeat(depth);
        let refusal = Package::empty().sheet("Model", &inside).refusal();
        assert!(refusal.contains("nested more than 64 deep"), "{refusal}");
    }
}

#[test]
fn document_type_definitions_are_refused() {
    let laughs = r#"<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><worksheet>&b;</worksheet>"#;
    let refusal = Package::empty().sheet_of_kind("Model", "worksheet", laughs).refusal();
    assert!(refusal.contains("document type definition"), "{refusal}");
}

#[test]
fn a_huge_token_is_refused() {
    // Random enough not to be refused for its ratio, and long enough to need several chunks.
    let mut noise = String::new();
    let mut state = 1u32;
    for _ in 0..3 << 20 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.push(char::from(b'a' + (state >> 24) as u8 % 26));
    }
    for inside in [
        format!("<sheetData a=\"{noise}\"/>"),
        format!("<sheetData><row><c t=\"str\"><v>{noise}</v></c></row></sheetData>"),
        format!("<!--{noise}-->"),
        format!("<{noise}/>"),
    ] {
        let refusal = Package::empty().sheet("Model", &inside).refusal();
        assert!(
            refusal.contains("a single tag or text in xl/worksheets/sheet1.xml is too long"),
            "{refusal}"
        );
    }
    let pieces = "<![CDATA[aaaaaaaaaaaaaaaa]]>&amp;".repeat(20_000);
    let refusal = Package::with_rows(&format!("<row><c t=\"str\"><v>{pieces}</v></c></row>")).refusal();
    assert!(refusal.contains("bytes in one text"), "{refusal}");
}

#[test]
fn a_tag_with_many_attributes_is_read_in_linear_time() {
    let attributes: String = (0..50_000).map(|number| format!(" a{number}=\"\"")).collect();
    let workbook =
        Package::with_rows(&format!("<row{attributes}><c{attributes}><v>1</v></c></row>")).read().unwrap();
    assert_eq!(workbook.sheets[0].cells.len(), 1);
}

#[test]
fn a_million_rows_without_cells_cost_nothing() {
    let rows: String = (1..=1_000_000).map(|row| format!("<row r=\"{row}\"/>")).collect();
    let workbook = Package::with_rows(&rows).read().unwrap();
    assert!(workbook.sheets[0].cells.is_empty());
}

#[test]
fn rows_that_come_again_and_again_are_refused() {
    let rows = "<row r=\"7\"/>".repeat(1_048_577);
    assert!(Package::with_rows(&rows).refusal().contains("more rows than a sheet has"));
}

#[test]
fn array_formulas_cannot_fill_more_cells_than_a_workbook_may_have() {
    let rows = "<row r=\"1\"><c r=\"A1\"><f t=\"array\" ref=\"A1:XFD1048576\">1</f><v>1</v></c></row>";
    let refusal = Package::with_rows(rows).refusal();
    assert!(refusal.contains("more than 1000000 cells"), "{refusal}");
}

#[test]
fn names_that_leave_the_package_are_refused() {
    for name in ["../evil.xml", "xl/../../evil.xml", "/etc/passwd", "c:/evil.xml", "xl\\..\\evil.xml"] {
        let refusal = refusal_of(archive([(name, b"<x/>".as_slice())].into_iter()));
        assert!(refusal.contains("an entry of its archive is called"), "{name}: {refusal}");
    }
}

#[test]
fn two_entries_of_one_name_are_refused() {
    let refusal =
        refusal_of(archive([("xl/a.xml", b"".as_slice()), ("XL/A.xml", b"".as_slice())].into_iter()));
    assert!(refusal.contains("the same name"), "{refusal}");
    let mut bytes = archive([("xl/a.xml", b"".as_slice()), ("xl/b.xml", b"".as_slice())].into_iter());
    for at in places(&bytes, b"xl/b.xml") {
        bytes[at + 3] = b'a';
    }
    assert!(refusal_of(bytes).contains("the same name"));
}

#[test]
fn entries_that_share_bytes_are_refused() {
    let mut bytes = sound();
    let headers = places(&bytes, b"PK\x01\x02");
    // The second entry's directory record is pointed at the first entry's data.
    let (first, second) = (headers[0] + 42, headers[1] + 42);
    bytes.copy_within(first..first + 4, second);
    let refusal = refusal_of(bytes);
    assert!(refusal.contains("overlap"), "{refusal}");
}

#[test]
fn encrypted_entries_are_refused() {
    let mut bytes = sound();
    for at in places(&bytes, b"PK\x01\x02") {
        bytes[at + 8] |= 1;
    }
    let refusal = refusal_of(bytes);
    assert!(refusal.contains("is encrypted"), "{refusal}");
}

#[test]
fn other_packings_are_refused() {
    let mut bytes = sound();
    for at in places(&bytes, b"PK\x01\x02") {
        bytes[at + 10] = 12;
    }
    let refusal = refusal_of(bytes);
    assert!(refusal.contains("packed in a way that no workbook uses"), "{refusal}");
}

#[test]
fn altered_bytes_are_found_out() {
    let mut bytes = sound();
    for at in places(&bytes, b"PK\x01\x02") {
        bytes[at + 16] ^= 1;
    }
    let refusal = refusal_of(bytes);
    assert!(refusal.contains("cannot be read"), "{refusal}");
}

#[test]
fn an_archive_of_too_many_entries_is_refused() {
    let names: Vec<String> = (0..10_001).map(|number| format!("{number}")).collect();
    let refusal = refusal_of(archive(names.iter().map(|name| (name.as_str(), b"".as_slice()))));
    assert!(refusal.contains("more than 10000 entries"), "{refusal}");
}

//! What is wrong with the file, its archive or its XML.

use std::path::Path;

use zip::CompressionMethod;

use crate::child::fermiac;
use crate::package::{Model, Parts, archive, links};

const CELL: &str = "<row><c><v>1</v></c><c><f>A1*2</f><v>2</v></c></row>";
const A1: [&str; 4] = ["--input", "S!A1=normal(1,1)", "--output", "S!B1"];

fn sound() -> Vec<u8> {
    Parts::with_rows(CELL).bytes()
}

/// Every place where `pattern` stands in `bytes`.
fn places(bytes: &[u8], pattern: &[u8]) -> Vec<usize> {
    let windows = bytes.windows(pattern.len());
    windows.enumerate().filter(|(_, window)| *window == pattern).map(|(at, _)| at).collect()
}

#[test]
fn a_sound_file_is_taken() {
    let mean = Model::new("model.xlsx", &sound()).mean("sound", &A1);
    assert!((mean - 2.0).abs() < 1.0, "{mean}");
}

#[test]
fn a_zip_bomb_is_refused() {
    let blanks = Parts { deflated: true, ..Parts::with_rows(&" ".repeat(256 << 20)) };
    blanks.model().is_refused("256 MB of blanks", &A1, &["sheet1.xml", "looks like an attack"]);
    let elements = Parts { deflated: true, sheet: "<drawing/>".repeat(20 << 20), ..Parts::default() };
    elements.model().is_refused("20 million elements", &A1, &["sheet1.xml", "inflates to more than"]);
}

#[test]
fn too_much_that_is_no_bomb_is_refused() {
    let row = format!("<row>{}</row>", "<c><v>1</v></c>".repeat(100));
    Parts::with_rows(&row.repeat(11_000)).model().is_refused("1.1 million cells", &A1, &["1000000 cells"]);
    let rows = "<row/>".repeat(1_048_577);
    Parts::with_rows(&rows).model().is_refused("too many rows", &A1, &["more rows than a sheet has"]);
}

#[test]
fn counts_that_lie_change_nothing() {
    let rows = "<row><c t=\"s\"><v>0</v></c><c><f>C1</f></c><c><v>1</v></c></row>";
    for count in ["10000000000", "1000000000000000000", "-1"] {
        let strings = format!("<sst count=\"{count}\" uniqueCount=\"{count}\"><si><t>a</t></si></sst>");
        let model = Parts::with_rows(rows).part("xl/sharedStrings.xml", strings).model();
        let mean =
            model.mean(&format!("uniqueCount={count}"), &["--input", "S!C1=constant(3)", "--output", "S!B1"]);
        assert_eq!(mean, 3.0);
    }
}

#[test]
fn more_strings_than_allowed_are_refused() {
    let strings: String = (0..1_000_001).map(|number| format!("<si><t>{number}</t></si>")).collect();
    let model = Parts::with_rows(CELL).part("xl/sharedStrings.xml", format!("<sst>{strings}</sst>")).model();
    model.is_refused("1,000,001 strings", &A1, &["sharedStrings.xml", "1000000"]);
    let model = Parts::with_rows("<row><c t=\"s\"><v>10000000000</v></c></row>").model();
    model.is_refused("string 1e10 of none", &A1, &["A1"]);
}

#[test]
fn a_lone_cell_in_the_last_corner_is_cheap() {
    let rows = "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>\
        <row r=\"1048576\"><c r=\"XFD1048576\"><f>SUM(A:XFC)+COUNT(1:1048575)</f></c></row>";
    let selection = ["--input", "S!A1=constant(5)", "--output", "S!XFD1048576"];
    assert_eq!(Parts::with_rows(rows).model().mean("a lone cell in XFD1048576", &selection), 6.0);
}

#[test]
fn xml_that_nests_deeply_is_refused() {
    let deep = "<a>".repeat(1_000_000) + &"</a>".repeat(1_000_000);
    let model = Parts { sheet: deep, ..Parts::default() }.model();
    model.is_refused("a million nested elements", &A1, &["sheet1.xml", "nested more than 64 deep"]);
}

#[test]
fn entity_bombs_are_refused() {
    let laughs = "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><worksheet>&b;</worksheet>";
    let model = Parts::default().part("xl/worksheets/sheet1.xml", laughs).model();
    model.is_refused("entity bomb", &A1, &["sheet1.xml", "document type definition"]);
}

#[test]
fn archives_that_are_not_sound_are_refused() {
    let mut overlapping = sound();
    let headers = places(&overlapping, b"PK\x01\x02");
    // The second entry's directory record is pointed at the first entry's data.
    overlapping.copy_within(headers[0] + 42..headers[0] + 46, headers[1] + 42);
    Model::new("a.xlsx", &overlapping).is_refused("overlapping entries", &A1, &["overlap"]);

    let mut encrypted = sound();
    for at in places(&encrypted, b"PK\x01\x02") {
        encrypted[at + 8] |= 1;
    }
    Model::new("a.xlsx", &encrypted).is_refused("encrypted entries", &A1, &["encrypted"]);

    let mut lying = sound();
    for at in places(&lying, b"PK\x01\x02") {
        lying[at + 20..at + 28].fill(0xFE);
    }
    Model::new("a.xlsx", &lying).is_refused("entries of 4 GB", &A1, &["a.xlsx"]);

    let names: Vec<String> = (0..60_000).map(|number| format!("{number}")).collect();
    let many = archive(names.iter().map(|name| (name.as_str(), b"".as_slice())), CompressionMethod::Stored);
    Model::new("a.xlsx", &many).is_refused("60,000 entries", &A1, &["more than 10000 entries"]);
}

#[test]
fn what_is_no_workbook_is_refused_in_words() {
    let compound = [b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".as_slice(), &[0; 4096]].concat();
    let ods = archive(
        [
            ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet".as_slice()),
            ("content.xml", b"<x/>"),
        ]
        .into_iter(),
        CompressionMethod::Stored,
    );
    let xlsb = Parts::with_rows(CELL)
        .part("_rels/.rels", links(&[("officeDocument", "xl/workbook.bin")]))
        .part("xl/workbook.bin", "x")
        .bytes();
    for (case, bytes, word) in [
        ("an empty file", b"".as_slice(), "empty"),
        (".xls or an encrypted workbook", &compound, ".xlsx"),
        (".ods", &ods, "OpenDocument"),
        (".xlsb", &xlsb, ".xlsb"),
        ("a text", b"a,b\n1,2\n", "not a workbook"),
        ("zeros", &[0; 100_000], "not a workbook"),
    ] {
        Model::new("model.xlsx", bytes).is_refused(case, &A1, &["model.xlsx", word]);
    }
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let bytes = sound();
    for part in 1..16 {
        let model = Model::new("cut.xlsx", &bytes[..bytes.len() * part / 16]);
        model.is_refused("a file cut off", &A1, &["cut.xlsx"]);
    }
}

#[test]
fn what_is_no_file_is_refused() {
    let model = Model::new("model.xlsx", b"");
    let folder = std::env::temp_dir();
    for (path, word) in [(folder.as_path(), "is a folder"), (Path::new("/nowhere/m.xlsx"), "no such file")] {
        let path = path.to_str().expect("paths of tests are UTF-8");
        let ended = fermiac(word, model.folder(), &["run", path]);
        assert_eq!(ended.code, Some(2), "{path}");
        assert!(ended.stderr.contains(word), "{path}: {}", ended.stderr);
    }
}

//! What is no readable workbook is refused in words that name what, where and what to do.

use std::io::Cursor;

use fermiac_model::workbook::{Limits, ReadError, read, read_within};

use crate::package::{Package, archive, relationship, relationships};

fn refusal_of(bytes: &[u8]) -> String {
    read(Cursor::new(bytes)).expect_err("the reader refuses this").to_string()
}

#[test]
fn other_kinds_of_files_are_named() {
    let compound = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    let mut old = compound.to_vec();
    old.resize(4_096, 0);
    let mut encrypted = old.clone();
    encrypted.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    let entries = |name: &'static str| archive([(name, b"<x/>".as_slice())].into_iter());
    for (bytes, words) in [
        (old, "old .xls format"),
        (encrypted, "encrypted with a password"),
        (b"a,b\n1,2\n".to_vec(), "plain text (perhaps .csv)"),
        (b"<html>".to_vec(), "XML or HTML"),
        (b"{}".to_vec(), "JSON"),
        (b"\x89PNG\r\n\x1a\n\0\0".to_vec(), "not a workbook"),
        (Vec::new(), "the file is empty"),
        (entries("xl/workbook.bin"), ".xlsb"),
        (entries("content.xml"), ".ods"),
        (entries("word/document.xml"), ".docx"),
        (entries("ppt/presentation.xml"), ".pptx"),
        (entries("readme.txt"), "archive without a workbook"),
        (b"PK\x03\x04 and nothing more".to_vec(), "cut off"),
    ] {
        let refusal = refusal_of(&bytes);
        assert!(refusal.contains(words), "{refusal:?} does not say {words:?}");
    }
}

#[test]
fn broken_cells_are_named() {
    for (rows, words) in [
        ("<row><c r=\"XFE1\"><v>1</v></c></row>", "\"XFE1\" is not a cell"),
        ("<row r=\"1048577\"/>", "\"1048577\" is not a row"),
        ("<row r=\"1048576\"/><row/>", "more rows than a sheet has"),
        ("<row><c r=\"XFD1\"/><c/></row>", "row 1 has too many cells"),
        ("<row><c r=\"B2\"><v>1</v></c><c r=\"B2\"><v>1</v></c></row>", "Model!B2: the cell is there twice"),
        ("<row><c><v>x</v></c></row>", "Model!A1: \"x\" is not a number"),
        ("<row><c><v>inf</v></c></row>", "\"inf\" is not a number"),
        ("<row><c><v>1e999</v></c></row>", "is not a number"),
        ("<row><c t=\"s\"><v>3</v></c></row>", "Model!A1: it holds text 3 of a table of 0"),
        ("<row><c t=\"b\"><v>2</v></c></row>", "not a truth value"),
        ("<row><c t=\"e\"><v>oops</v></c></row>", "not an error value"),
        ("<row><c t=\"d\"><v>soon</v></c></row>", "not a date"),
        ("<row><c t=\"q\"><v>1</v></c></row>", "unknown type \"q\""),
        ("<row><c s=\"-1\"><v>1</v></c></row>", "its style is \"-1\""),
        (
            "<row><c><f t=\"shared\" si=\"4\"/></c></row>",
            "uses shared formula 4, which no cell before it has",
        ),
        ("<row><c><f t=\"shared\"/></c></row>", "its shared formula has no number"),
        ("<row><c><f t=\"magic\">1</f></c></row>", "unknown type \"magic\""),
        ("<row><c><f t=\"array\" ref=\"A1:A2\"/></c></row>", "its array formula is empty"),
        (
            "<row><c><f t=\"array\" ref=\"B1:B2\">1</f></c></row>",
            "fills \"B1:B2\", which does not begin there",
        ),
        (
            "<row><c><f t=\"array\" ref=\"A1:B1\">1</f></c><c><f>2</f></c></row>",
            "Model!B1: it has a formula of its own inside the area that A1 fills",
        ),
        (
            "<row><c><f t=\"array\" ref=\"A1:B2\">1</f></c><c><f t=\"array\" ref=\"B1:B2\">1</f></c></row>",
            "Model!B1: it has a formula of its own",
        ),
    ] {
        let refusal = Package::with_rows(rows).refusal();
        assert!(refusal.contains(words), "{refusal:?} does not say {words:?}");
    }
}

#[test]
fn broken_packages_are_named() {
    let whole = || Package::with_rows("");
    let table = |xml: &str| {
        Package::empty()
            .sheet("S", "<tableParts><tablePart r:id=\"rId1\"/></tableParts>")
            .part(
                "xl/worksheets/_rels/sheet1.xml.rels",
                &relationships(&relationship("rId1", "table", "../t.xml")),
            )
            .part("xl/t.xml", xml)
    };
    for (package, words) in [
        (
            whole().part("xl/_rels/workbook.xml.rels", &relationships("")),
            "the sheet \"Model\": its part is not named",
        ),
        (
            whole().part(
                "xl/_rels/workbook.xml.rels",
                &relationships(&relationship("rId1", "worksheet", "lost.xml")),
            ),
            "its part xl/lost.xml is missing",
        ),
        (
            Package::empty().sheet("A", "").sheet("B", "").part(
                "xl/_rels/workbook.xml.rels",
                &relationships(
                    &(relationship("rId1", "worksheet", "worksheets/sheet1.xml")
                        + &relationship("rId2", "worksheet", "worksheets/sheet1.xml")),
                ),
            ),
            "the sheet \"B\": its part xl/worksheets/sheet1.xml is missing or used twice",
        ),
        (Package::empty().sheet("A", "").sheet("a", ""), "two sheets are called \"a\""),
        (whole().part("xl/workbook.xml", "<document/>"), "holds a <document> where a <workbook> is expected"),
        (whole().part("xl/workbook.xml", ""), "xl/workbook.xml: it is empty"),
        (whole().part("xl/worksheets/sheet1.xml", "<worksheet><sheetData>"), "it ends in the middle"),
        (whole().part("xl/worksheets/sheet1.xml", "<worksheet></sheetData>"), "not well-formed"),
        (whole().part("xl/worksheets/sheet1.xml", "<worksheet/><more/>"), "something follows"),
        (
            whole().part("xl/workbook.xml", "<?xml version=\"1.0\" encoding=\"UTF-16\"?><workbook/>"),
            "not UTF-8",
        ),
        (Package::with_rows("<row><c><v>&who;</v></c></row>"), "the unknown entity &who;"),
        (table("<table ref=\"A1\"/>"), "the table has no name"),
        (table("<table name=\"T\" ref=\"A\"/>"), "the table covers \"A\""),
        (table("<table name=\"T\" ref=\"A1:B2\"/>"), "names 0 columns and is 2 wide"),
        (table("<table name=\"T\" ref=\"A1\" totalsRowCount=\"1\"/>"), "more headers and totals than rows"),
        (table("<table name=\"T\" ref=\"A1\" headerRowCount=\"9\"/>"), "headerRowCount \"9\""),
    ] {
        let refusal = package.refusal();
        assert!(refusal.contains(words), "{refusal:?} does not say {words:?}");
    }
}

#[test]
fn cells_up_to_the_limit_pass_and_one_more_does_not() {
    let limits = Limits { cells: 3, ..Limits::default() };
    let rows = |count: usize| Package::with_rows(&format!("<row>{}</row>", "<c><v>1</v></c>".repeat(count)));
    assert!(read_within(Cursor::new(rows(3).bytes()), &limits).is_ok());
    let refusal = read_within(Cursor::new(rows(4).bytes()), &limits).unwrap_err();
    assert!(matches!(refusal, ReadError::TooLarge { what: "cells", limit: 3, .. }), "{refusal}");
    assert!(refusal.to_string().starts_with("the workbook is too large at Model!D1"), "{refusal}");
}

#[test]
fn formulas_up_to_the_limit_pass_and_one_character_more_does_not() {
    let formula = |characters: usize| {
        let text = format!("{}1", "+".repeat(characters - 1));
        Package::with_rows(&format!("<row><c><f>{text}</f></c></row>"))
    };
    assert!(formula(8_192).read().is_ok());
    assert!(formula(8_193).refusal().contains("more than 8192 characters in a formula"));
}

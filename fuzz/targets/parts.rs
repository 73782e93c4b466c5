//! Arbitrary bytes as one part of a workbook that is sound otherwise. The first byte says which part.
#![no_main]

use std::io::{Cursor, Write};

use fermiac_fuzz::use_workbook;
use fermiac_model::workbook::read;
use libfuzzer_sys::fuzz_target;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const PARTS: [(&str, &str); 8] = [
    (
        "xl/worksheets/sheet1.xml",
        r#"<worksheet><sheetData>
        <row r="1"><c r="A1" s="1"><v>0.5</v></c><c r="B1" t="s"><v>0</v></c><c r="C1" t="b"><v>1</v></c><c r="D1" t="e"><v>#N/A</v></c></row>
        <row r="2"><c r="A2"><f t="shared" ref="A2:A3" si="0">A1*2</f><v>1</v></c><c r="B2"><f t="array" ref="B2:C3">A1:B2</f><v>1</v></c></row>
        <row r="3"><c r="A3"><f t="shared" si="0"/><v>2</v></c><c r="E3"><f>SUM(T[a])+n</f><v>3</v></c></row>
        </sheetData><tableParts><tablePart r:id="rId1"/></tableParts></worksheet>"#,
    ),
    ("xl/sharedStrings.xml", "<sst><si><t>a &amp; b_x000D_</t></si><si><r><t>x</t></r></si></sst>"),
    (
        "xl/workbook.xml",
        r#"<workbook><workbookPr date1904="1"/><sheets><sheet name="Model" sheetId="1" r:id="rId1"/></sheets>
        <definedNames><definedName name="n" localSheetId="0">Model!$A$1</definedName><definedName name="m">n+1</definedName></definedNames>
        <calcPr iterate="1"/></workbook>"#,
    ),
    (
        "xl/styles.xml",
        r#"<styleSheet><numFmts><numFmt numFmtId="200" formatCode="[h]:mm"/></numFmts><cellXfs><xf/><xf numFmtId="9"/></cellXfs></styleSheet>"#,
    ),
    (
        "xl/tables/table1.xml",
        r#"<table name="T" ref="G1:H3" headerRowCount="1"><tableColumns><tableColumn name="a"/><tableColumn name="b"/></tableColumns></table>"#,
    ),
    (
        "xl/worksheets/_rels/sheet1.xml.rels",
        r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/table" Target="../tables/table1.xml"/></Relationships>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#,
    ),
    (
        "_rels/.rels",
        r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
];

fuzz_target!(|bytes: &[u8]| {
    let Some((selector, content)) = bytes.split_first() else { return };
    let replaced = usize::from(*selector) % PARTS.len();
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (index, (name, sound)) in PARTS.iter().enumerate() {
        archive.start_file(*name, stored).expect("the names are sound");
        let part = if index == replaced { content } else { sound.as_bytes() };
        archive.write_all(part).expect("it is written to memory");
    }
    let archive = archive.finish().expect("it is written to memory");
    if let Ok(workbook) = read(archive) {
        use_workbook(workbook);
    }
});

//! Whatever is done to the bytes of a workbook, the reader answers: no panic, no endless loop.

use std::collections::BTreeMap;
use std::io::Cursor;

use fermiac_model::workbook::read;
use proptest::prelude::*;

use crate::package::{Package, archive, relationship, relationships};

/// A workbook with one of everything.
fn rich() -> Package {
    Package::empty()
        .sheet(
            "Model",
            r#"<sheetData><row r="1"><c r="A1" s="1"><v>0.5</v></c><c r="B1" t="s"><v>0</v></c>
               <c r="C1" t="inlineStr"><is><r><t>x</t></r></is></c><c r="D1" t="b"><v>1</v></c><c t="e"><v>#N/A</v></c></row>
               <row r="2"><c r="A2"><f t="shared" ref="A2:A3" si="0">A1*2</f><v>1</v></c>
               <c r="B2"><f t="array" ref="B2:C3">A1:B2</f><v>1</v></c></row>
               <row r="3"><c r="A3"><f t="shared" si="0"/><v>2</v></c><c r="E3"><f t="dataTable" ref="E3:E4" r1="A1"/></c></row>
               </sheetData><tableParts><tablePart r:id="rId1"/></tableParts>"#,
        )
        .strings("<si><t>a &amp; b_x000D_</t></si>")
        .styles("<numFmts><numFmt numFmtId=\"200\" formatCode=\"[h]:mm\"/></numFmts><cellXfs><xf/><xf numFmtId=\"9\"/></cellXfs>")
        .workbook("<definedNames><definedName name=\"n\" localSheetId=\"0\">Model!$A$1</definedName></definedNames>")
        .part("xl/worksheets/_rels/sheet1.xml.rels", &relationships(&relationship("rId1", "table", "../t.xml")))
        .part(
            "xl/t.xml",
            "<table name=\"T\" ref=\"G1:H2\"><tableColumns><tableColumn name=\"a\"/><tableColumn name=\"b\"/></tableColumns></table>",
        )
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let bytes = rich().bytes();
    for length in 0..bytes.len() {
        assert!(read(Cursor::new(&bytes[..length])).is_err(), "cut at {length} of {}", bytes.len());
    }
    assert!(read(Cursor::new(&bytes)).is_ok());
}

fn repacked(parts: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    archive(parts.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())))
}

proptest! {
    #[test]
    fn flipped_bytes_never_panic(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = rich().bytes();
        for (place, value) in flips {
            let at = place.index(bytes.len());
            bytes[at] = value;
        }
        let _ = read(Cursor::new(bytes));
    }

    /// Inside the archive, where checksums do not catch them first.
    #[test]
    fn flipped_bytes_of_a_part_never_panic(
        part in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut parts: BTreeMap<String, Vec<u8>> =
            rich().parts().into_iter().map(|(name, xml)| (name, xml.into_bytes())).collect();
        let names: Vec<String> = parts.keys().cloned().collect();
        let bytes = parts.get_mut(part.get(&names)).unwrap();
        for (place, value) in flips {
            let at = place.index(bytes.len());
            bytes[at] = value;
        }
        let _ = read(Cursor::new(repacked(&parts)));
    }

    /// Pieces of markup in any order.
    #[test]
    fn shuffled_markup_never_panics(pieces in prop::collection::vec(prop::sample::select(vec![
        "<row>", "</row>", "<row r=\"3\"/>", "<c>", "</c>", "<c r=\"B2\" t=\"s\">", "<c t=\"str\">", "<f>", "</f>", "<f t=\"shared\" si=\"0\">",
        "<f t=\"array\" ref=\"A1:C3\">", "<v>", "</v>", "<is>", "</is>", "<t>", "</t>", "1", "-", "A1", "&amp;", "&#x;", "_x0041_", "<!---->", "]]>",
    ]), 0..40)) {
        let _ = Package::with_rows(&pieces.concat()).read();
    }
}

//! What workbooks are made of.

use fermiac_model::cell::Area;
use fermiac_model::value::{ErrorKind, Value};
use fermiac_model::workbook::{Content, NumberFormat, Workbook};

use crate::package::{Package, cell, relationship, relationships};

/// The value of a cell of the first sheet, texts as their own text.
fn text_of(workbook: &Workbook, name: &str) -> String {
    match cell(&workbook.sheets[0], name).value {
        Value::Text(id) => workbook.texts.get(id).to_owned(),
        other => panic!("{name} holds {other:?}"),
    }
}

#[test]
fn every_type_of_value_is_read() {
    let workbook = Package::with_rows(
        r#"<row r="1"><c r="A1"><v>-1.5e3</v></c><c r="B1" t="n"><v> 7 </v></c><c r="C1" t="s"><v>1</v></c>
           <c r="D1" t="str"><f>"x"</f><v>made</v></c><c r="E1" t="inlineStr"><is><t>in</t></is></c>
           <c r="F1" t="b"><v>1</v></c><c r="G1" t="b"><v>0</v></c><c r="H1" t="e"><v>#DIV/0!</v></c>
           <c r="I1" t="d"><v>2024-02-29T12:00:00</v></c><c r="J1" s="1"/><c r="K1"><v/></c></row>"#,
    )
    .strings("<si><t>zero</t></si><si><t>one</t></si>")
    .read()
    .unwrap();
    let sheet = &workbook.sheets[0];
    assert_eq!(sheet.name, "Model");
    assert_eq!(cell(sheet, "A1").value, Value::Number(-1500.0));
    assert_eq!(cell(sheet, "B1").value, Value::Number(7.0));
    assert_eq!(text_of(&workbook, "C1"), "one");
    assert_eq!(text_of(&workbook, "D1"), "made");
    assert_eq!(text_of(&workbook, "E1"), "in");
    assert_eq!(cell(sheet, "F1").value, Value::Bool(true));
    assert_eq!(cell(sheet, "G1").value, Value::Bool(false));
    assert_eq!(cell(sheet, "H1").value, Value::Error(ErrorKind::Div0));
    assert_eq!(cell(sheet, "I1").value, Value::Number(45_351.5));
    assert_eq!(sheet.cells.len(), 9, "cells without value and formula hold nothing");
    assert!(workbook.warnings.is_empty());
}

#[test]
fn texts_keep_runs_blanks_entities_and_escapes() {
    let workbook = Package::with_rows(
        r#"<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="s"><v>2</v></c><c t="s"><v>3</v></c></row>"#,
    )
    .strings(
        r#"<si><r><t>ri</t></r><r><rPr><b/></rPr><t xml:space="preserve">ch </t></r><rPh sb="0" eb="1"><t>no</t></rPh></si>
           <si><t> trimmed </t></si><si><t>a &lt;&amp;&#62;<![CDATA[<b>]]></t></si><si><t>line_x000D_end</t></si>"#,
    )
    .read()
    .unwrap();
    let texts: Vec<String> = ["A1", "B1", "C1", "D1"].map(|name| text_of(&workbook, name)).into();
    assert_eq!(texts, ["rich ", "trimmed", "a <&><b>", "line\rend"]);
}

#[test]
fn positions_that_are_left_out_follow_from_the_order() {
    let workbook = Package::with_rows(
        r#"<row><c><v>1</v></c><c r="D1"><v>2</v></c><c><v>3</v></c></row>
           <row r="5"><c><v>4</v></c></row><row><c><v>5</v></c></row>"#,
    )
    .read()
    .unwrap();
    let names: Vec<String> =
        workbook.sheets[0].cells.as_slice().iter().map(|cell| cell.position.to_string()).collect();
    assert_eq!(names, ["A1", "D1", "E1", "A5", "A6"]);
}

#[test]
fn cells_out_of_order_are_put_in_order() {
    let workbook = Package::with_rows(
        r#"<row r="2"><c r="B2"><v>4</v></c><c r="A2"><v>3</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>"#,
    )
    .read()
    .unwrap();
    let values: Vec<Value> = workbook.sheets[0].cells.as_slice().iter().map(|cell| cell.value).collect();
    assert_eq!(values, [1.0, 3.0, 4.0].map(Value::Number));
}

#[test]
fn shared_formulas_reach_every_cell_that_names_them() {
    let workbook = Package::with_rows(
        r#"<row r="1"><c r="B1"><f t="shared" ref="B1:B3" si="0">A1&gt;2</f><v>1</v></c></row>
           <row r="2"><c r="B2"><f t="shared" si="0"/><v>2</v></c></row>
           <row r="3"><c r="B3"><f t="shared" si="0">A3*9</f><v>3</v></c></row>
           <row r="4"><c r="B4"><f t="shared" si="0"/></c></row>"#,
    )
    .read()
    .unwrap();
    let sheet = &workbook.sheets[0];
    let content = |name| cell(sheet, name).content;
    assert!(matches!(content("B1"), Content::Formula(_)));
    assert_eq!(content("B1"), content("B2"));
    assert_ne!(content("B1"), content("B3"), "a cell that says its own text has that formula");
    assert_eq!(content("B1"), content("B4"));
    assert_eq!(cell(sheet, "B4").value, Value::Empty);
}

#[test]
fn cells_that_an_array_formula_fills_are_no_constants() {
    let workbook = Package::with_rows(
        r#"<row r="1"><c r="A1" cm="1"><f t="array" ref="A1:B3">SEQUENCE(3,2)</f><v>1</v></c><c r="B1"><v>2</v></c>
           <c r="C1"><v>9</v></c></row>
           <row r="2"><c r="A2"><v>3</v></c></row>
           <row r="9"><c r="A9"><f t="array" ref="A9">SUM(C1:C2*C1:C2)</f><v>81</v></c></row>"#,
    )
    .read()
    .unwrap();
    let sheet = &workbook.sheets[0];
    for name in ["A1", "B1", "A2", "B2", "A3", "B3"] {
        assert_eq!(cell(sheet, name).content, Content::Array(0), "{name}");
    }
    assert_eq!(cell(sheet, "B1").value, Value::Number(2.0));
    assert_eq!(
        cell(sheet, "B3").value,
        Value::Empty,
        "a cell that the file leaves out is filled all the same"
    );
    assert_eq!(cell(sheet, "C1").content, Content::Constant);
    assert_eq!(cell(sheet, "A9").content, Content::Array(1));
    let areas: Vec<Area> = sheet.arrays.iter().map(|array| array.area).collect();
    assert_eq!(areas, [Area::parse("A1:B3").unwrap(), Area::parse("A9").unwrap()]);
}

#[test]
fn cells_of_a_data_table_are_no_constants() {
    let workbook = Package::with_rows(
        r#"<row r="2"><c r="B2"><f t="dataTable" ref="B2:B3" dt2D="0" dtr="0" r1="A1"/><v>1</v></c></row>
           <row r="3"><c r="B3"><v>2</v></c></row>"#,
    )
    .read()
    .unwrap();
    for name in ["B2", "B3"] {
        assert_eq!(cell(&workbook.sheets[0], name).content, Content::DataTable);
    }
}

#[test]
fn styles_tell_percentages_and_dates() {
    let workbook = Package::with_rows(
        r#"<row><c s="0"><v>1</v></c><c s="1"><v>1</v></c><c s="2"><v>1</v></c><c s="3"><v>1</v></c><c s="9"><v>1</v></c></row>"#,
    )
    .styles(
        r#"<numFmts count="1"><numFmt numFmtId="164" formatCode="0.0%"/></numFmts>
           <cellStyleXfs><xf numFmtId="9"/></cellStyleXfs>
           <cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"><alignment/></xf><xf numFmtId="10"/></cellXfs>"#,
    )
    .read()
    .unwrap();
    let formats: Vec<NumberFormat> =
        workbook.sheets[0].cells.as_slice().iter().map(|cell| cell.format).collect();
    use NumberFormat::{Date, General, Percent};
    assert_eq!(formats, [General, Date, Percent, Percent, General]);
}

#[test]
fn names_keep_their_scope_when_a_sheet_is_left_aside() {
    let workbook = Package::empty()
        .sheet_of_kind("Chart", "chartsheet", "<chartsheet/>")
        .sheet("First", "<sheetData/>")
        .sheet_of_kind("Macros", "xlMacrosheet", "<macrosheet/>")
        .sheet("Second", "<sheetData/>")
        .workbook(
            r#"<definedNames><definedName name="rate">First!$A$1</definedName>
               <definedName name="rate" localSheetId="3" hidden="1">Second!$A$1&amp;"_x000a_"</definedName>
               <definedName name="plot" localSheetId="0">First!$A$1</definedName>
               <definedName name="lost" localSheetId="4">First!$A$1</definedName></definedNames>"#,
        )
        .read()
        .unwrap();
    let sheets: Vec<&str> = workbook.sheets.iter().map(|sheet| sheet.name.as_str()).collect();
    assert_eq!(sheets, ["First", "Second"]);
    let names: Vec<_> =
        workbook.names.iter().map(|name| (name.name.as_str(), name.scope, name.text.as_str())).collect();
    assert_eq!(names, [("rate", None, "First!$A$1"), ("rate", Some(1), "Second!$A$1&\"\n\"")]);
    assert_eq!(
        workbook.warnings,
        [
            "the sheet \"Macros\" is a macro sheet; it is ignored",
            "1 defined name(s) belong to sheets that do not exist; they are ignored"
        ]
    );
}

#[test]
fn tables_are_read_with_their_columns() {
    let workbook = Package::empty()
        .sheet("Other", "<sheetData/>")
        .sheet("Sales", "<sheetData/><tableParts count=\"1\"><tablePart r:id=\"rId1\"/></tableParts>")
        .part("xl/worksheets/_rels/sheet2.xml.rels", &relationships(&relationship("rId1", "table", "../tables/table1.xml")))
        .part(
            "xl/tables/table1.xml",
            r#"<table id="1" name="T1" displayName="Sales" ref="B2:C9" totalsRowCount="1"><autoFilter ref="B2:C8"/>
               <tableColumns count="2"><tableColumn id="1" name="Net_x000a_price"/><tableColumn id="2" name="Tax &amp; duty">
               <calculatedColumnFormula>1</calculatedColumnFormula></tableColumn></tableColumns></table>"#,
        )
        .read()
        .unwrap();
    let table = &workbook.tables[0];
    assert_eq!((table.name.as_str(), table.sheet, table.area), ("Sales", 1, Area::parse("B2:C9").unwrap()));
    assert_eq!((table.header_rows, table.totals_rows), (1, 1));
    assert_eq!(table.columns, ["Net\nprice", "Tax & duty"]);
}

#[test]
fn settings_of_the_workbook_are_kept() {
    let workbook = Package::with_rows("<row><c t=\"d\"><v>1904-01-02</v></c></row>")
        .workbook("<workbookPr date1904=\"1\"/><calcPr calcId=\"1\" iterate=\"true\"/>")
        .read()
        .unwrap();
    assert!(workbook.dates_from_1904 && workbook.iterative);
    assert_eq!(cell(&workbook.sheets[0], "A1").value, Value::Number(1.0));
}

#[test]
fn macros_links_and_new_errors_are_left_aside_and_named() {
    let workbook = Package::with_rows("<row><c t=\"e\"><v>#FIELD!</v></c></row>")
        .link("vbaProject", "vbaProject.bin")
        .link("externalLink", "externalLinks/externalLink1.xml")
        .part("xl/vbaProject.bin", "anything")
        .read()
        .unwrap();
    assert_eq!(
        workbook.warnings,
        [
            "the workbook contains macros; they are ignored",
            "the workbook links to 1 other workbook(s); the links are not followed",
            "1 cell(s) hold an error of an unknown kind, taken as #VALUE!"
        ]
    );
}

#[test]
fn prefixed_and_strict_documents_read_alike() {
    let strict = "http://purl.oclc.org/ooxml/officeDocument/relationships";
    let workbook = Package::empty()
        .sheet_of_kind(
            "Model",
            "worksheet",
            r#"<x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:sheetData><x:row r="1">
               <x:c r="A1"><x:f>1+1</x:f><x:v>2</x:v></x:c></x:row></x:sheetData></x:worksheet>"#,
        )
        .part(
            "_rels/.rels",
            &relationships(&format!(
                "<Relationship Id=\"a\" Type=\"{strict}/officeDocument\" Target=\"/xl/workbook.xml\"/>"
            )),
        )
        .read()
        .unwrap();
    assert!(matches!(cell(&workbook.sheets[0], "A1").content, Content::Formula(_)));
}

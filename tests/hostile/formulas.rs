//! Formulas and names that are long, deep, circular, or that ask for more than anybody can compute.

use crate::package::Parts;

const A1: [&str; 4] = ["--input", "S!A1=constant(2)", "--output", "S!B1"];

/// A1 is an input, B1 holds `formula`.
fn one(formula: impl AsRef<str>) -> Parts {
    Parts::with_cells([["1".to_owned(), format!("={}", formula.as_ref())]])
}

#[test]
fn formulas_of_8192_characters_are_taken_and_longer_ones_refused() {
    let longest = format!("A1{}", "+A1".repeat(2_730));
    assert_eq!(longest.len(), 8_192);
    assert_eq!(one(longest.clone()).model().mean("8,192 characters", &A1), 2.0 * 2_731.0);
    one(longest + "+").model().is_refused("8,193 characters", &A1, &["B1", "8192 characters"]);
    let long = "+A1".repeat(300_000);
    one(long).model().is_refused("900,000 characters", &A1, &["sheet1.xml", "bytes in one text"]);
}

#[test]
fn formulas_nested_deeply_are_taken_or_refused() {
    let nested = |depth: usize| format!("{}A1{}", "ABS(".repeat(depth), ")".repeat(depth));
    assert_eq!(one(nested(64)).model().mean("64 calls deep", &A1), 2.0);
    one(nested(1_500)).model().is_refused(
        "1,500 calls deep",
        &A1,
        &["S!B1", "more than 256 parentheses and calls"],
    );
    let parentheses = format!("{}A1{}", "(".repeat(4_000), ")".repeat(4_000));
    one(parentheses).model().is_refused(
        "4,000 parentheses deep",
        &A1,
        &["S!B1", "more than 256 parentheses and calls"],
    );
    assert_eq!(one(format!("{}A1", "-".repeat(8_000))).model().mean("8,000 signs", &A1), 2.0);
}

#[test]
fn circles_are_refused_with_their_cells() {
    let circle = Parts::with_cells([["=B1", "=A1+1"].map(str::to_owned)]);
    circle.model().is_refused("a circle of 2", &["--output", "S!B1"], &["circular", "S!A1", "S!B1"]);
    let itself = one("B1+A1");
    itself.model().is_refused("a circle of 1", &A1, &["circular", "S!B1"]);
    let around = Parts::with_cells((1..=100_000).map(|row| [format!("=A{}+1", row % 100_000 + 1)]));
    around.model().is_refused("a circle of 100,000", &["--output", "S!A1"], &["circular", "S!A1"]);
    let within = Parts::with_cells([["1".to_owned(), "=SUM(A:C)".to_owned()]]);
    within.model().is_refused("a sum over itself", &A1, &["circular", "S!B1"]);
}

#[test]
fn a_chain_of_a_million_cells_is_computed() {
    let down = std::iter::once("1".to_owned()).chain((1..1_000_000).map(|row| format!("=A{row}+1")));
    let model = Parts::with_cells(down.map(|cell| [cell])).model();
    let selection = ["--input", "S!A1=constant(5)", "--output", "S!A1000000"];
    assert_eq!(model.mean("a chain of 1,000,000 cells", &selection), 1_000_004.0);
    let up = (2..=1_000_000).map(|row| format!("=A{row}+1")).chain(std::iter::once("1".to_owned()));
    let model = Parts::with_cells(up.map(|cell| [cell])).model();
    let selection = ["--input", "S!A1000000=constant(5)", "--output", "S!A1"];
    assert_eq!(model.mean("the chain upwards", &selection), 1_000_004.0);
}

#[test]
fn names_in_a_circle_are_refused() {
    let names = [("a", "b+1"), ("b", "a+1")];
    one("a+A1").names(names).model().is_refused(
        "two names in a circle",
        &A1,
        &["S!B1", "names stand for each other in a circle"],
    );
    let names = [("a", "b+b+b+b+b+b+b+b"), ("b", "a+a+a+a+a+a+a+a")];
    one("a+A1").names(names).model().is_refused(
        "names in a circle, eightfold",
        &A1,
        &["S!B1", "names stand for each other in a circle"],
    );
}

#[test]
fn names_of_names_are_refused_where_they_are_deep() {
    let names: Vec<(String, String)> =
        (0..60_000).map(|number| (format!("name_{number}"), format!("name_{}+1", number + 1))).collect();
    let names = names.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    one("name_0+A1").names(names).model().is_refused("names 60,000 deep", &A1, &["S!B1", "deep"]);
    let names: Vec<String> = (0..1_000_000).map(|number| format!("n{number}_")).collect();
    let names = names.iter().map(|name| (name.as_str(), "1"));
    one("n1_+A1").names(names).model().is_refused("1,000,000 names", &A1, &["xl/workbook.xml"]);
}

#[test]
fn names_that_double_each_other_are_refused() {
    let names: Vec<(String, String)> = (0..16)
        .map(|number| (format!("n_{number}"), vec![format!("n_{}", number + 1); 16].join("+")))
        .collect();
    let names = names.iter().map(|(name, text)| (name.as_str(), text.as_str())).chain([("n_16", "1")]);
    one("n_0+A1").names(names).model().is_refused("names of 16^16 terms", &A1, &["S!B1", "too much work"]);
}

#[test]
fn tables_that_overlap_hold_nothing_up() {
    let table = |number: usize| {
        format!(
            "<table name=\"Sales_{number}\" ref=\"A1:B3\"><tableColumns><tableColumn name=\"a\"/>\
             <tableColumn name=\"b\"/></tableColumns></table>"
        )
    };
    let rows =
        "<row><c><v>1</v></c><c><f>SUM(Sales_1[a])+SUM(Sales_2[a])</f></c></row><row><c><v>3</v></c></row>";
    let parts: String = (1..=2).map(|number| format!("<tablePart r:id=\"rId{number}\"/>")).collect();
    let mut workbook = Parts::with_rows(rows);
    workbook.sheet.push_str(&format!("<tableParts>{parts}</tableParts>"));
    let links = crate::package::links(&[("table", "../t1.xml"), ("table", "../t2.xml")]);
    let workbook = workbook
        .part("xl/worksheets/_rels/sheet1.xml.rels", links)
        .part("xl/t1.xml", table(1))
        .part("xl/t2.xml", table(2));
    assert_eq!(
        workbook.model().mean("tables that overlap", &["--input", "S!A2=constant(2)", "--output", "S!B1"]),
        4.0
    );
}

#[test]
fn arrays_beyond_the_bounds_are_refused() {
    // A cell in the last corner makes every column a million long.
    let model = |formula: &str| {
        let rows = format!(
            "<row r=\"1\"><c r=\"A1\"><v>2</v></c><c r=\"B1\"><f t=\"array\" ref=\"B1\">{formula}</f></c></row>\
             <row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>"
        );
        Parts::with_rows(&rows).model()
    };
    model("SUM(C2:XFD1048576*A1)").is_refused(
        "a whole sheet as an array",
        &A1,
        &["S!B1", "S!C2", "range of more than 4000000"],
    );
    model(&vec!["C:F"; 1_000].join("*")).is_refused(
        "a product of 1,000 ranges",
        &A1,
        &["S!B1", "S!C1", "range"],
    );
    model(&vec!["C:C"; 1_000].join("*")).is_refused(
        "a product of 1,000 columns",
        &A1,
        &["S!B1", "arrays of too many"],
    );
    model("INDEX(C:XFD,A1,A1)").is_refused("a cell of a whole sheet", &A1, &["S!B1", "so large a range"]);
    assert_eq!(model("SUM(A:A*A:A)").mean("a product of two columns", &A1), 4.0);
}

#[test]
fn texts_that_double_each_other_are_bounded() {
    let doubled: String = (1..60).map(|row| format!("<row><c><f>A{row}&amp;A{row}</f></c></row>")).collect();
    let first = "<row><c t=\"str\"><v>0123456789</v></c><c><f>IF(C1&gt;0,COUNTA(A60),A60)</f></c><c><v>1</v></c></row>";
    let selection = ["--input", "S!C1=constant(2)", "--output", "S!B1"];
    let model = Parts::with_rows(&format!("{first}{doubled}")).model();
    assert_eq!(model.mean("a text doubled 59 times", &selection), 1.0);
    // 15 doublings stay within what a cell holds; ten thousand cells of that size are too much.
    let many: String = (1..10_000).map(|row| format!("<row><c><f>A1&amp;{row}</f></c></row>")).collect();
    let long = "x".repeat(30_000);
    let first =
        format!("<row><c t=\"str\"><v>{long}</v></c><c><f>COUNTA(A2:A10000)+C1</f></c><c><v>1</v></c></row>");
    let model = Parts::with_rows(&format!("{first}{many}")).model();
    model.is_refused("10,000 texts of 30,000 characters", &selection, &["S!A", "more text than is held"]);
}

#[test]
fn long_formulas_of_many_cells_are_computed() {
    // Each formula is another, as its references are absolute.
    let formula =
        |row: u32| (0..900).map(|term| format!("+$A${}", (row + term) % 1_900 + 1)).collect::<String>();
    let rows = (0..1_900).map(|row| ["1".to_owned(), format!("={}", formula(row)), "=SUM(B:B)".to_owned()]);
    let model = Parts::with_cells(rows).model();
    let selection = ["--input", "S!A1=constant(1)", "--output", "S!C1"];
    assert_eq!(model.mean("1,900 formulas of 900 terms", &selection), 900.0 * 1_900.0);
}

#[test]
fn half_a_million_different_formulas_are_computed() {
    let down = (0..500_000).map(|row| ["1".to_owned(), format!("=$A${}+A$1", row + 1)]);
    let model = Parts::with_cells(down).model();
    let selection = ["--input", "S!A1=constant(1)", "--output", "S!B500000"];
    assert_eq!(model.mean("500,000 different formulas", &selection), 2.0);
}

#[test]
fn what_is_not_supported_in_every_cell_is_listed_in_bounded_space() {
    let long = format!("UNHEARD_OF({}A$1)", "A1,".repeat(200));
    let copies = "<row><c><v>1</v></c><c/><c><f t=\"shared\" si=\"0\"/></c></row>".repeat(99_999);
    let first = format!(
        "<row><c><v>1</v></c><c><f>SUM(C:C)</f></c><c><f t=\"shared\" si=\"0\" ref=\"C1:C100000\">{long}</f></c></row>"
    );
    let model = Parts::with_rows(&format!("{first}{copies}")).model();
    let ended = model.run("100,000 unsupported formulas", "run", &A1);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr.len());
    assert!(ended.stderr.contains("100000 formulas") && ended.stderr.contains("S!C100000: UNHEARD_OF"));
    let ended = model.run("100,000 unsupported formulas, checked", "check", &["--json"]);
    assert!(ended.stdout.contains("S!C100000"), "{}", ended.stderr);
}

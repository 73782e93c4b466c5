//! Every formula cell of the committed workbooks agrees with its stored value, which another engine computed
//! (see `tests/workbooks/stored_values.py`).

#[expect(dead_code, reason = "every test crate uses its own part of it")]
mod program;

use std::path::{Path, PathBuf};

use program::{committed, fermiac, run};
use serde_json::Value;

/// Formula cells in `tests/workbooks`; a case that gets lost shows here.
const ORACLE_CELLS: u64 = 1357;

#[test]
fn oracle_workbooks_agree_with_their_stored_values() {
    assert_eq!(agreeing_cells("tests/workbooks"), ORACLE_CELLS);
}

#[test]
fn example_workbooks_agree_with_their_stored_values() {
    assert!(agreeing_cells("examples") > 0);
}

/// Numbers of the sheet `Data` in the workbooks of cases, by column; see `make_workbooks.py`.
const DATA: [(char, &[&str]); 6] = [
    ('A', &["3", "-1.5", "0", "7", "2.5", "10", "-4", "0.1", "100", "6"]),
    ('E', &["1.5", "2.25", "3", "4.5", "5", "6.75", "7", "8"]),
    ('F', &["0", "10", "20", "30", "30", "40"]),
    ('H', &["50", "40", "30", "20", "10", "0"]),
    ('M', &["-1000", "300", "420", "680"]),
    ('N', &["100", "200", "300", "400"]),
];

/// What the compiler folds and what the engine evaluates is the same function: a draw that can only be the number
/// in the cell makes every formula live that refers to it.
#[test]
fn live_formulas_come_to_the_same_bits_as_folded_ones() {
    let mut live = vec!["--trials".to_owned(), "1".to_owned()];
    for (column, numbers) in DATA {
        for (row, number) in (1..).zip(numbers) {
            live.push("--input".to_owned());
            live.push(format!("Data!{column}{row}=discrete({{{number}}}, {{1}})"));
        }
    }
    let folded = ["--trials", "1", "--input", "Data!Z99=discrete({1}, {1})"].map(str::to_owned);
    for name in ["conditional", "financial", "logic", "lookup", "math", "operators", "statistics"] {
        let workbook = committed(&format!("tests/workbooks/{name}.xlsx"));
        let outputs = case_cells(name).flat_map(|cell| ["--output".to_owned(), cell]).collect::<Vec<_>>();
        let of = |inputs: &[String]| {
            let arguments: Vec<&str> = inputs.iter().chain(&outputs).map(String::as_str).collect();
            run(&workbook, &arguments)
        };
        let (live, folded) = (of(&live), of(&folded));
        for (cell, folded) in folded["outputs"].as_object().expect("outputs are an object") {
            for key in ["mean", "errors"] {
                assert_eq!(live["outputs"][cell][key], folded[key], "{name}: {cell}: {key}");
            }
        }
    }
}

/// A formula that makes a text of a number, which no trial can.
const TEXT_OF_NUMBERS: &str = r#"Data!A1&"/"&Data!A2"#;

/// The cells of the formulas of a file of cases: one a line, as headings are.
fn case_cells(name: &str) -> impl Iterator<Item = String> {
    let cases = std::fs::read_to_string(committed(&format!("tests/workbooks/cases/{name}.txt")));
    let cases = cases.expect("the cases are committed");
    let lines: Vec<String> =
        cases.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
    (1..)
        .zip(lines)
        .filter(|(_, line)| !line.starts_with("# ") && line != TEXT_OF_NUMBERS)
        .map(|(row, _)| format!("Cases!B{row}"))
}

/// Checks every workbook of a folder and counts its formula cells; any that differs or is not supported is a
/// failure that lists them all.
fn agreeing_cells(folder: &str) -> u64 {
    let mut formula_cells = 0;
    let mut complaints = Vec::new();
    for workbook in workbooks(folder) {
        let report = check(&workbook);
        let name =
            workbook.file_name().expect("a file of a folder has a name").to_string_lossy().into_owned();
        for kind in ["differ", "unsupported"] {
            for cell in report[kind].as_array().expect("the report lists cells") {
                complaints.push(format!("{name}: {kind}: {cell}"));
            }
        }
        formula_cells += report["formula_cells"].as_u64().expect("the report counts cells");
    }
    assert!(complaints.is_empty(), "{} cells:\n{}", complaints.len(), complaints.join("\n"));
    formula_cells
}

fn workbooks(folder: &str) -> Vec<PathBuf> {
    let folder = committed(folder);
    let entries = std::fs::read_dir(&folder).expect("the folder is committed");
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("the folder is readable").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "xlsx"));
    paths.sort();
    assert!(!paths.is_empty(), "no workbooks in {}", folder.display());
    paths
}

/// The document of `fermiac check WORKBOOK --json`, whatever its verdict.
fn check(workbook: &Path) -> Value {
    let finished = fermiac(&["check", workbook.to_str().expect("paths of tests are UTF-8"), "--json"]);
    serde_json::from_str(&finished.stdout)
        .unwrap_or_else(|error| panic!("{}: {error}: {}", workbook.display(), finished.stderr))
}

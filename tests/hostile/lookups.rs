//! Work that grows with the square of the model where it is done naively: it is made to grow slower, or refused.

use crate::package::{Model, Parts};

/// Cells of `count` rows.
fn rows(count: u32, row: impl Fn(u32) -> Vec<String>) -> Model {
    Parts::with_cells((1..=count).map(row)).model()
}

/// 100,000 rows of numbers in A, and a total from the first row to each in B.
fn running(total: &str) -> Model {
    rows(100_000, |row| {
        let mut cells = vec!["1".to_owned(), total.replace("{row}", &row.to_string())];
        if row == 1 {
            cells.push("=SUM(B1:B100000)".to_owned());
        }
        cells
    })
}

#[test]
fn running_totals_are_computed() {
    let selection = ["--input", "S!A1=constant(1)", "--output", "S!C1"];
    let mean = running("=SUM(A$1:A{row})").mean("100,000 running totals", &selection);
    assert_eq!(mean, 100_000.0 * 100_001.0 / 2.0);
}

#[test]
fn other_running_statistics_are_refused() {
    for total in [
        "AVERAGE(A$1:A{row})",
        "MAX(A$1:A{row})",
        "COUNT(A$1:A{row})",
        "STDEV.P(A$1:A{row})",
        "COUNTIF(A$1:A{row},1)",
    ] {
        for input in ["S!A1", "S!A100000"] {
            let selection = ["--input", &format!("{input}=constant(1)"), "--output", "S!C1"];
            running(&format!("={total}")).is_refused(
                &format!("100,000 running {total}, {input} uncertain"),
                &selection,
                &["S!B", "too m"],
            );
        }
    }
}

/// A table of 100,000 keys in A with values in B; a lookup of each, the last first, in D.
fn lookups(mode: &str) -> Model {
    rows(100_000, |row| {
        let lookup = format!("=VLOOKUP(C{row},A$1:B$100000,2,{mode})");
        let mut cells = vec![row.to_string(), (2 * row).to_string(), (100_001 - row).to_string(), lookup];
        if row == 1 {
            cells.push("=SUM(D1:D100000)".to_owned());
        }
        cells
    })
}

#[test]
fn a_hundred_thousand_lookups_in_known_keys_are_computed() {
    let sum = 100_000.0 * 100_001.0;
    for mode in ["FALSE", "TRUE"] {
        let model = lookups(mode);
        let value = ["--input", "S!B5=constant(11)", "--output", "S!E1"];
        assert_eq!(model.mean(&format!("100,000 lookups ({mode}), a value uncertain"), &value), sum + 1.0);
        let key = ["--input", "S!C1=constant(7)", "--output", "S!E1"];
        assert_eq!(
            model.mean(&format!("100,000 lookups ({mode}), a key to find uncertain"), &key),
            sum + 14.0 - 200_000.0
        );
    }
}

#[test]
fn a_hundred_thousand_lookups_in_uncertain_keys_are_refused() {
    for mode in ["FALSE", "TRUE"] {
        let selection = ["--input", "S!A5=constant(5)", "--output", "S!E1"];
        lookups(mode).is_refused(
            &format!("100,000 lookups ({mode}) in uncertain keys"),
            &selection,
            &["S!D", "too m"],
        );
    }
}

#[test]
fn sums_over_whole_columns_again_and_again_are_refused() {
    for formula in [
        "SUMIF(A:A,C$1,B:B)",
        "SUMIF(A:A,C{row},B:B)",
        "SUMIFS(B:B,A:A,C{row},A:A,\">0\")",
        "COUNTIF(A:A,\">\"&C{row})",
        "SUMPRODUCT(A:A,B:B)+C{row}",
        "SUMPRODUCT((A:A=C{row})*B:B)",
        "AVERAGE(A:A)+C{row}",
        "MEDIAN(A:A)+C{row}",
    ] {
        for input in ["S!C1", "S!A1"] {
            let model = rows(100_000, |row| {
                let mut cells = vec![row.to_string(), (2 * row).to_string()];
                if row <= 10_000 {
                    cells.extend([
                        row.to_string(),
                        format!("={}", formula.replace("{row}", &row.to_string())),
                    ]);
                }
                if row == 1 {
                    cells.push("=SUM(D1:D10000)".to_owned());
                }
                cells
            });
            let selection = ["--input", &format!("{input}=constant(1)"), "--output", "S!E1"];
            model.is_refused(
                &format!("10,000 times {formula}, {input} uncertain"),
                &selection,
                &["S!D", "too m"],
            );
        }
    }
}

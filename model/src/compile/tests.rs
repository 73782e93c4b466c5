//! Compilation as a whole: what is refused, what is pruned, what is kept.

use super::vectors::{compile_array, compile_live, input, output, run, workbook};
use super::{CompileError, Selection, compile};
use crate::correlation::Correlation;
use crate::value::Value;

fn selection(inputs: &[(&str, f64)], outputs: &[&str]) -> Selection {
    Selection {
        inputs: inputs.iter().map(|(cell, value)| input(cell, *value)).collect(),
        outputs: outputs.iter().map(|cell| output(cell)).collect(),
        correlations: Vec::new(),
    }
}

#[test]
fn correlations_are_of_inputs_each_in_one_group() {
    let correlated = |groups: &[[&str; 2]]| {
        let mut selection = selection(&[("A1", 1.0), ("A2", 1.0), ("A3", 1.0)], &["C1"]);
        let matrix = [vec![1.0, 0.0], vec![0.0, 1.0]];
        let group = |cells: &[&str; 2]| Correlation::new(cells.map(str::to_owned).to_vec(), &matrix).unwrap();
        selection.correlations = groups.iter().map(group).collect();
        compile(&mut workbook(&[("C1", "=A1+A2+A3")]), &selection)
    };
    let groups = correlated(&[["A3", "$A$1"]]).unwrap().plan.correlations;
    assert_eq!((&groups[0].inputs[..], &groups[0].factor[..]), (&[2, 0][..], &[1.0, 0.0, 1.0][..]));
    for (groups, message) in [
        (vec![["A1", "C1"]], "correlations: C1: only inputs can be correlated"),
        (vec![["A1", "A2"], ["A2", "A3"]], "correlations: A2: it is correlated already"),
        (vec![["A1", "A1"]], "correlations: A1: it is correlated already"),
        (vec![["A1", "??"]], "correlations: ??: "),
    ] {
        let refusal = correlated(&groups).unwrap_err().to_string();
        assert!(refusal.starts_with(message), "{refusal}");
    }
}

#[test]
fn only_what_an_input_reaches_and_an_output_needs_is_on_the_tape() {
    let cells = [("A1", "2"), ("A2", "=7*6"), ("B1", "=A1*A2"), ("B2", "=A1+1"), ("C1", "=B1+A2")];
    let compiled = compile(&mut workbook(&cells), &selection(&[("A1", 2.0)], &["C1"])).unwrap();
    assert_eq!((compiled.cells, compiled.formulas, compiled.live_formulas), (5, 4, 2));
    // Draw, multiply, add, store.
    assert_eq!(compiled.plan.instructions.len(), 4);
    assert_eq!(run(&compiled.plan), [Value::Number(2.0), Value::Number(126.0)]);
}

#[test]
fn a_formula_cell_that_an_input_replaces_is_not_evaluated() {
    let cells = [("A1", "=1/0"), ("B1", "=A1*2")];
    let compiled = compile(&mut workbook(&cells), &selection(&[("A1", 3.0)], &["B1"])).unwrap();
    assert_eq!(run(&compiled.plan)[1], Value::Number(6.0));
}

#[test]
fn an_input_may_lie_on_an_empty_cell_and_be_an_output_itself() {
    let compiled =
        compile(&mut workbook(&[("B1", "=A1*2")]), &selection(&[("A1", 3.0)], &["A1", "B1"])).unwrap();
    assert_eq!(run(&compiled.plan), [3.0, 3.0, 6.0].map(Value::Number));
}

#[test]
fn circles_are_refused_with_their_cells() {
    let cells = [("A1", "=B1+1"), ("B1", "=C1*2"), ("C1", "=A1+D1"), ("D1", "1"), ("E1", "=A1")];
    let error = compile(&mut workbook(&cells), &selection(&[("D1", 1.0)], &["E1"])).unwrap_err();
    let CompileError::Cycle { cells, .. } = &error else { panic!("{error}") };
    assert_eq!(cells, &["S!A1", "S!B1", "S!C1"]);
    assert!(error.to_string().contains("S!A1 -> S!B1 -> S!C1 -> S!A1"));
}

#[test]
fn every_unsupported_use_on_the_path_is_named() {
    let cells = [
        ("A1", "1"),
        ("B1", "=BESSELJ(A1,2)"),
        ("B2", "=B1+XIRR(A1,2)"),
        ("B3", "=GAMMA.INV(0.5,2,3)"),
        ("B4", "=INDIRECT(\"A\"&1)"),
        ("C1", "=B1+B2+B3+B4"),
        ("C2", "=HEX2DEC(A1)"),
    ];
    let mut model = workbook(&cells);
    // B3, which no input reaches, has a stored value.
    model.sheets[0].cells.as_mut_slice()[5].value = Value::Number(40.0);
    let error = compile(&mut model, &selection(&[("A1", 1.0)], &["C1"])).unwrap_err();
    let CompileError::Unsupported(uses) = &error else { panic!("{error}") };
    let named: Vec<(&str, &str)> =
        uses.iter().map(|each| (each.cell.as_str(), each.function.as_str())).collect();
    assert_eq!(named, [("S!B1", "BESSELJ"), ("S!B2", "XIRR"), ("S!B4", "INDIRECT")]);
}

#[test]
fn a_criterion_that_reads_as_a_date_is_refused_and_not_taken_for_a_text() {
    for criterion in [">=2026-01-01", "1/2/2026", "5-Jan"] {
        let formula = format!("=A1*COUNTIF(A1:A1,\"{criterion}\")");
        let error = compile_live(&[("A1", "1")], &formula).unwrap_err().to_string();
        assert!(error.contains("a criterion that reads as a date"), "{error}");
    }
    assert!(compile_live(&[("A1", "1")], "=A1*COUNTIF(A1:A1,\"12-345\")").is_ok());
}

#[test]
fn off_the_path_the_stored_value_stands_in_and_is_counted() {
    let mut model = workbook(&[("A1", "1"), ("B1", "=GAMMA.INV(0.5,2,3)"), ("C1", "=A1+B1")]);
    let uncalculated = compile(&mut model, &selection(&[("A1", 2.0)], &["C1"])).unwrap_err();
    assert!(matches!(uncalculated, CompileError::Unsupported(_)), "{uncalculated}");
    model.sheets[0].cells.as_mut_slice()[1].value = Value::Number(40.0);
    let compiled = compile(&mut model, &selection(&[("A1", 2.0)], &["C1"])).unwrap();
    assert_eq!(run(&compiled.plan)[1], Value::Number(42.0));
    assert!(compiled.warnings.iter().any(|warning| warning.starts_with("S!B1 uses what")));
}

#[test]
fn an_unsupported_branch_that_is_never_taken_is_no_obstacle() {
    let compiled = compile_live(&[("A1", "1")], "=IF(TRUE,A1,BESSELJ(A1,1))").unwrap();
    assert_eq!(run(&compiled.plan)[1], Value::Number(1.0));
}

#[test]
fn a_chain_of_a_million_cells_compiles() {
    let rows = 1_000_000;
    let mut model = workbook(&[("A1", "1")]);
    for row in 1..rows {
        let position = crate::cell::Position { row, column: 0 };
        let formula = model.formulas.intern(&format!("A{row}+1"), position);
        let content = crate::workbook::Content::Formula(formula);
        let format = crate::workbook::NumberFormat::General;
        model.sheets[0].cells.push(crate::workbook::Cell { position, content, value: Value::Empty, format });
    }
    let compiled = compile(&mut model, &selection(&[("A1", 1.0)], &["A1000000"])).unwrap();
    assert_eq!(compiled.live_formulas, 999_999);
    assert!(compiled.plan.slots <= 3);
    assert_eq!(run(&compiled.plan)[1], Value::Number(1_000_000.0));
}

#[test]
fn sums_and_balances_keep_few_values_alive() {
    let mut cells = vec![("A1".to_owned(), "0.01".to_owned()), ("B1".to_owned(), "100".to_owned())];
    for row in 2..=2000 {
        let before = row - 1;
        cells.push((format!("B{row}"), format!("=B{before}*(1+$A$1)")));
        cells.push((format!("C{row}"), format!("=B{row}-B{before}")));
        cells.push((format!("D{row}"), format!("=IF(C{row}>0,C{row},0)")));
        cells.push((
            format!("E{row}"),
            if row == 2 { "=D2".to_owned() } else { format!("=D{row}+E{before}") },
        ));
    }
    cells.push(("F1".to_owned(), "=SUM(D2:D2000)".to_owned()));
    let cells: Vec<(&str, &str)> = cells.iter().map(|(cell, text)| (cell.as_str(), text.as_str())).collect();
    for outputs in [&["F1"][..], &["E2000"][..], &["F1", "E2000"][..]] {
        let compiled = compile(&mut workbook(&cells), &selection(&[("A1", 0.01)], outputs)).unwrap();
        assert!(compiled.plan.slots < 20, "{} slots", compiled.plan.slots);
    }
}

#[test]
fn inputs_that_miss_their_cell_are_told() {
    let cells = [("A1", "Price"), ("B1", "3"), ("C1", "=B1*2"), ("D1", "=C1+1")];
    let told = |input: &str| {
        let selected = selection(&[(input, 1.0), ("B1", 1.0)], &["D1"]);
        compile(&mut workbook(&cells), &selected).unwrap().warnings
    };
    assert_eq!(
        told("A1"),
        ["input S!A1 reaches no output; its cell holds the text \"Price\": is it the right cell?"]
    );
    assert_eq!(told("E9"), ["input S!E9 reaches no output: is it the right cell?"]);
    let replaced = told("C1");
    assert_eq!(replaced[0], "input S!C1 takes the place of the formula =B1*2");
    assert_eq!(replaced[1], "input S!B1 reaches no output: is it the right cell?");
}

#[test]
fn a_circle_is_no_obstacle_to_checking_the_rest() {
    let mut model = workbook(&[("A1", "=B1"), ("B1", "=A1"), ("C1", "=1+1"), ("D1", "=A1+1")]);
    model.sheets[0].cells.as_mut_slice()[2].value = Value::Number(2.0);
    model.sheets[0].cells.as_mut_slice()[3].value = Value::Number(1.0);
    let report = super::check(&mut model).unwrap();
    assert_eq!((report.formula_cells, report.agree), (4, 2));
    let cells: Vec<&str> = report.unsupported.iter().map(|each| each.cell.as_str()).collect();
    assert_eq!(cells, ["S!A1", "S!B1"]);
}

/// Compiles one output with every number an input, and runs it.
fn live(cells: &[(&str, &str)], output: &str) -> Value {
    let inputs: Vec<(&str, f64)> =
        cells.iter().filter_map(|(cell, text)| Some((*cell, text.parse().ok()?))).collect();
    let compiled = compile(&mut workbook(cells), &selection(&inputs, &[output])).unwrap();
    *run(&compiled.plan).last().unwrap()
}

#[test]
fn a_condition_and_a_number_made_alike_stay_apart() {
    let cells =
        [("A1", "0.4"), ("B1", "=A1>0.3"), ("B2", "=1-(A1<=0.3)"), ("C1", "=SUM(B1:B1)+10*SUM(B2:B2)")];
    assert_eq!(live(&cells, "C1"), Value::Number(10.0));
    let cells =
        [("A1", "0.4"), ("B1", "=IF(A1>0.3,TRUE,FALSE)"), ("B2", "=IF(A1>0.3,1,0)"), ("C1", "=SUM(B1:B2)")];
    assert_eq!(live(&cells, "C1"), Value::Number(1.0));
}

#[test]
fn computed_references_reach_cells_that_nothing_else_asked_for() {
    let cells =
        [("A1", "1"), ("A2", "2"), ("B1", "=A1*10"), ("B2", "=A2*10"), ("C1", "=SUMIF(A1:A2,\">0\",B1)")];
    assert_eq!(live(&cells, "C1"), Value::Number(30.0));
    let cells = [("A1", "1"), ("B1", "=A1*2"), ("C1", "=A1*3"), ("D1", "=SUM(A1:INDEX(B1:C1,1,2))")];
    assert_eq!(live(&cells, "D1"), Value::Number(6.0));
}

#[test]
fn what_cannot_be_computed_is_no_error_to_be_caught() {
    for formula in [
        "=ROWS(OFFSET(A1,0,0,5,1))*A1",
        "=IFERROR(ROW(INDIRECT(\"A5\")),100)*A1",
        "=IFERROR(SUM(A1:OFFSET(A1,2,0)),0)*A1",
        "=IFERROR(SUM((A1,OFFSET(A1,1,0))),7)*A1",
        "=IFERROR(SUMPRODUCT(OFFSET(A1,0,0),A1:A1),7)*A1",
    ] {
        let error = compile_live(&[("A1", "1")], formula).unwrap_err();
        assert!(matches!(error, CompileError::Unsupported(_)), "{formula}: {error}");
    }
}

#[test]
fn empty_cells_behind_the_last_used_one_count() {
    let cells = [("A1", "1"), ("A2", "2"), ("B1", "3")];
    for (formula, expected) in [
        ("=COUNTIF(A1:A10,\"\")", 8.0),
        ("=COUNTIF(A1:A10,\"<>2\")", 9.0),
        ("=COUNTIF(A:A,\"\")", 1_048_574.0),
        ("=COUNTIFS(A:A,\"<>1\",B:B,\"\")", 1_048_575.0),
        ("=SUMPRODUCT((A1:A10<5)*1)", 10.0),
        ("=SUMPRODUCT(A1:A3*B1:B3)", 3.0),
        ("=SUMPRODUCT(--(A:A>0),B:B)", 3.0),
        ("=LOOKUP(2,A1:C9)", 0.0),
    ] {
        let compiled = compile_live(&cells, formula).unwrap();
        assert_eq!(*run(&compiled.plan).last().unwrap(), Value::Number(expected), "{formula}");
    }
}

#[test]
fn empty_cells_of_whole_columns_count_in_arrays() {
    let cells = [("A1", "1"), ("A2", "2"), ("B1", "3")];
    for (formula, expected) in [
        ("=SUMPRODUCT(--(A:A=\"\"))", 1_048_574.0),
        ("=SUMPRODUCT(--ISBLANK(A:A),1-(B:B>0))", 1_048_574.0),
        ("=SUMPRODUCT((A:A<A2)*1)", 1_048_575.0),
        ("=SUMPRODUCT((A:A=A2)*B:B)", 0.0),
        ("=SUM(IF(A:A>1,A:A,-1))", 2.0 - 1_048_575.0),
        ("=SUM((A:A+1)*1)", 1_048_579.0),
        ("=COUNT(1/(A:A<>\"\"))", 2.0),
        ("=COUNT(A:A*1)", 1_048_576.0),
        ("=MAX((A:A<>\"\")*-5)", 0.0),
        ("=MIN(IF(A:A=\"\",7))", 7.0),
        ("=AVERAGE(IF(A:A>0,A:A))", 1.5),
        ("=LOOKUP(2,1/(A:A<>\"\"),A:A)", 2.0),
        ("=SUM(2:2*1)", 2.0),
        ("=SMALL(A1:A2,ROW(2:2))", 2.0),
        ("=SUM(COLUMN(B:B)*A1:A2)", 6.0),
        ("=MATCH(1,(A:A=A2)*(B:B=0),0)", 2.0),
        ("=IFERROR(MATCH(5,(A:A=A2)*1,0),-1)", -1.0),
    ] {
        let compiled = compile_array(&cells, formula).unwrap();
        assert_eq!(*run(&compiled.plan).last().unwrap(), Value::Number(expected), "{formula}");
    }
}

#[test]
fn where_empty_cells_of_whole_columns_would_change_what_is_not_counted_it_is_refused() {
    for formula in [
        "=AVERAGE(A:A*1)",
        "=AND(A:A>0)",
        "=COUNTA(A:A&\"\")",
        "=A1*MAX(ROW(A:A))",
        "=SUMPRODUCT((A:A<>\"\")*ROW(A:A))",
        "=MATCH(TRUE,INDEX(A:A=\"\",0),0)",
        "=SUM(A:A*B1:C1)",
    ] {
        let error = compile_array(&[("A1", "1"), ("A2", "2"), ("B1", "3")], formula).unwrap_err();
        let CompileError::Unsupported(uses) = &error else { panic!("{formula}: {error}") };
        assert_eq!(uses.len(), 1, "{formula}: {error}");
        assert!(error.to_string().contains("whose empty cells count"), "{formula}: {error}");
    }
}

#[test]
fn a_text_that_each_machine_reads_by_its_settings_is_taken_for_no_number() {
    for text in ["2024-01-10", "12:30", "€100"] {
        for formula in [format!("=A1+\"{text}\""), "=A1*INT(B1)".to_owned(), "=A1+MAX(B1:B1+0)".to_owned()] {
            let error = compile_array(&[("A1", "1"), ("B1", text)], &formula).unwrap_err().to_string();
            assert!(error.contains("which each machine reads by its own settings"), "{formula}: {error}");
        }
        let compiled =
            compile_array(&[("A1", "1"), ("B1", text)], "=A1+SUM(B1:B1)+COUNT(B1:B1)+(B1<>\"\")").unwrap();
        assert_eq!(*run(&compiled.plan).last().unwrap(), Value::Number(2.0), "{text}");
    }
}

#[test]
fn an_uncertain_choice_of_ranges_is_made_place_by_place() {
    let cells = [("A1", "1"), ("B1", "10"), ("B2", "20"), ("C1", "1"), ("C2", "2")];
    for (formula, expected) in [
        ("=SUM(IF(A1>0,B1:B2,C1:C2))", 30.0),
        ("=SUM(IF(A1>0,B1:B2,0))", 30.0),
        ("=AVERAGE(IF(A1>5,B1:B2,7))", 7.0),
        ("=SUM(CHOOSE(A1,B1:B2,C1:C2))", 30.0),
    ] {
        let compiled = compile_live(&cells, formula).unwrap();
        assert_eq!(*run(&compiled.plan).last().unwrap(), Value::Number(expected), "{formula}");
    }
    assert!(compile_live(&cells, "=SUM(IF(A1>0,B1:B2,B1:C2))").is_err());
}

#[test]
fn a_place_is_no_need_for_its_cell() {
    let cells = [("A1", "2"), ("B1", "=ROW(B1)*A1"), ("B2", "=ROWS(B$1:B2)+B1")];
    assert_eq!(live(&cells, "B2"), Value::Number(4.0));
}

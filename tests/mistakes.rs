//! Mistakes that programs of this kind really made, each of which must not happen here.

#[expect(dead_code, reason = "every test crate uses its own part of it")]
mod program;

use program::{Folder, committed, fermiac, number, refusal, run};
use serde_json::Value;

#[test]
fn a_missing_cell_is_refused_and_never_a_small_random_number() {
    let model = committed("examples/project_npv.xlsx");
    let message = refusal(&model, &["--output", "Nowhere!B3"]);
    assert!(message.contains("Nowhere"), "{message}");
    let folder = Folder::new();
    let message = refusal(&folder.model(&[("x", "normal(0, 1)")], &[("y", "=x+absent")], &["y"]), &[]);
    assert!(message.contains("absent"), "{message}");
}

#[test]
fn a_failing_trial_is_counted_and_never_a_number() {
    let folder = Folder::new();
    let model = folder.model(&[("x", "bernoulli(0.25)")], &[("y", "=1/x")], &["y"]);
    let result = run(&model, &["--trials", "10_000"]);
    let errors = number(&result, &["outputs", "y", "errors", "#DIV/0!"]);
    assert!((errors - 7500.0).abs() < 4.0 * f64::sqrt(10_000.0 * 0.25 * 0.75), "{errors}");
    assert_eq!(number(&result, &["outputs", "y", "min"]), 1.0);
    assert_eq!(number(&result, &["outputs", "y", "max"]), 1.0);
    assert_eq!(filled_bins(&result["outputs"]["y"]), [10_000.0 - errors]);
}

#[test]
fn a_constant_output_has_no_invented_histogram() {
    let folder = Folder::new();
    let result = run(&folder.model(&[("x", "normal(0, 1)")], &[("y", "=5+0*x")], &["y"]), &[]);
    let y = &result["outputs"]["y"];
    assert_eq!(number(y, &["std_dev"]), 0.0);
    assert_eq!((number(y, &["min"]), number(y, &["max"])), (5.0, 5.0));
    assert_eq!(filled_bins(y), [10_000.0], "all in one place");
    assert!(y["sensitivity"][0]["rank_correlation"].is_null());
}

#[test]
fn no_formula_that_an_input_reaches_is_frozen_at_its_stored_value() {
    for (workbook, input, outputs) in [
        // The anchor of an array formula, a cell that it fills, and a sum over them.
        ("arrays", "Arrays!A3=uniform(0, 1)", ["Arrays!F1", "Arrays!H3", "Arrays!S1"]),
        // The anchor of a shared formula, a copy, and the far end of a block of copies.
        ("shared", "Shared!A2=uniform(0, 1)", ["Shared!B2", "Shared!C20", "Shared!F20"]),
        ("references", "Data!A3=uniform(0, 1)", ["Out!A3", "Out!A16", "Out!A31"]),
        ("tables", "'Sales sheet'!C3=uniform(5, 15)", ["'Sales sheet'!E3", "Out!A1", "Out!A15"]),
        ("names", "Out!A20=uniform(0, 1)", ["Out!D1", "Out!D8", "'Other sheet'!D3"]),
    ] {
        let mut arguments = vec!["--trials", "1000", "--input", input];
        for output in outputs {
            arguments.extend(["--output", output]);
        }
        let result = run(&committed(&format!("tests/workbooks/{workbook}.xlsx")), &arguments);
        for output in outputs {
            assert!(number(&result, &["outputs", output, "std_dev"]) > 0.0, "{workbook}: {output}");
        }
    }
}

#[test]
fn a_text_key_finds_its_row_in_every_trial() {
    let folder = Folder::new();
    let cells = [
        ("zone", "=IF(x>0,\"Flood\",\"fire\")"),
        ("deductible", "=VLOOKUP(zone,{\"fire\",25;\"flood\",100},2,FALSE)"),
    ];
    let result = run(&folder.model(&[("x", "normal(0, 1)")], &cells, &["deductible"]), &[]);
    let deductible = &result["outputs"]["deductible"];
    assert_eq!((number(deductible, &["min"]), number(deductible, &["max"])), (25.0, 100.0));
    assert!((number(deductible, &["mean"]) - 62.5).abs() < 2.0, "{deductible}");
}

#[test]
fn an_engine_that_is_not_there_is_refused_and_not_replaced() {
    let model = committed("examples/european_call.json");
    let finished = fermiac(&["run", model.to_str().unwrap(), "--device", "cuda", "--json"]);
    match finished.code {
        Some(0) => assert!(finished.stdout.contains("\"device\": \"cuda\""), "{}", finished.stdout),
        code => assert_eq!((code, finished.stdout.as_str()), (Some(2), "")),
    }
}

#[test]
fn percent_cells_are_not_scaled() {
    let result = run(&committed("examples/project_npv.xlsx"), &[]);
    // Shown as 4.0 % in the workbook; normal(0.04, 0.015).
    let mean = number(&result, &["inputs", "Assumptions!B4", "mean"]);
    assert!((mean - 0.04).abs() < 4.0 * 0.015 / 100.0, "{mean}");
}

#[test]
fn no_formula_of_a_large_model_is_left_out() {
    let folder = Folder::new();
    let names: Vec<String> = (0..7000).map(|number| format!("step_{number}")).collect();
    let formulas: Vec<String> = (0..7000)
        .map(|number| if number == 0 { "=x".to_owned() } else { format!("=step_{}+1", number - 1) })
        .collect();
    let cells: Vec<(&str, &str)> =
        names.iter().map(String::as_str).zip(formulas.iter().map(String::as_str)).collect();
    let result = run(&folder.model(&[("x", "uniform(0, 1)")], &cells, &["step_6999"]), &["--trials", "100"]);
    assert!(number(&result, &["outputs", "step_6999", "min"]) >= 6999.0);
    assert!(number(&result, &["outputs", "step_6999", "max"]) <= 7000.0);
}

#[test]
fn all_that_is_unsupported_on_the_path_is_named() {
    let folder = Folder::new();
    let cells = [("a", "=NOSUCHFUNCTION(x)"), ("b", "=ANOTHERONE(x)+a"), ("c", "=b"), ("off", "=THIRD(1)")];
    let message = refusal(&folder.model(&[("x", "normal(0, 1)")], &cells, &["c"]), &[]);
    assert!(message.contains("NOSUCHFUNCTION") && message.contains("ANOTHERONE"), "{message}");
    assert!(!message.contains("THIRD"), "no input reaches it: {message}");
}

#[test]
fn a_cycle_is_refused_with_its_cells() {
    let folder = Folder::new();
    let cells = [("first", "=second+x"), ("second", "=first*2"), ("third", "=second")];
    let message = refusal(&folder.model(&[("x", "normal(0, 1)")], &cells, &["third"]), &[]);
    assert!(message.contains("first") && message.contains("second"), "{message}");
}

#[test]
fn bad_parameters_are_refused_by_name_and_value() {
    let folder = Folder::new();
    for (distribution, name, value) in
        [("normal(0, -2)", "std_dev", "-2"), ("uniform(3, 1)", "max", "1"), ("bernoulli(1.5)", "p", "1.5")]
    {
        let message = refusal(&folder.model(&[("x", distribution)], &[("y", "=x")], &["y"]), &[]);
        assert!(message.contains('x') && message.contains(name) && message.contains(value), "{message}");
    }
}

/// The counts of a histogram that are not 0.
fn filled_bins(output: &Value) -> Vec<f64> {
    let counts = output["histogram"]["counts"].as_array().expect("an output has a histogram");
    counts.iter().filter_map(Value::as_f64).filter(|count| *count > 0.0).collect()
}

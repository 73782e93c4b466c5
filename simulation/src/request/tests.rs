use super::*;
use fermiac_model::compile::Output;

fn read(text: &str) -> SimulationRequest {
    SimulationRequest::from_json(text.as_bytes()).unwrap()
}

fn refusal(text: &str) -> String {
    match SimulationRequest::from_json(text.as_bytes()).unwrap_err() {
        Failure::Refused(reason) => reason,
        other => panic!("{other:?} is no refusal"),
    }
}

const FULL: &str = r#"{ "workbook": "4f7c", "inputs": {"Sheet1!B2": "normal(10, 2)", "b": "uniform(0, 1)"},
    "outputs": ["Sheet1!D9", "Sheet1!D10=Cost", {"cell": "Sheet1!D12", "name": "NPV"}, {"cell": "'a=b'!C1"}],
    "trials": "1e6", "seed": 18446744073709551615, "until": "mean(NPV)+-7%", "samples": true }"#;

#[test]
fn a_request_says_what_the_command_line_can() {
    let request = read(FULL);
    assert!(matches!(&request.model, ModelSource::Workbook(id) if id == "4f7c"));
    let settings = &request.settings;
    assert_eq!((settings.trials.count(), settings.seed), (1_000_000, u64::MAX));
    assert_eq!((settings.sampling, settings.keep_samples), (Sampling::Random, true));
    assert_eq!(settings.until, Some("mean(NPV)+-7%".parse().unwrap()));
    let cells: Vec<&str> = request.selection.inputs.iter().map(|input| input.cell.as_str()).collect();
    assert_eq!(cells, ["Sheet1!B2", "b"]);
    let output = |cell: &str, name: Option<&str>| Output { cell: cell.into(), name: name.map(Into::into) };
    let outputs = [
        output("Sheet1!D9", None),
        output("Sheet1!D10", Some("Cost")),
        output("Sheet1!D12", Some("NPV")),
        output("'a=b'!C1", None),
    ];
    assert_eq!(request.selection.outputs, outputs);
}

#[test]
fn what_is_not_said_has_the_default_of_the_command_line() {
    let request = read(r#" {"model": {"inputs": {"x": "normal(0, 1)"}, "outputs": ["x"]}}"#);
    assert_eq!(request.settings, Settings::default());
    assert_eq!((request.settings.trials.count(), request.settings.seed), (10_000, 1));
    let model = request.json_model().unwrap();
    assert_eq!(model, br#"{"inputs": {"x": "normal(0, 1)"}, "outputs": ["x"]}"#, "as it was written");
}

#[test]
fn a_request_survives_being_written_down() {
    for text in [FULL, r#"{"model": {"cells": {"a": 1, "a": 2}}, "sampling": "sobol", "trials": 5}"#] {
        let request = read(text);
        let written = serde_json::to_string(&request).unwrap();
        let again = read(&written);
        assert_eq!(again.selection, request.selection);
        assert_eq!(again.settings, request.settings);
        assert_eq!(again.json_model(), request.json_model());
        assert_eq!(serde_json::to_string(&again).unwrap(), written);
        let value: serde_json::Value = serde_json::from_str(&written).unwrap();
        let of_value: SimulationRequest = serde_json::from_value(value).unwrap();
        assert_eq!(of_value.selection, request.selection);
    }
}

#[test]
fn what_cannot_be_is_refused_with_where_and_why() {
    let whole = |rest: &str| format!(r#"{{"workbook": "w"{rest}}}"#);
    for (rest, expected) in [
        (r#", "trails": 5"#, "trails: unknown field"),
        (r#", "trials": 0"#, "trials: at least 1"),
        (r#", "trials": -5"#, "trials: at least 1"),
        (r#", "trials": 1.5"#, "trials: trials are whole"),
        (r#", "trials": 2e9"#, "trials: too many"),
        (r#", "trials": "many""#, "trials: not a number of trials"),
        (r#", "trials": true"#, "trials: invalid type"),
        (r#", "trials": 5, "trials": 6"#, "duplicate field `trials`"),
        (r#", "seed": -1"#, "seed: invalid value"),
        (r#", "sampling": "halton""#, "sampling: unknown variant `halton`, expected one of `random`"),
        (r#", "until": "mean(NPV)""#, "until: write it as"),
        (r#", "sampling": "lhs", "until": "mean(NPV)+-1%""#, "until: it judges independent trials"),
        (r#", "inputs": {"A1": "normal(1)"}"#, "input A1: "),
        (r#", "inputs": {"A1": "constant(1)", "$a$1": "constant(1)"}"#, "input $a$1 is given twice"),
        (r#", "inputs": {" ": "constant(1)"}"#, "an input has no cell"),
        (r#", "inputs": ["A1"]"#, "inputs: invalid type: sequence, expected an object such as"),
        (r#", "outputs": ["A1", 5]"#, "outputs[1]: invalid type: integer `5`, expected a cell such as"),
        (r#", "outputs": [""]"#, "outputs[0]: output \"\""),
        (r#", "outputs": [{"cell": "A1", "nom": "x"}]"#, "outputs[0].nom: unknown field"),
        (r#", "outputs": [{"cell": "A1", "name": " "}]"#, "outputs[0]: an output needs a cell"),
        (r#", "outputs": ["A1", "a1"]"#, "output a1 is given twice"),
        (r#", "model": {}"#, "model and workbook: give one of them"),
        (r#"} x {"#, "the request: trailing characters"),
    ] {
        let message = refusal(&whole(rest));
        assert!(message.contains(expected), "{rest}: {message}");
    }
    for (text, expected) in [
        ("{}", "give a model, or the id of a workbook"),
        (r#"{"workbook": " "}"#, "workbook: it has to name one"),
        ("[1]", "the request: expected an object"),
        ("", "the request: expected an object"),
        ("{", "the request: EOF"),
    ] {
        let message = refusal(text);
        assert!(message.contains(expected), "{text}: {message}");
    }
}

#[test]
fn a_request_past_its_bound_is_refused_unread() {
    let message = SimulationRequest::from_json(&vec![b' '; MAX_REQUEST_BYTES + 1]).unwrap_err().to_string();
    assert!(message.contains("the request is too large"), "{message}");
}

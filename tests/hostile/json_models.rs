//! JSON models that are large, deep, or not what they seem.

use crate::package::Model;

fn json(text: &str) -> Model {
    Model::new("model.json", text.as_bytes())
}

#[test]
fn large_models_are_refused() {
    let padding = " ".repeat(100 << 20);
    json(&format!("{{{padding}}}")).is_refused("100 MB of blanks", &[], &["too large"]);
    let cells: String = (0..4_000_000).map(|number| format!("\"c{number}\":\"=x+{number}\",")).collect();
    json(&format!("{{\"cells\":{{{cells}\"z\":1}},\"outputs\":[\"z\"]}}")).is_refused(
        "4 million cells",
        &[],
        &["too large"],
    );
    for place in ["outputs", "cells\":{\"a"] {
        let text = format!("{{\"{place}\":[{}1]", "1,".repeat(7_500_000));
        json(&text).is_refused("a list of 7.5 million", &[], &["model.json", "invalid type"]);
    }
    let cells: String = (0..250_001).map(|number| format!("\"c{number}\":1,")).collect();
    json(&format!("{{\"cells\":{{{cells}\"z\":1}}}}")).is_refused(
        "a cell too many",
        &[],
        &["cells", "250000"],
    );
    let cells: String = (0..1_500_000).map(|number| format!("\"c{number}\":1,")).collect();
    json(&format!("{{\"cells\":{{{cells}\"z\":1}}}}")).is_refused("1.5 million cells", &[], &["model.json"]);
}

#[test]
fn nested_models_are_refused() {
    for (case, open, close) in [("a million lists", "[", "]"), ("a million objects", "{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(1_000_000), close.repeat(1_000_000));
        json(&format!("{{\"cells\":{{\"a\":{deep}}}}}")).is_refused(case, &[], &["model.json"]);
        json(&format!("{{\"unknown\":{deep}}}")).is_refused(case, &[], &["unknown"]);
    }
}

#[test]
fn names_given_twice_are_refused() {
    let twice =
        "{\"inputs\":{\"x\":\"normal(0,1)\"},\"cells\":{\"y\":\"=x\",\"Y\":\"=2*x\"},\"outputs\":[\"y\"]}";
    json(twice).is_refused("one name twice", &[], &["cells.Y", "rename"]);
    json("{\"cells\":{},\"cells\":{}}").is_refused("one field twice", &[], &["duplicate field `cells`"]);
}

#[test]
fn numbers_beyond_all_bounds_are_refused() {
    for number in ["1e999", "-1e400", &"9".repeat(100_000)] {
        json(&format!("{{\"cells\":{{\"a\":{number}}},\"outputs\":[\"a\"]}}")).is_refused(
            "a huge number",
            &[],
            &["model.json", "out of range"],
        );
    }
}

#[test]
fn cells_in_a_circle_are_refused() {
    let model = json("{\"cells\":{\"a\":\"=b\",\"b\":\"=a\"},\"outputs\":[\"a\"]}");
    model.is_refused("cells in a circle", &[], &["circular", "a -> b"]);
    let cells: Vec<String> = (0..100_000).map(|n| format!("\"c{n}\":\"=c{}\"", (n + 1) % 100_000)).collect();
    let model = json(&format!("{{\"cells\":{{{}}},\"outputs\":[\"c0\"]}}", cells.join(",")));
    model.is_refused("100,000 cells in a circle", &[], &["circular", "c0"]);
}

#[test]
fn what_is_cut_off_or_no_json_is_refused() {
    let whole = "{\"inputs\":{\"x\":\"normal(0,1)\"},\"cells\":{\"y\":\"=2*x\"},\"outputs\":[\"y\"]}";
    for length in 1..whole.len() {
        json(&whole[..length]).is_refused("JSON cut off", &[], &["model.json"]);
    }
    Model::new("m.json", b"{\"cells\":{\"a\xff\":1}}").is_refused("no UTF-8", &[], &["m.json"]);
    let long = "x".repeat(10 << 20);
    json(&format!("{{\"cells\":{{\"{long}\":1}}}}")).is_refused("a name of 10 MB", &[], &["name"]);
    json(&format!("{{\"inputs\":{{\"x\":\"{long}\"}}}}")).is_refused(
        "a distribution of 10 MB",
        &[],
        &["1 MiB"],
    );
}

#[test]
fn a_chain_of_many_cells_is_computed() {
    let cells: Vec<String> = (1..250_000).map(|n| format!("\"c{n}\":\"=c{}+1\"", n - 1)).collect();
    let inputs = "\"inputs\":{\"c0\":\"constant(1)\"}";
    let model = json(&format!("{{{inputs},\"cells\":{{{}}},\"outputs\":[\"c249999\"]}}", cells.join(",")));
    assert_eq!(model.mean("a chain of 250,000 names", &[]), 250_000.0);
}

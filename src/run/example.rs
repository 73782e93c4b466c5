//! A made-up outcome that drawings are tried on, and its document.

use fermiac_simulation::Sampling;
use fermiac_simulation::outcome::{
    Driver, Histogram, InputOutcome, ModelSize, Outcome, OutputOutcome, Picture, Stopped, Timing,
};

/// A small outcome with everything in it, made up.
pub(crate) fn example() -> Outcome {
    let driver = |input: &str, rank_correlation, contribution_to_variance| Driver {
        input: input.to_owned(),
        rank_correlation,
        contribution_to_variance,
    };
    let input = |name: &str, distribution: &str, mean, std_dev| InputOutcome {
        name: name.to_owned(),
        distribution: distribution.to_owned(),
        mean: Some(mean),
        std_dev: Some(std_dev),
    };
    Outcome {
        model: ModelSize { cells: 1_024, formulas: 720, live_formulas: 64, inputs: 2, outputs: 1 },
        trials: 1_000,
        seed: 1,
        sampling: Sampling::Random,
        device: "cpu".into(),
        stopped: Stopped::Trials,
        timing_ms: Timing { load: 1.5, compile: 0.25, simulate: 12.0 },
        warnings: vec!["macros are ignored".to_owned()],
        inputs: vec![
            ("Inputs!B1".to_owned(), input("Price", "normal(10, 2)", 10.01, 1.99)),
            ("Inputs!B2".to_owned(), input("Inputs!B2", "uniform(0, 1)", 0.5, 0.29)),
        ],
        outputs: vec![(
            "Results!B1".to_owned(),
            OutputOutcome {
                name: "NPV".to_owned(),
                mean: Some(1234.5),
                std_dev: Some(321.0),
                skewness: Some(0.125),
                kurtosis: Some(3.0),
                min: Some(-200.0),
                max: Some(2500.0),
                mean_std_error: Some(10.25),
                errors: vec![("#DIV/0!".into(), 7), ("#NUM!".into(), 0)],
                percentiles: vec![(5.0, Some(700.0)), (50.0, Some(1230.0)), (95.0, Some(1760.0))],
                histogram: Histogram {
                    edges: vec![-200.0, 700.0, 1600.0, 2500.0],
                    counts: vec![43, 850, 100],
                },
                sensitivity: vec![
                    driver("Inputs!B1", Some(-0.25), Some(0.0625)),
                    driver("Inputs!B2", Some(0.75), Some(0.9375)),
                ],
                picture: Picture {
                    histogram: Histogram {
                        edges: vec![0.0, 500.0, 1000.0, 1500.0, 2000.0],
                        counts: vec![60, 230, 480, 218],
                    },
                    below: 3,
                    above: 2,
                    quantiles: vec![
                        (0.0, -200.0),
                        (5.0, 700.0),
                        (50.0, 1230.0),
                        (95.0, 1760.0),
                        (100.0, 2500.0),
                    ],
                },
            },
        )],
    }
}

#[test]
fn the_document_has_the_shape_and_order_of_the_contract() {
    let text = serde_json::to_string(&example()).unwrap();
    let expected = concat!(
        r##"{"model":{"cells":1024,"formulas":720,"live_formulas":64,"inputs":2,"outputs":1},"##,
        r##""trials":1000,"seed":1,"sampling":"random","device":"cpu","stopped":"trials","##,
        r##""timing_ms":{"load":1.5,"compile":0.25,"simulate":12.0},"warnings":["macros are ignored"],"##,
        r##""inputs":{"Inputs!B1":{"name":"Price","distribution":"normal(10, 2)","mean":10.01,"std_dev":1.99},"##,
        r##""Inputs!B2":{"name":"Inputs!B2","distribution":"uniform(0, 1)","mean":0.5,"std_dev":0.29}},"##,
        r##""outputs":{"Results!B1":{"name":"NPV","mean":1234.5,"std_dev":321.0,"skewness":0.125,"##,
        r##""kurtosis":3.0,"min":-200.0,"max":2500.0,"mean_std_error":10.25,"##,
        r##""errors":{"#DIV/0!":7,"#NUM!":0},"percentiles":{"5":700.0,"50":1230.0,"95":1760.0},"##,
        r##""histogram":{"edges":[-200.0,700.0,1600.0,2500.0],"counts":[43,850,100]},"##,
        r##""sensitivity":[{"input":"Inputs!B1","rank_correlation":-0.25,"contribution_to_variance":0.0625},"##,
        r##"{"input":"Inputs!B2","rank_correlation":0.75,"contribution_to_variance":0.9375}]}}}"##,
    );
    assert_eq!(text, expected);
}

#[test]
fn where_no_number_exists_there_is_null() {
    let mut outcome = example();
    outcome.outputs[0].1.skewness = None;
    outcome.outputs[0].1.percentiles[0].1 = None;
    let text = serde_json::to_string(&outcome).unwrap();
    assert!(text.contains(r#""skewness":null"#) && text.contains(r#""percentiles":{"5":null"#));
}

#[test]
fn drivers_are_sorted_by_strength_whatever_their_sign() {
    let outcome = example();
    let drivers = outcome.outputs[0].1.strongest_drivers(10);
    assert_eq!(drivers[0].input, "Inputs!B2");
    assert_eq!(outcome.outputs[0].1.strongest_drivers(1).len(), 1);
}

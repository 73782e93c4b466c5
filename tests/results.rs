//! Numbers that are known beforehand, and that they depend on model, seed and trials alone.

#[expect(dead_code, reason = "every test crate uses its own part of it")]
mod program;

use program::{Folder, committed, fermiac_in, number, run, without_timing};
use serde_json::Value;

/// Black and Scholes 1973: S = K = 100, r = 3 %, sigma = 20 %, one year.
const CALL: f64 = 9.413403383853016;
/// Of its discounted payoff, from the second moment in closed form.
const CALL_STD_DEV: f64 = 14.110880913798345;

/// Standard errors of an estimate that a right program passes all but once in 16,000 seeds; the seed is fixed.
const ERRORS: f64 = 4.0;

#[test]
fn european_call_is_worth_what_black_and_scholes_say() {
    let trials = 400_000.0;
    let result = run(&committed("examples/european_call.json"), &["--trials", "400_000"]);
    let payoff = &result["outputs"]["payoff"];
    let error = CALL_STD_DEV / f64::sqrt(trials);
    assert!((number(payoff, &["mean"]) - CALL).abs() < ERRORS * error, "{payoff}");
    assert!((number(payoff, &["mean_std_error"]) / error - 1.0).abs() < 0.01, "{payoff}");
    assert_eq!(number(payoff, &["percentiles", "25"]), 0.0, "48 % of options end without value");
    assert_eq!(number(payoff, &["min"]), 0.0);
}

/// A distribution with its mean, standard deviation and 1st, 50th and 99th percentile (SciPy).
const DISTRIBUTIONS: [(&str, f64, f64, [f64; 3]); 13] = [
    ("normal(10, 2)", 10.0, 2.0, [5.3473042519183185, 10.0, 14.652695748081682]),
    ("normal(10, 2, shift=-3)", 7.0, 2.0, [2.3473042519183185, 7.0, 11.652695748081682]),
    (
        "normal(0, 1, truncate_min=-1, truncate_max=2)",
        0.22963717909132902,
        0.7209455868590458,
        [-0.9667232518503338, 0.17116391801782482, 1.8672107987812512],
    ),
    ("lognormal(100, 30)", 100.0, 30.0, [48.383448098284404, 95.78262852211522, 189.6167447175148]),
    ("uniform(-1, 3)", 1.0, 1.1547005383792515, [-0.96, 1.0, 2.96]),
    (
        "triangular(1, 3, 6)",
        3.333333333333333,
        1.0274023338281628,
        [1.316227766016838, 3.26138721247417, 5.612701665379258],
    ),
    (
        "pert(10, 14, 30)",
        16.0,
        3.464101615137755,
        [10.462690523845295, 15.533445187850377, 24.971186572592696],
    ),
    (
        "pert(10, 14, 30, lambda=2)",
        17.0,
        4.266145801540309,
        [10.315769968829203, 16.460828781363162, 27.253141886358904],
    ),
    (
        "beta(2, 5)",
        0.2857142857142857,
        0.15971914124998499,
        [0.026763191142755053, 0.26444998329566005, 0.7056863283197075],
    ),
    (
        "beta(0.5, 0.8, min=-1, max=2)",
        0.15384615384615374,
        0.9623742187249604,
        [-0.9996035026520762, -0.054454839151486745, 1.9797158095041496],
    ),
    ("exponential(4)", 4.0, 4.0, [0.04020134341400577, 2.772588722239781, 18.420680743952364]),
    ("bernoulli(0.3)", 0.3, 0.458257569495584, [0.0, 0.0, 1.0]),
    ("constant(7)", 7.0, 0.0, [7.0, 7.0, 7.0]),
];

#[test]
fn distributions_have_their_moments_and_tails() {
    let trials = 200_000.0;
    for (distribution, mean, std_dev, percentiles) in DISTRIBUTIONS {
        let folder = Folder::new();
        let model = folder.model(&[("x", distribution)], &[("y", "=x")], &["y"]);
        let result = run(&model, &["--trials", "200_000"]);
        let y = &result["outputs"]["y"];
        let error = std_dev / f64::sqrt(trials);
        assert!((number(y, &["mean"]) - mean).abs() <= ERRORS * error, "{distribution}: {y}");
        // Heavy tails make the deviation less sure than a normal's; 2 % is four errors of the lognormal's.
        assert!((number(y, &["std_dev"]) - std_dev).abs() <= 0.02 * std_dev, "{distribution}: {y}");
        for (percent, expected) in ["1", "50", "99"].into_iter().zip(percentiles) {
            let found = number(y, &["percentiles", percent]);
            assert!((found - expected).abs() <= 0.04 * std_dev, "{distribution}: {percent} %: {found}");
        }
    }
}

#[test]
fn weights_of_values_are_their_probabilities() {
    let folder = Folder::new();
    let inputs = [("d", "discrete({1, 5, 20}, {3, 2, 5})"), ("n", "integer_uniform(1, 6)")];
    let cells = [("one", "=IF(d=1,1,0)"), ("five", "=IF(d=5,1,0)"), ("six", "=IF(n=6,1,0)"), ("die", "=n")];
    let result =
        run(&folder.model(&inputs, &cells, &["one", "five", "six", "die"]), &["--trials", "200_000"]);
    for (output, probability) in [("one", 0.3), ("five", 0.2), ("six", 1.0 / 6.0)] {
        let mean = number(&result, &["outputs", output, "mean"]);
        assert!((mean - probability).abs() < ERRORS * f64::sqrt(0.25 / 200_000.0), "{output}: {mean}");
    }
    assert_eq!(number(&result, &["outputs", "die", "min"]), 1.0);
    assert_eq!(number(&result, &["outputs", "die", "max"]), 6.0);
}

#[test]
fn threads_do_not_change_the_result() {
    for model in ["examples/project_npv.xlsx", "examples/retirement.xlsx", "examples/european_call.json"] {
        let model = committed(model);
        let of = |threads| without_timing(run(&model, &["--trials", "20_000", "--threads", threads]));
        let one = of("1").to_string();
        assert_eq!(one, of("2").to_string());
        assert_eq!(one, of("7").to_string());
    }
}

#[test]
fn the_width_of_the_registers_does_not_change_the_result() {
    for model in ["examples/project_npv.xlsx", "examples/insurance_loss.xlsx", "examples/european_call.json"]
    {
        let model = committed(model);
        let arguments = ["run", model.to_str().unwrap(), "--json", "--trials", "20_000"];
        let of = |simd| fermiac_in(&[("FERMIAC_SIMD", simd)], &arguments);
        let document = |simd| {
            let finished = of(simd);
            let lacking = finished.code == Some(2) && finished.stderr.contains("this processor lacks");
            if lacking {
                eprintln!("SKIPPED: {simd}: {}", finished.stderr);
            }
            (!lacking).then(|| without_timing(serde_json::from_str(&finished.stdout).unwrap()).to_string())
        };
        let portable = document("portable");
        for simd in ["avx2", "avx512"] {
            let vectorised = document(simd);
            assert!(vectorised.is_none() || vectorised == portable, "{simd}");
        }
    }
    assert_eq!(
        fermiac_in(&[("FERMIAC_SIMD", "abacus")], &["run", "examples/european_call.json"]).code,
        Some(2)
    );
}

#[test]
fn another_seed_is_another_result() {
    let model = committed("examples/european_call.json");
    let mean = |seed| number(&run(&model, &["--seed", seed]), &["outputs", "payoff", "mean"]);
    assert_eq!(mean("1"), mean("1"));
    assert_ne!(mean("1"), mean("2"));
}

#[test]
fn an_unrelated_input_leaves_the_draws_of_the_others_alone() {
    let folder = Folder::new();
    let cells = [("y", "=x*2"), ("z", "=1")];
    let alone = run(&folder.model(&[("x", "normal(0, 1)")], &cells, &["y"]), &[]);
    let inputs = [("a", "uniform(0, 1)"), ("x", "normal(0, 1)"), ("w", "normal(0, 1)")];
    let beside = run(&folder.model(&inputs, &[("y", "=x*2"), ("v", "=a+w")], &["v", "y"]), &[]);
    let statistics = |result: &Value| {
        let mut y = result["outputs"]["y"].clone();
        y["sensitivity"].take();
        y
    };
    assert_eq!(statistics(&alone), statistics(&beside));
    assert_eq!(alone["inputs"]["x"], beside["inputs"]["x"]);
}

#[test]
fn one_trial_is_the_same_alone_and_in_the_full_run() {
    let folder = Folder::new();
    let samples = folder.path("samples.csv");
    let model = committed("examples/project_npv.xlsx");
    run(&model, &["--trials", "5000", "--samples", samples.to_str().unwrap()]);
    let text = std::fs::read_to_string(samples).unwrap();
    let columns: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    for trial in ["0", "4095", "4096", "4999"] {
        let alone = run(&model, &["--trial", trial]);
        let line = text.lines().find(|line| line.split(',').next() == Some(trial)).unwrap();
        for (column, field) in columns.iter().zip(line.split(',')).skip(1) {
            let group = if alone["inputs"].get(*column).is_some() { "inputs" } else { "outputs" };
            let value = &alone[group][*column]["value"];
            let same =
                value.as_f64().map_or(value.as_str() == Some(field), |value| field.parse() == Ok(value));
            assert!(same, "trial {trial}, {column}: {value} alone, {field} in the full run");
        }
    }
}

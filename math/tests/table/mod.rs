//! Reads tables of true values and holds the functions against them.

use fermiac_math as math;

/// The greatest error of a function over a table.
#[derive(Debug)]
pub struct Worst {
    /// In units in the last place of the true value.
    pub ulps: f64,
    /// Where.
    pub arguments: Vec<f64>,
    /// How many lines the table has.
    pub count: usize,
}

/// The greatest error of the function called `name` over the lines of `table`: arguments, then the true value as a
/// sum of two doubles, all as bit patterns.
pub fn worst_error(name: &str, table: &str) -> Result<Worst, String> {
    let mut worst = Worst { ulps: 0.0, arguments: Vec::new(), count: 0 };
    for line in table.lines() {
        let numbers: Vec<f64> = line
            .split_whitespace()
            .map(|word| u64::from_str_radix(word, 16).map(f64::from_bits))
            .collect::<Result<_, _>>()
            .map_err(|error| format!("{line}: {error}"))?;
        let [arguments @ .., high, low] = numbers.as_slice() else {
            return Err(format!("a short line: {line}"));
        };
        let value = evaluate(name, arguments)?;
        let ulps = (((value - high) - low) / ulp(*high)).abs();
        worst.count += 1;
        if ulps > worst.ulps || ulps.is_nan() {
            worst.ulps = ulps;
            worst.arguments = arguments.to_vec();
        }
    }
    Ok(worst)
}

fn evaluate(name: &str, arguments: &[f64]) -> Result<f64, String> {
    Ok(match (name, arguments) {
        ("exp", [x]) => math::exp(*x),
        ("ln", [x]) => math::ln(*x),
        ("ln_1p", [x]) => math::ln_1p(*x),
        ("log10", [x]) => math::log10(*x),
        ("normal_cdf", [x]) => math::normal_cdf(*x),
        ("normal_pdf", [x]) => math::normal_pdf(*x),
        ("normal_quantile", [x]) => math::normal_quantile(*x),
        ("normal_quantile_of_draws", [x]) => math::QuantileRows::get().quantile(*x),
        ("pow", [x, y]) => math::pow(*x, *y),
        _ => return Err(format!("no function {name} of {} arguments", arguments.len())),
    })
}

/// The distance from `x` to the next double away from 0.
fn ulp(x: f64) -> f64 {
    let x = x.abs();
    f64::from_bits(x.to_bits() + 1) - x
}

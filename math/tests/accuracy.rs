//! The functions against tables of true values, and at the ends of their domains.

mod table;

use fermiac_math::{exp, ln, ln_1p, log10, normal_cdf, normal_pdf, normal_quantile, pow};
use proptest::prelude::*;

macro_rules! within {
    ($($function:ident: $ulps:literal,)+) => {$(
        #[test]
        fn $function() {
            let text = include_str!(concat!("reference/", stringify!($function), ".txt"));
            let worst = table::worst_error(stringify!($function), text).unwrap();
            assert!(worst.count == 400 && worst.ulps < $ulps, "{worst:?}");
        }
    )+};
}

/// Errors over the tables stay below these, in ulps.
mod error_is_small_for {
    use super::table;

    within! {
        exp: 0.9,
        ln: 0.9,
        ln_1p: 1.5,
        log10: 0.52,
        pow: 0.9,
        normal_cdf: 4.0,
        normal_pdf: 2.0,
        normal_quantile: 2.0,
        normal_quantile_of_draws: 2.0,
    }
}

const INF: f64 = f64::INFINITY;

#[test]
fn exp_at_the_ends() {
    assert_eq!(exp(0.0), 1.0);
    assert_eq!(exp(709.782712893384), 1.7976931348622732e308);
    assert_eq!(exp(709.7827128933841), INF);
    assert_eq!(exp(INF), INF);
    assert_eq!(exp(-INF), 0.0);
    assert_eq!(exp(-745.0), 5e-324);
    assert_eq!(exp(-745.2), 0.0);
    assert_eq!(exp(-720.0).to_bits(), 2.0322308024e-313f64.to_bits());
    assert!(exp(f64::NAN).is_nan());
}

#[test]
fn logarithms_at_the_ends() {
    for f in [ln, log10] {
        assert_eq!(f(1.0), 0.0);
        assert_eq!(f(0.0), -INF);
        assert_eq!(f(-0.0), -INF);
        assert_eq!(f(INF), INF);
        assert!(f(-1.0).is_nan() && f(-INF).is_nan() && f(f64::NAN).is_nan());
    }
    assert_eq!(ln(5e-324), -744.4400719213812);
    assert_eq!((ln_1p(-1.0), ln_1p(0.0), ln_1p(INF)), (-INF, 0.0, INF));
    assert_eq!(ln_1p(1e-300), 1e-300);
    assert!(ln_1p(-1.5).is_nan() && ln_1p(f64::NAN).is_nan());
}

#[test]
fn powers_of_ten_have_whole_logarithms() {
    for n in -307..=308 {
        let power: f64 = format!("1e{n}").parse().unwrap();
        assert_eq!(log10(power), f64::from(n));
        if (0..=22).contains(&n) {
            assert_eq!(pow(10.0, f64::from(n)), power);
        }
    }
}

#[test]
fn pow_of_small_integers_is_exact() {
    for base in 2..=30u64 {
        for exponent in 0..=10u32 {
            let Some(exact) = base.checked_pow(exponent).filter(|exact| *exact < 1 << 53) else { continue };
            assert_eq!(pow(base as f64, f64::from(exponent)), exact as f64);
            let signed = if exponent % 2 == 0 { exact as f64 } else { -(exact as f64) };
            assert_eq!(pow(-(base as f64), f64::from(exponent)), signed);
        }
    }
    assert_eq!(pow(2.25, 0.5), 1.5);
    assert_eq!(pow(27.0, 1.0 / 3.0), 3.0);
}

#[test]
fn pow_at_the_ends() {
    let cases = [
        (0.0, 0.0, 1.0),
        (f64::NAN, 0.0, 1.0),
        (1.0, f64::NAN, 1.0),
        (1.0, INF, 1.0),
        (-1.0, INF, 1.0),
        (0.0, 3.0, 0.0),
        (0.0, 0.5, 0.0),
        (0.0, -2.0, INF),
        (-0.0, -3.0, -INF),
        (2.0, INF, INF),
        (2.0, -INF, 0.0),
        (0.5, INF, 0.0),
        (0.5, -INF, INF),
        (INF, 2.0, INF),
        (INF, -2.0, 0.0),
        (-INF, 3.0, -INF),
        (2.0, 1023.0, 8.98846567431158e307),
        (2.0, 1024.0, INF),
        (2.0, -1074.0, 5e-324),
        (2.0, -1076.0, 0.0),
        (-2.0, 1025.0, -INF),
        (5e-324, 2.0, 0.0),
        (f64::MAX, f64::MAX, INF),
        (f64::MAX, -f64::MAX, 0.0),
    ];
    for (x, y, expected) in cases {
        assert_eq!(pow(x, y), expected, "{x}^{y}");
    }
    for (x, y) in [(-8.0, 1.0 / 3.0), (f64::NAN, 1.0), (2.0, f64::NAN), (-0.5, 1.5)] {
        assert!(pow(x, y).is_nan(), "{x}^{y}");
    }
}

#[test]
fn normal_functions_at_the_ends() {
    assert_eq!((normal_cdf(-INF), normal_cdf(0.0), normal_cdf(INF)), (0.0, 0.5, 1.0));
    assert_eq!((normal_cdf(-50.0), normal_cdf(50.0)), (0.0, 1.0));
    assert_eq!((normal_pdf(INF), normal_pdf(-50.0)), (0.0, 0.0));
    assert_eq!((normal_quantile(0.0), normal_quantile(0.5), normal_quantile(1.0)), (-INF, 0.0, INF));
    assert!(normal_cdf(f64::NAN).is_nan() && normal_pdf(f64::NAN).is_nan());
    for p in [-1e-300, 1.0 + f64::EPSILON, f64::NAN, INF, -INF] {
        assert!(normal_quantile(p).is_nan(), "{p}");
    }
    assert!((normal_quantile(5e-324) + 38.46740561714435).abs() < 1e-13);
    assert!((normal_quantile(0.975) - 1.959963984540054).abs() < 1e-15);
}

#[test]
fn the_quantile_joins_at_the_seams() {
    // Around the probabilities where the pieces meet, neighbours must be in order and close together.
    for seam in [0.0013153_f64, 1.27e-16, 1.0 - 0.0013153] {
        let mut before = f64::NEG_INFINITY;
        for step in 0..2000 {
            let z = normal_quantile(seam + seam.min(1.0 - seam) * f64::from(step - 1000) * 1e-6);
            assert!(z > before, "{seam} {step}");
            assert!(before == f64::NEG_INFINITY || z - before < 4e-5);
            before = z;
        }
    }
}

proptest! {
    #[test]
    fn exp_is_monotone(x in -740.0f64..709.0, step in 1e-12f64..1.0) {
        prop_assert!(exp(x) <= exp(x + step));
    }

    #[test]
    fn ln_undoes_exp(x in -700.0f64..700.0) {
        prop_assert!((ln(exp(x)) - x).abs() <= 4e-16 * x.abs().max(1.0));
    }

    #[test]
    fn the_normal_distribution_is_symmetric(x in 0.0f64..8.0) {
        prop_assert!((normal_cdf(-x) + normal_cdf(x) - 1.0).abs() < 3e-16);
        prop_assert_eq!(normal_pdf(x), normal_pdf(-x));
    }

    #[test]
    fn the_quantile_undoes_the_distribution_function(x in -37.0f64..5.0) {
        // Towards 1 the probability itself loses digits.
        let slack = if x > 0.0 { 1e-16 / normal_pdf(x) } else { 0.0 };
        prop_assert!((normal_quantile(normal_cdf(x)) - x).abs() < 3e-15 * x.abs().max(0.1) + 2.0 * slack);
    }

    #[test]
    fn the_quantile_is_symmetric_on_the_lattice(k in 0u64..1 << 51) {
        let u = (k as f64 + 0.5) / 4_503_599_627_370_496.0;
        prop_assert_eq!(normal_quantile(u), -normal_quantile(1.0 - u));
    }
}

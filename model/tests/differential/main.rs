//! Formulas made at random, each computed in three ways that must agree: by another spreadsheet engine, folded by
//! the compiler, and on the tape.
//!
//! `PROPTEST_CASES=100000 cargo test -p fermiac-model --test differential` looks further than the default does.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

mod choices;
mod departures;
mod engine;
mod formula;
mod functions;
mod ironcalc_values;
mod literals;
mod sheet;
mod tape;

use std::cell::Cell;

use proptest::prelude::ProptestConfig;
use proptest::test_runner::{RngAlgorithm, TestError, TestRng, TestRunner};

/// So many cases, the same every time; or as many as `PROPTEST_CASES` says, others every time.
fn runner(cases: u32) -> TestRunner {
    let config =
        ProptestConfig { failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() {
        return TestRunner::new(config);
    }
    let config = ProptestConfig { cases, ..config };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Fails with the simplest case found, without the words that it was made of.
fn assert_holds(result: Result<(), TestError<Vec<u16>>>) {
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, _) | TestError::Abort(reason)) => panic!("{reason}"),
    }
}

/// Counts what a property has looked at, so that one that skips too much is seen.
#[derive(Debug, Default)]
struct Tally {
    compared: Cell<u64>,
    skipped: Cell<u64>,
}

impl Tally {
    fn compared(&self) {
        self.compared.set(self.compared.get() + 1);
    }

    fn skipped(&self) {
        self.skipped.set(self.skipped.get() + 1);
    }

    /// Asserts that at least `share` of the formulas were compared.
    fn assert_share(&self, share: f64) {
        let (compared, skipped) = (self.compared.get(), self.skipped.get());
        println!("{compared} formulas compared, {skipped} left out");
        assert!(compared as f64 >= share * (compared + skipped) as f64, "too many formulas are left out");
    }
}

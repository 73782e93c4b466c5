//! Random plans over random inputs.

use std::cell::RefCell;

use crate::draws::{distributions, draw};
use crate::host::{Host, assert_agree};
use crate::random_plans::{INPUTS, any_draft, plan_of};
use fermiac_kernels::random::Sampling;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const PLANS: u32 = 3000;
const TRIALS: usize = 40;

#[test]
fn random_plans_give_the_bits_of_the_engine() {
    let Some(host) = Host::start() else { return };
    let host = RefCell::new(host);
    // Inputs that cost tables by the dozen of microseconds, not milliseconds.
    let cheap: Vec<&str> = distributions().filter(|text| !text.starts_with("beta(0.0")).collect();
    let inputs = prop::collection::vec(prop::sample::select(cheap), INPUTS as usize);
    let samplings = [Sampling::Random, Sampling::Sobol, Sampling::LatinHypercube { trials: 1 << 20 }];
    let run = (any::<u64>(), prop::sample::select(samplings.to_vec()), 0..1u64 << 19);
    let plans = (prop::collection::vec(any_draft(), 1..40), any::<bool>(), inputs, run);
    let config = Config { failure_persistence: None, ..Config::with_cases(PLANS) };
    let outcome = TestRunner::new(config).run(&plans, |(drafts, plain, inputs, (seed, sampling, first))| {
        let mut plan = plan_of(&drafts);
        // Uniforms of -3..3, as they come, are at home in every function; the others reach further.
        if !plain {
            plan.draws = inputs.iter().enumerate().map(|(index, text)| draw(index, text)).collect();
        }
        assert_agree(&mut host.borrow_mut(), &plan, (seed, sampling), first, TRIALS);
        Ok(())
    });
    outcome.unwrap();
}

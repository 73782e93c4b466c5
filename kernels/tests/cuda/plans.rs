//! Random plans over random inputs.

use std::cell::RefCell;

use crate::draws::{any_cheap_distribution, any_sampling, draws};
use crate::host::{Host, assert_agree};
use crate::random_plans::{INPUTS, any_draft, plan_of};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const PLANS: u32 = 3000;
const TRIALS: usize = 40;

#[test]
fn random_plans_give_the_bits_of_the_engine() {
    let Some(host) = Host::start() else { return };
    let host = RefCell::new(host);
    let inputs = prop::collection::vec(any_cheap_distribution(), INPUTS as usize);
    let run = (any::<u64>(), any_sampling(), 0..1u64 << 19);
    let plans = (prop::collection::vec(any_draft(), 1..40), any::<bool>(), inputs, run);
    let config = Config { failure_persistence: None, ..Config::with_cases(PLANS) };
    let outcome = TestRunner::new(config).run(&plans, |(drafts, plain, inputs, (seed, sampling, first))| {
        let mut plan = plan_of(&drafts);
        // Uniforms of -3..3, as they come, are at home in every function; the others reach further.
        if !plain {
            plan.draws = draws(inputs);
        }
        assert_agree(&mut host.borrow_mut(), &plan, (seed, sampling), first, TRIALS);
        Ok(())
    });
    outcome.unwrap();
}

//! The models that a newcomer runs.

use std::fs::{read, read_dir};
use std::path::Path;

use crate::host::{Host, assert_agree};
use fermiac_kernels::random::Sampling;
use fermiac_model::compile::compile;
use fermiac_model::plan::Plan;
use fermiac_model::{json_model, selection, workbook};

const TRIALS: usize = 3000;

#[test]
fn every_example_gives_the_bits_of_the_engine() {
    let Some(mut host) = Host::start() else { return };
    let trials = TRIALS as u64;
    for plan in plans() {
        for sampling in [Sampling::Random, Sampling::Sobol, Sampling::LatinHypercube { trials }] {
            assert_agree(&mut host, &plan, (1, sampling), 0, TRIALS);
        }
    }
}

/// The plans of all examples.
pub fn plans() -> Vec<Plan> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let files =
        read_dir(folder).expect("the examples are there").map(|entry| entry.expect("they are").path());
    let plans: Vec<Plan> = files.filter_map(|path| plan_of(&path)).collect();
    assert!(plans.len() >= 5, "the examples are there");
    plans
}

/// Nothing for a file that is no model.
fn plan_of(path: &Path) -> Option<Plan> {
    const IT_IS_A_MODEL: &str = "every example is a model";
    let (mut workbook, selection) = match path.extension()?.to_str()? {
        "json" => json_model::read(&read(path).expect(IT_IS_A_MODEL)).expect(IT_IS_A_MODEL),
        "xlsx" => {
            let mut workbook = workbook::open(path).expect(IT_IS_A_MODEL);
            let selection = selection::take_sheet(&mut workbook).expect(IT_IS_A_MODEL);
            (workbook, selection)
        }
        _ => return None,
    };
    Some(compile(&mut workbook, &selection).expect(IT_IS_A_MODEL).plan)
}

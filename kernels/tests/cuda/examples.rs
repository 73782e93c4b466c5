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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let files = read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let plans: Vec<Plan> = files.filter_map(|path| plan_of(&path)).collect();
    assert!(plans.len() >= 5, "the examples are there");
    let trials = TRIALS as u64;
    for plan in plans {
        for sampling in [Sampling::Random, Sampling::Sobol, Sampling::LatinHypercube { trials }] {
            assert_agree(&mut host, &plan, (1, sampling), 0, TRIALS);
        }
    }
}

/// Nothing for a file that is no model.
fn plan_of(path: &Path) -> Option<Plan> {
    let (mut workbook, selection) = match path.extension()?.to_str()? {
        "json" => json_model::read(&read(path).unwrap()).unwrap(),
        "xlsx" => {
            let mut workbook = workbook::open(path).unwrap();
            let selection = selection::take_sheet(&mut workbook).unwrap();
            (workbook, selection)
        }
        _ => return None,
    };
    Some(compile(&mut workbook, &selection).unwrap().plan)
}

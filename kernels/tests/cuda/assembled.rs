//! Whether the assembler of the GPUs takes the code that is made for plans.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::draws::{distributions, draws, tied};
use crate::examples;
use crate::host::image_of;
use crate::random_plans::{INPUTS, any_draft, plan_of};
use crate::random_rows::any_plan_with_rows;
use fermiac_kernels::engine::cuda::generated::Generated;
use fermiac_kernels::random::Sampling;
use fermiac_model::compile::compile;
use fermiac_model::json_model;
use fermiac_model::plan::Plan;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Each is a process of a second or so.
const PLANS: u32 = 12;

/// NVIDIA's assembler, which `cuda/compile --fetch` brings.
fn assembler() -> Option<PathBuf> {
    let folders = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../cuda-compilers/lib");
    let versions = std::fs::read_dir(folders).into_iter().flatten().flatten();
    let within = "site-packages/nvidia/cuda_nvcc/bin/ptxas";
    let found = versions.map(|version| version.path().join(within)).find(|path| path.exists());
    if found.is_none() {
        eprintln!("skipped: there is no assembler; kernels/cuda/compile --fetch brings it");
    }
    found
}

#[track_caller]
fn assert_assembles(assembler: &Path, plan: &Plan, sampling: Sampling) {
    let Some(generated) = Generated::new(plan, &image_of(plan, 1, sampling)) else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let thread = format!("{:?}", std::thread::current().id());
    let [text, made] = ["ptx", "cubin"].map(|kind| folder.join(format!("generated-{thread}.{kind}")));
    std::fs::write(&text, &generated.ptx).expect("the folder is cargo's own");
    for architecture in ["sm_70", "sm_90"] {
        let mut command = Command::new(assembler);
        command.arg(format!("--gpu-name={architecture}")).arg("-o").arg(&made).arg(&text);
        let output = command.output().expect("it is there");
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words}\n{}", text.display());
    }
}

#[test]
fn the_code_of_every_example_assembles() {
    let Some(assembler) = assembler() else { return };
    for plan in examples::plans() {
        assert_assembles(&assembler, &plan, Sampling::Random);
    }
}

/// More than comes in place of calls, so that some of them stay.
#[test]
fn the_code_of_many_draws_and_exponentials_assembles() {
    let Some(assembler) = assembler() else { return };
    // Powers of 3 lead through all inputs in no order that repeats, so that there are no rows.
    let order = std::iter::successors(Some(1), |input| Some(input * 3 % 31)).take(30);
    let inputs: Vec<String> = (1..31).map(|input| format!("\"x{input}\": \"normal(0, 1)\"")).collect();
    let cell = |x| format!("\"y{x}\": \"=EXP(x{x})+LN({x}.5+x{x}^2)\"");
    let cells: Vec<String> = order.clone().map(cell).collect();
    let sum: Vec<String> = order.map(|x| format!("y{x}")).collect();
    let (inputs, cells, sum) = (inputs.join(", "), cells.join(", "), sum.join("+"));
    let model =
        format!(r#"{{"inputs": {{{inputs}}}, "cells": {{{cells}, "s": "={sum}"}}, "outputs": ["s"]}}"#);
    let (mut workbook, selection) = json_model::read(model.as_bytes()).expect("it is a model");
    let plan = compile(&mut workbook, &selection).expect("it can be simulated").plan;
    let text = Generated::new(&plan, &image_of(&plan, 1, Sampling::Random)).expect("it is not too long").ptx;
    assert!(
        ["independent", "standard_normal", "exponential"]
            .iter()
            .any(|function| { text.contains(&format!(", fermiac_{function}, ")) })
    );
    assert_assembles(&assembler, &plan, Sampling::Random);
}

#[test]
fn the_code_of_random_plans_assembles() {
    let Some(assembler) = assembler() else { return };
    let texts: Vec<&str> = distributions().collect();
    let inputs = prop::collection::vec(prop::sample::select(texts), INPUTS as usize);
    let samplings = prop::sample::select(vec![Sampling::Random, Sampling::Sobol]);
    let plans = (prop::collection::vec(any_draft(), 1..200), inputs, samplings, any::<bool>());
    let config = Config { failure_persistence: None, max_shrink_iters: 0, ..Config::with_cases(PLANS) };
    let outcome = TestRunner::new(config).run(&plans, |(drafts, inputs, sampling, are_tied)| {
        let mut plan = plan_of(&drafts);
        plan.draws = draws(inputs);
        if are_tied {
            plan.correlations = tied();
        }
        assert_assembles(&assembler, &plan, sampling);
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn the_code_of_rows_that_repeat_assembles() {
    let Some(assembler) = assembler() else { return };
    let config = Config { failure_persistence: None, max_shrink_iters: 0, ..Config::with_cases(PLANS) };
    let outcome = TestRunner::new(config).run(&any_plan_with_rows(), |plan| {
        assert_assembles(&assembler, &plan, Sampling::Random);
        Ok(())
    });
    outcome.unwrap();
}

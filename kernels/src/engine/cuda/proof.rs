//! That a GPU comes to the processor's bits, for every plan before its results count.
//!
//! The same source makes both, tests hold one to the other, and IEEE 754 leaves nothing open. But between that source and
//! the GPU stand a compiler, the driver's assembler and a chip, any of which may be at fault, and a wrong number looks like any
//! other. So the first trials that are evaluated are evaluated here too, and so are the first statistics made.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{CudaEngineError, FaultKind};
use crate::engine::cpu::CpuEngine;
use crate::engine::{Engine, Reduced};
use crate::statistics::errors::ErrorCounts;
use crate::statistics::moments::{BLOCK, Moments};
use crate::statistics::sifted::Mesh;

/// So many trials: one of every thread of a block.
const TRIALS: usize = 128;

/// What is known of one plan on one GPU.
#[derive(Debug, Default)]
pub(super) struct Proof {
    /// Of so many trials.
    values: AtomicUsize,
    reductions: Mutex<bool>,
}

impl Proof {
    /// Whether enough values have been compared, and were right.
    pub fn is_of_values(&self) -> bool {
        self.values.load(Ordering::Relaxed) >= TRIALS
    }

    /// Compares the first of these values, unless enough have been.
    pub fn of_values(
        &self,
        cpu: &CpuEngine,
        first_trial: u64,
        columns: &[&mut [f64]],
    ) -> Result<(), CudaEngineError> {
        let trials = columns.first().map_or(0, |column| column.len()).min(TRIALS);
        if self.is_of_values() || trials == 0 {
            return Ok(());
        }
        let mut ours = vec![0.0; columns.len() * trials];
        let mut views: Vec<&mut [f64]> = ours.chunks_mut(trials).collect();
        cpu.evaluate(&mut cpu.scratch(), first_trial, &mut views);
        for (column, (ours, theirs)) in ours.chunks(trials).zip(columns).enumerate() {
            let differs = |(ours, theirs): (&f64, &f64)| ours.to_bits() != theirs.to_bits();
            if let Some(at) = ours.iter().zip(theirs.iter()).position(differs) {
                let (ours, theirs, trial) = (ours[at], theirs[at], first_trial + at as u64);
                return Err(wrong(format!(
                    "trial {trial} of column {column} is {ours:?} ({:016x}), not {theirs:?} ({:016x})",
                    ours.to_bits(),
                    theirs.to_bits()
                )));
            }
        }
        self.values.fetch_add(trials, Ordering::Relaxed);
        Ok(())
    }

    /// Compares what `reduce` makes of a block of trials with what `evaluate` says of them, unless that has been done; says
    /// whether it has. Whoever else asks waits for it.
    pub fn of_reductions(
        &self,
        (trials, columns): (usize, usize),
        meshes: &[Mesh],
        evaluate: impl FnOnce(&mut [&mut [f64]]) -> Result<(), CudaEngineError>,
        reduce: impl FnOnce(usize) -> Result<Option<Reduced>, CudaEngineError>,
    ) -> Result<bool, CudaEngineError> {
        let mut is_proven = self.reductions.lock().unwrap_or_else(PoisonError::into_inner);
        if *is_proven {
            return Ok(true);
        }
        let trials = trials.min(BLOCK);
        let mut values = vec![0.0; columns * trials];
        let mut views: Vec<&mut [f64]> = values.chunks_mut(trials).collect();
        evaluate(&mut views)?;
        let Some(reduced) = reduce(trials)? else { return Ok(false) };
        compare(&values, trials, meshes, &reduced)?;
        *is_proven = true;
        Ok(true)
    }
}

/// Compares the statistics of one block.
fn compare(values: &[f64], trials: usize, meshes: &[Mesh], reduced: &Reduced) -> Result<(), CudaEngineError> {
    let of_block = reduced.blocks.first().map_or(&[][..], Vec::as_slice);
    if (of_block.len(), reduced.sifted.len()) != (values.len() / trials, meshes.len()) {
        return Err(wrong("statistics are missing".to_owned()));
    }
    for (column, (values, (moments, errors))) in values.chunks(trials).zip(of_block).enumerate() {
        if bits(&Moments::of_block(values)) != bits(moments) || ErrorCounts::of(values) != *errors {
            return Err(wrong(format!("the moments of column {column} are others")));
        }
    }
    let outputs = values.chunks(trials).rev().take(meshes.len()).rev();
    for (output, (values, (mesh, sifted))) in outputs.zip(meshes.iter().zip(&reduced.sifted)).enumerate() {
        if !mesh.sift(values).is_same(sifted) {
            return Err(wrong(format!("the counts of output {output} are others")));
        }
    }
    Ok(())
}

/// Bit by bit, as no comparison of numbers takes them. What bits a NaN has that an operation makes is left to the processor.
fn bits(moments: &Moments) -> [u64; 7] {
    let Moments { count, mean, m2, m3, m4, min, max } = *moments;
    let [mean, m2, m3, m4, min, max] = [mean, m2, m3, m4, min, max]
        .map(|number| if number.is_nan() { f64::NAN.to_bits() } else { number.to_bits() });
    [count, mean, m2, m3, m4, min, max]
}

fn wrong(reason: String) -> CudaEngineError {
    CudaEngineError::Gpu { doing: "being compared with the processor", reason, kind: FaultKind::Wrong }
}

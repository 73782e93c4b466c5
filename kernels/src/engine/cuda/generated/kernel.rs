//! The whole kernel: what is about the trials, with the tape in it.

use std::fmt::Write as _;

use fermiac_model::plan::Plan;

use super::KERNEL;
use super::constants::WithConstants;
use super::in_place::in_place;
use super::instructions::Tape;
use super::library::Library;
use super::region::Text;
use super::repeat::Stretch;
use super::value::{Predicate, Register};
use crate::engine::image::Image;

/// How many registers there are.
#[derive(Debug, Default)]
pub(super) struct Registers {
    doubles: u32,
    predicates: u32,
}

impl Registers {
    pub(super) fn double(&mut self) -> Register {
        self.doubles += 1;
        Register(self.doubles - 1)
    }

    pub(super) fn predicate(&mut self) -> Predicate {
        self.predicates += 1;
        Predicate(self.predicates - 1)
    }
}

/// What is the same for all trials. `%pitch` leads from a column to the next.
const BEFORE_ALL_TRIALS: &str = "	ld.param.u64 %words, [words];
	ld.param.u64 %first_trial, [first_trial];
	ld.param.u64 %trials, [trials];
	ld.param.u64 %columns, [columns];
	cvta.to.global.u64 %columns, %columns;
	cvta.to.global.u64 %own, %words;
	ld.global.nc.u64 %seed, [%own];
	mov.u32 %block, %ctaid.x;
	mov.u32 %blocks, %nctaid.x;
	mov.u32 %block_threads, %ntid.x;
	mov.u32 %thread, %tid.x;
	mul.wide.u32 %index, %block, %block_threads;
	cvt.u64.u32 %own, %thread;
	add.u64 %index, %index, %own;
	mul.wide.u32 %threads, %blocks, %block_threads;
	shl.b64 %pitch, %trials, 3;
";

/// Each thread takes every so-and-so-manieth trial, as in `cuda/interpreter.cu`. `%at` is where the trial's value is in the
/// first wanted column.
const UNTIL_A_TRIAL: &str = "$next:
	setp.ge.u64 %is_done, %index, %trials;
	@%is_done bra $done;
	add.u64 %trial, %first_trial, %index;
	shl.b64 %at, %index, 3;
	add.u64 %at, %columns, %at;
";

/// The same by pairs: `%index` numbers them, the first trial of a pair being even. Of the first pair and of the last one trial
/// may not be wanted: it is evaluated all the same, and goes nowhere.
const UNTIL_A_PAIR: &str = "	shr.u64 %own, %first_trial, 1;
	add.u64 %index, %index, %own;
	add.u64 %end, %first_trial, %trials;
	add.u64 %pairs, %end, 1;
	shr.u64 %pairs, %pairs, 1;
$next:
	setp.ge.u64 %is_done, %index, %pairs;
	@%is_done bra $done;
	shl.b64 %trial, %index, 1;
	sub.s64 %at, %trial, %first_trial;
	shl.b64 %at, %at, 3;
	add.u64 %at, %columns, %at;
	setp.ge.u64 %is_wanted, %trial, %first_trial;
";

/// Between the trials of a pair.
pub(super) const TO_THE_OTHER: [&str; 3] =
    ["add.u64 %trial, %trial, 1", "add.u64 %at, %at, 8", "setp.lt.u64 %is_wanted, %trial, %end"];
/// Holds for a trial of a pair that goes to the columns.
pub(super) const IS_WANTED: &str = "%is_wanted";

const AFTER_A_TRIAL: &str = "	add.u64 %index, %index, %threads;
	bra $next;
$done:
	ret;
";

/// The kernel's text with the functions that it calls before it, from a tape that is cut into stretches.
pub(super) fn written(plan: &Plan, image: &Image, stretches: &[Stretch], has_pairs: bool) -> String {
    let text = if has_pairs {
        Tape::of_pairs(plan, image, stretches)
    } else {
        Tape::written(plan, image, stretches)
    };
    let Text { way, aside, registers, .. } = text;
    let has_runs = way.contains("%slots");
    let way = in_place(&way);
    // A kernel of pairs is short.
    let way = if has_pairs { WithConstants::of(&way) } else { WithConstants::none(way) };
    let mut kernel = way.memory();
    let _ = write!(
        kernel,
        ".visible .entry {KERNEL}(\n\
         \t.param .u64 words,\n\t.param .u64 first_trial,\n\t.param .u64 trials,\n\
         \t.param .u64 memory,\n\t.param .u64 columns\n)\n{{\n\
         \t.reg .u32 %block, %blocks, %block_threads, %thread;\n\
         \t.reg .u32 %bits;\n\t.reg .u64 %turn, %rows, %row, %constants, %record;\n\
         \t.reg .u64 %words, %first_trial, %trials, %columns, %index, %own, %threads, %pitch, %trial, %at, %to;\n\
         \t.reg .u64 %seed, %pairs, %end;\n\
         \t.reg .pred %is_done, %is_wanted;\n\t.reg .f64 %f<{}>;\n\t.reg .pred %p<{}>;\n",
        registers.doubles.max(1),
        registers.predicates.max(1),
    );
    kernel.push_str(&way.registers());
    let parts = [("slots", plan.slots as usize, has_runs)];
    let parts = parts.into_iter().chain([("uniforms", plan.draws.len(), !plan.correlations.is_empty())]);
    for (name, numbers, _) in parts.filter(|(_, _, is_used)| *is_used) {
        let bytes = numbers.max(1) * size_of::<f64>();
        let _ = writeln!(kernel, "\t.local .align 8 .b8 {name}[{bytes}];\n\t.reg .u64 %{name};");
        let _ = writeln!(kernel, "\tmov.u64 %{name}, {name};\n\tcvta.local.u64 %{name}, %{name};");
    }
    let until = if has_pairs { UNTIL_A_PAIR } else { UNTIL_A_TRIAL };
    kernel.extend([BEFORE_ALL_TRIALS, &way.loads(), until, &way.text, AFTER_A_TRIAL, &aside, "}\n"]);
    Library::get().needed_by(&kernel) + &kernel
}

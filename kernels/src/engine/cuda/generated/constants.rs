//! Constants in registers, for short kernels.
//!
//! Half of a double can be part of a machine instruction, the other half then being zero. Any other constant takes NVIDIA's
//! assembler two instructions whenever it is used, as it sees no need to keep it. So a kernel with registers to spare loads
//! its constants before the first trial, from memory, of which the assembler cannot know what it holds.

use std::fmt::Write as _;

/// A register each, of two words.
const MOST: usize = 32;
/// What the text of a double begins with, and how long it is.
const BEGINNING: &str = "0d";
const LENGTH: usize = 18;
/// Its lower half, where that is zero.
const ZERO_HALF: &str = "00000000";

/// A text that has its constants in registers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct WithConstants {
    /// The text.
    pub(super) text: String,
    /// In the order of their registers.
    constants: Vec<String>,
}

impl WithConstants {
    /// The text, as it is.
    pub(super) fn none(text: String) -> WithConstants {
        WithConstants { text, constants: Vec::new() }
    }

    /// The text with registers in place of constants, the first that there are.
    pub(super) fn of(text: &str) -> WithConstants {
        let mut with = WithConstants::default();
        let mut rest = text;
        while let Some((before, from)) = rest.find(BEGINNING).map(|at| rest.split_at(at)) {
            let (constant, behind) = from.split_at(LENGTH);
            with.text.push_str(before);
            match with.register_of(constant) {
                Some(register) => write!(with.text, "%constant{register}").expect("a text takes all"),
                None => with.text.push_str(constant),
            }
            rest = behind;
        }
        with.text.push_str(rest);
        with
    }

    fn register_of(&mut self, constant: &str) -> Option<usize> {
        if constant.ends_with(ZERO_HALF) {
            return None;
        }
        let known = self.constants.iter().position(|known| known == constant);
        known.or_else(|| {
            (self.constants.len() < MOST).then(|| {
                self.constants.push(constant.to_owned());
                self.constants.len() - 1
            })
        })
    }

    /// The memory that they are loaded from.
    pub(super) fn memory(&self) -> String {
        let count = self.constants.len();
        match count {
            0 => String::new(),
            _ => format!(
                ".global .align 8 .f64 fermiac_constants[{count}] = {{{}}};\n",
                self.constants.join(", ")
            ),
        }
    }

    /// Their registers.
    pub(super) fn registers(&self) -> String {
        format!("\t.reg .f64 %constant<{}>;\n", self.constants.len().max(1))
    }

    /// Loads them.
    pub(super) fn loads(&self) -> String {
        let load = |place: usize| {
            let bytes = place * size_of::<f64>();
            format!("\tld.global.nc.f64 %constant{place}, [fermiac_constants+{bytes}];\n")
        };
        (0..self.constants.len()).map(load).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_that_no_instruction_holds_is_loaded_once() {
        let text = "\tmul.rn.f64 %f2, 0d3FC999999999999A, %f1;\n\tadd.rn.f64 %f3, 0d4059000000000000, %f2;\n\
                    \tfma.rn.f64 %f4, 0d3FC999999999999A, %f3, 0d3F847AE147AE147A;\n";
        let with = WithConstants::of(text);
        let expected = "\tmul.rn.f64 %f2, %constant0, %f1;\n\tadd.rn.f64 %f3, 0d4059000000000000, %f2;\n\
                        \tfma.rn.f64 %f4, %constant0, %f3, %constant1;\n";
        assert_eq!(with.text, expected);
        assert!(
            with.memory().contains("[2] = {0d3FC999999999999A, 0d3F847AE147AE147A};"),
            "{}",
            with.memory()
        );
        assert!(with.loads().contains("%constant1, [fermiac_constants+8];"), "{}", with.loads());
        assert_eq!(WithConstants::of("\tret;\n"), WithConstants::none("\tret;\n".to_owned()));
    }

    #[test]
    fn not_more_are_loaded_than_there_are_registers_for() {
        let text: String = (1..100).map(|number| format!("\tmov.f64 %f1, 0d{number:016X};\n")).collect();
        let with = WithConstants::of(&text);
        assert_eq!((with.constants.len(), with.text.matches("%constant").count()), (MOST, MOST));
    }
}

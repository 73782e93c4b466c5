//! The compiled model: a flat tape of instructions over slots.
//!
//! A plan knows nothing of devices, files or jobs. It is plain old data without pointers: an engine walks
//! [`Plan::instructions`] once for each run of trials, each instruction reading and writing whole slots, one
//! lane a trial. No instruction writes a slot that it also reads.
//!
//! **Slots** hold packed values ([`crate::value::Value::pack`]): finite numbers as themselves, all else as
//! tagged NaNs. A *condition* is the one exception: an operand that the compiler knows to be TRUE, FALSE or
//! an error is held as 1.0, 0.0 or a packed error, so that it is a number to every numeric instruction.

mod opcode;
pub mod scalar;

pub use opcode::{Opcode, Shape};

use crate::distribution::Distribution;

/// Where an instruction finds a value: a slot, or an entry of [`Plan::constants`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Operand(u32);

const CONSTANT_BIT: u32 = 1 << 31;

impl Operand {
    /// The bits of [`Operand::bits`] that are the index.
    pub const INDEX_BITS: u32 = !CONSTANT_BIT;

    /// The operand that reads slot `index`.
    pub fn slot(index: u32) -> Operand {
        debug_assert!(index < CONSTANT_BIT, "slots are bounded far below 2^31");
        Operand(index)
    }

    /// The operand that reads constant `index`.
    pub fn constant(index: u32) -> Operand {
        debug_assert!(index < CONSTANT_BIT, "constants are bounded far below 2^31");
        Operand(index | CONSTANT_BIT)
    }

    /// Which of the two it is.
    #[inline]
    pub fn place(self) -> Place {
        if self.0 & CONSTANT_BIT == 0 { Place::Slot(self.0) } else { Place::Constant(self.0 ^ CONSTANT_BIT) }
    }

    /// The 32 bits: the index, with the top bit set for a constant.
    pub fn bits(self) -> u32 {
        self.0
    }

    /// An operand from its bits.
    pub fn from_bits(bits: u32) -> Operand {
        Operand(bits)
    }
}

/// What an [`Operand`] points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A slot by index.
    Slot(u32),
    /// An entry of [`Plan::constants`].
    Constant(u32),
}

/// One instruction. What the fields mean is told by [`Opcode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Instruction {
    /// What to do.
    pub opcode: Opcode,
    /// The slot written; the column for [`Opcode::Store`].
    pub destination: u32,
    /// First operand, or an index.
    pub a: u32,
    /// Second operand, or a count.
    pub b: u32,
    /// Third operand.
    pub c: u32,
}

/// How one input is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Draw {
    /// Its identity (`Inputs!B1`, or the name in a JSON model): what its random stream hangs on.
    pub identity: String,
    /// 64-bit hash of the identity ([`crate::distribution::identity_hash`]), half of the stream's counter.
    pub stream: u64,
    /// What it is distributed as.
    pub distribution: Distribution,
}

/// What the engine must know of a text to compare and coerce it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextFacts {
    /// Place in the order of texts, case ignored; equal for texts that differ in case alone. The empty text, and
    /// it alone, has [`TextFacts::EMPTY_RANK`], since an empty cell compares as it.
    pub rank: u32,
    /// The text read as a number, packed: a number or `#VALUE!`.
    pub as_number: f64,
    /// The text read as a condition: 1.0, 0.0 or a packed `#VALUE!`.
    pub as_condition: f64,
}

impl TextFacts {
    /// The rank of the text "".
    pub const EMPTY_RANK: u32 = 0;
}

/// Inputs that are drawn together, by a Gaussian copula.
#[derive(Debug, Clone, PartialEq)]
pub struct CorrelationGroup {
    /// Places in [`Plan::draws`]; no input is in two groups.
    pub inputs: Vec<u32>,
    /// What takes independent standard normals to correlated ones: a lower triangle, row by row.
    pub factor: Vec<f64>,
}

/// The compiled model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// The tape, in order.
    pub instructions: Vec<Instruction>,
    /// Operands of instructions that take a run of them.
    pub arguments: Vec<Operand>,
    /// Packed values.
    pub constants: Vec<f64>,
    /// By [`crate::value::TextId`] as renumbered for the plan: only texts that slots can hold.
    pub texts: Vec<TextFacts>,
    /// How many slots the tape uses.
    pub slots: u32,
    /// The inputs, in order; column `i` of the results is input `i`.
    pub draws: Vec<Draw>,
    /// The inputs that are not independent.
    pub correlations: Vec<CorrelationGroup>,
    /// How many outputs; column `draws.len() + j` of the results is output `j`.
    pub outputs: u32,
}

impl Plan {
    /// How many columns of numbers one evaluation makes: inputs, then outputs.
    pub fn columns(&self) -> usize {
        self.draws.len() + self.outputs as usize
    }

    /// What an instruction that takes a run of operands reads of them.
    ///
    /// # Panics
    /// If it passes the end of the arguments.
    pub fn run(&self, instruction: &Instruction) -> &[Operand] {
        &self.arguments[instruction.a as usize..][..instruction.b as usize]
    }
}

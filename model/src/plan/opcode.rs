//! The one list of operations. Every engine executes these, each to the bit of [`super::scalar`].

macro_rules! opcodes {
    ($($(#[doc = $doc:expr])+ $name:ident = $number:literal,)+) => {
        /// What an instruction does. `a`, `b`, `c` are operands unless said otherwise.
        ///
        /// Unless said otherwise operands are numbers, conditions or errors, the first error among `a`, `b`,
        /// `c` (in that order) is the result, and a result that is not finite becomes `#NUM!`. A boolean, text or
        /// empty where a number is due is `#VALUE!`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u32)]
        pub enum Opcode { $($(#[doc = $doc])+ $name = $number,)+ }

        impl Opcode {
            /// Every opcode, in numbering order.
            pub const ALL: &'static [Opcode] = &[$(Opcode::$name,)+];
        }
    };
}

opcodes! {
    /// Writes the draw of input `a` (an index of `Plan::draws`) of this trial.
    Draw = 0,
    /// Adds +0.0 to `a` (so that -0.0 becomes 0.0) and puts it in result column `destination`.
    Store = 1,

    /// a + b.
    Add = 2,
    /// a - b.
    Subtract = 3,
    /// a * b.
    Multiply = 4,
    /// a / b; b = 0 is `#DIV/0!`.
    Divide = 5,
    /// a ^ b; 0^0 is `#NUM!`, 0^negative `#DIV/0!`, negative^fraction `#NUM!` but for the odd roots 1/3, 1/5, ...
    Power = 6,
    /// -a.
    Negate = 7,
    /// |a|.
    Absolute = 8,
    /// -1, 0 or 1.
    Sign = 9,
    /// Square root; negative is `#NUM!`.
    SquareRoot = 10,
    /// e ^ a.
    Exp = 11,
    /// Natural logarithm; a <= 0 is `#NUM!`.
    Ln = 12,
    /// Decimal logarithm; a <= 0 is `#NUM!`.
    Log10 = 13,
    /// a - b * floor(a / b), with the sign of b (0 where rounding would turn the sign); b = 0 is `#DIV/0!`, a
    /// quotient of 1,125,900,000,000 or more `#NUM!`.
    Modulo = 14,
    /// The greatest integer not above a.
    Floor = 15,
    /// a rounded half away from zero at b decimal places (b truncated to an integer).
    Round = 16,
    /// a rounded away from zero at b decimal places.
    RoundUp = 17,
    /// a rounded toward zero at b decimal places.
    RoundDown = 18,
    /// The smaller of a and b.
    Minimum = 19,
    /// The greater of a and b.
    Maximum = 20,
    /// Standard normal distribution function.
    NormalCdf = 21,
    /// Standard normal density.
    NormalPdf = 22,
    /// Standard normal quantile; outside 0 < a < 1 `#NUM!`.
    NormalQuantile = 23,

    /// Condition: a < b.
    Less = 24,
    /// Condition: a <= b.
    LessEqual = 25,
    /// Condition: a = b.
    Equal = 26,
    /// Condition: a <> b.
    NotEqual = 27,
    /// b where condition (or number, 0 is FALSE) a holds, else c, any values; an error in a is the result,
    /// an error in the branch not taken is not.
    Select = 28,

    /// Condition on any packed values: a < b; numbers before texts before booleans, texts without case; an
    /// empty is 0, "" or FALSE, as the other side asks.
    ValueLess = 29,
    /// As [`Opcode::ValueLess`]: a <= b.
    ValueLessEqual = 30,
    /// As [`Opcode::ValueLess`]: a = b.
    ValueEqual = 31,
    /// As [`Opcode::ValueLess`]: a <> b.
    ValueNotEqual = 32,
    /// Condition, never an error: the kind of packed value a is in the mask b. `b` is a bit mask, no operand: bit 0
    /// number, 1 boolean, 2 text, 3 empty, 4 error other than `#N/A`, 5 `#N/A`.
    HasKind = 33,
    /// The packed boolean of condition a.
    PackCondition = 34,
    /// The number that any packed value a stands for in arithmetic: TRUE 1, empty 0, a text as it reads or `#VALUE!`.
    ToNumber = 35,
    /// The condition that any packed value a stands for: a number is <> 0, empty FALSE, a text as it reads or `#VALUE!`.
    ToCondition = 36,

    // Instructions over a run of operands: `arguments[a..a + b]`, any packed values.

    /// The c-th smallest (c truncated, from 1) of the numbers in the run; other values are skipped; the first error
    /// in the run is the result; none, or c out of range, is `#NUM!`.
    Smallest = 37,
    /// As [`Opcode::Smallest`], the c-th greatest.
    Greatest = 38,
    /// The median of the numbers in the run; `c` is unused; none is `#NUM!`.
    Median = 39,
    /// The c-th value of the run (c truncated, from 1), whatever it is; c out of range is `#REF!`.
    Pick = 40,
    /// The place, from 1, of the first value in the run equal to c (texts without case, no coercion); `#N/A` if none.
    /// An error in c is the result, an empty c is 0; errors and empties in the run are passed over.
    MatchExact = 41,
    /// The place of the last value not above c of a run in ascending order, by binary search over the values of
    /// c's type; `#N/A` if none. c and other types as in [`Opcode::MatchExact`].
    MatchAscending = 42,
    /// The place of the last value not below c of a run in descending order; `#N/A` if none.
    MatchDescending = 43,
    /// The rate at which the net present value of the numbers in the run is 0, from guess c; `#NUM!` if none is found,
    /// if the numbers have not both signs, or if c <= -1. The first error in the run, then c's, is the result.
    InternalRate = 44,
}

/// Which fields of an instruction are operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// None: `a` is the index of an input.
    Draw,
    /// `a`.
    One,
    /// `a` and `b`.
    Two,
    /// `a`, `b` and `c`.
    Three,
    /// `arguments[a..a + b]`, and `c`.
    Run,
}

impl Opcode {
    /// Which fields of an instruction with this opcode are operands.
    pub fn shape(self) -> Shape {
        match self {
            Opcode::Draw => Shape::Draw,
            Opcode::Store
            | Opcode::Negate
            | Opcode::Absolute
            | Opcode::Sign
            | Opcode::SquareRoot
            | Opcode::Exp
            | Opcode::Ln
            | Opcode::Log10
            | Opcode::Floor
            | Opcode::NormalCdf
            | Opcode::NormalPdf
            | Opcode::NormalQuantile
            | Opcode::HasKind
            | Opcode::PackCondition
            | Opcode::ToNumber
            | Opcode::ToCondition => Shape::One,
            Opcode::Add
            | Opcode::Subtract
            | Opcode::Multiply
            | Opcode::Divide
            | Opcode::Power
            | Opcode::Modulo
            | Opcode::Round
            | Opcode::RoundUp
            | Opcode::RoundDown
            | Opcode::Minimum
            | Opcode::Maximum
            | Opcode::Less
            | Opcode::LessEqual
            | Opcode::Equal
            | Opcode::NotEqual
            | Opcode::ValueLess
            | Opcode::ValueLessEqual
            | Opcode::ValueEqual
            | Opcode::ValueNotEqual => Shape::Two,
            Opcode::Select => Shape::Three,
            Opcode::Smallest
            | Opcode::Greatest
            | Opcode::Median
            | Opcode::Pick
            | Opcode::MatchExact
            | Opcode::MatchAscending
            | Opcode::MatchDescending
            | Opcode::InternalRate => Shape::Run,
        }
    }
}

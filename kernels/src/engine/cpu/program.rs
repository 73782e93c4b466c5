//! A plan, checked once, in the form that the walk reads.

use fermiac_model::plan::{Instruction, Opcode, Operand, Place, Plan, TextFacts, scalar};
use fermiac_model::value::Value;

/// How a plan breaks its rules. A compiler makes none of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the plan is broken at instruction {instruction}: {what}")]
pub struct PlanError {
    /// Place on the tape; its length if the tape as a whole is at fault.
    pub instruction: usize,
    /// What is wrong.
    pub what: &'static str,
}

/// A value that an instruction reads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Source {
    /// A slot, written before.
    Slot(u32),
    /// The same packed value for every trial.
    Constant(f64),
}

/// One instruction of the walk. Every index in it is in range, and no operand is the slot written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// The same packed value for every trial.
    Fill { destination: u32, value: f64 },
    /// The draws of an input, from its column.
    Draw { destination: u32, column: u32 },
    /// A slot to a result column.
    Store { column: u32, a: u32 },
    /// A constant to a result column.
    StoreConstant { column: u32, value: f64 },
    /// An elementwise operation of two slots.
    OfSlots { opcode: Opcode, destination: u32, a: u32, b: u32 },
    /// An elementwise operation of one slot; the mask is [`Opcode::HasKind`]'s.
    OfSlot { opcode: Opcode, destination: u32, a: u32, mask: u32 },
    /// An elementwise operation of a slot and a constant.
    OfSlotAndConstant { opcode: Opcode, destination: u32, a: u32, b: f64 },
    /// An elementwise operation of a constant and a slot.
    OfConstantAndSlot { opcode: Opcode, destination: u32, a: f64, b: u32 },
    /// A slot as it is.
    Copy { destination: u32, a: u32 },
    /// A choice by the condition in a slot; the branches are an entry of [`Program::branches`].
    Select { destination: u32, condition: u32, branches: u32 },
    /// An instruction over a run; an entry of [`Program::runs`].
    Run { destination: u32, run: u32 },
}

/// The branches of a choice: where the condition holds, and where not.
pub(super) type Branches = (Source, Source);

/// An instruction over a run of operands.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) opcode: Opcode,
    pub(super) operands: Vec<Source>,
    pub(super) c: Source,
}

/// A checked plan.
#[derive(Debug)]
pub(super) struct Program {
    steps: Vec<Step>,
    branches: Vec<Branches>,
    runs: Vec<Run>,
    texts: Vec<TextFacts>,
    slots: usize,
    columns: usize,
}

impl Program {
    /// Checks `plan` and puts it in the walk's form.
    pub(super) fn new(plan: &Plan) -> Result<Program, PlanError> {
        let mut builder = Builder {
            plan,
            written: vec![false; plan.slots as usize],
            stored: vec![false; plan.outputs as usize],
            program: Program {
                steps: Vec::with_capacity(plan.instructions.len()),
                branches: Vec::new(),
                runs: Vec::new(),
                texts: plan.texts.clone(),
                slots: plan.slots as usize,
                columns: plan.columns(),
            },
        };
        for (index, instruction) in plan.instructions.iter().enumerate() {
            builder.add(instruction).map_err(|what| PlanError { instruction: index, what })?;
        }
        let all_stored = builder.stored.iter().all(|stored| *stored);
        require(all_stored, "an output is never stored")
            .map_err(|what| PlanError { instruction: plan.instructions.len(), what })?;
        Ok(builder.program)
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    pub(super) fn branches(&self, index: u32) -> Branches {
        self.branches[index as usize]
    }

    pub(super) fn run(&self, index: u32) -> &Run {
        &self.runs[index as usize]
    }

    pub(super) fn texts(&self) -> &[TextFacts] {
        &self.texts
    }

    pub(super) fn slots(&self) -> usize {
        self.slots
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    pub(super) fn longest_run(&self) -> usize {
        self.runs.iter().map(|run| run.operands.len()).max().unwrap_or(0)
    }
}

/// What is wrong with an instruction.
type Broken = &'static str;

fn require(holds: bool, what: Broken) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(what) }
}

struct Builder<'a> {
    plan: &'a Plan,
    written: Vec<bool>,
    stored: Vec<bool>,
    program: Program,
}

impl Builder<'_> {
    fn add(&mut self, instruction: &Instruction) -> Result<(), Broken> {
        let Instruction { opcode, destination, a, b, c } = *instruction;
        let step = match opcode {
            Opcode::Store => self.store(destination, a)?,
            Opcode::Draw => {
                require((a as usize) < self.plan.draws.len(), "there is no such input")?;
                Step::Draw { destination, column: a }
            }
            Opcode::Select => self.select(destination, [a, b, c])?,
            Opcode::HasKind => match self.source(a)? {
                Source::Slot(a) => Step::OfSlot { opcode, destination, a, mask: b },
                Source::Constant(a) => self.folded(opcode, destination, [a, f64::from(b)]),
            },
            _ if opcode >= Opcode::Smallest => self.run(instruction)?,
            _ if takes_one(opcode) => match self.source(a)? {
                Source::Slot(a) => Step::OfSlot { opcode, destination, a, mask: 0 },
                Source::Constant(a) => self.folded(opcode, destination, [a, 0.0]),
            },
            _ => match (self.source(a)?, self.source(b)?) {
                (Source::Slot(a), Source::Slot(b)) => Step::OfSlots { opcode, destination, a, b },
                (Source::Slot(a), Source::Constant(b)) => {
                    Step::OfSlotAndConstant { opcode, destination, a, b }
                }
                (Source::Constant(a), Source::Slot(b)) => {
                    Step::OfConstantAndSlot { opcode, destination, a, b }
                }
                (Source::Constant(a), Source::Constant(b)) => self.folded(opcode, destination, [a, b]),
            },
        };
        if opcode != Opcode::Store {
            self.write(destination, &step)?;
        }
        self.program.steps.push(step);
        Ok(())
    }

    fn folded(&self, opcode: Opcode, destination: u32, [a, b]: [f64; 2]) -> Step {
        Step::Fill { destination, value: scalar::apply(opcode, a, b, 0.0, &self.plan.texts) }
    }

    fn store(&mut self, column: u32, a: u32) -> Result<Step, Broken> {
        let output = (column as usize).checked_sub(self.plan.draws.len());
        let stored = output.and_then(|output| self.stored.get_mut(output));
        *stored.ok_or("there is no such output column")? = true;
        Ok(match self.source(a)? {
            Source::Slot(a) => Step::Store { column, a },
            Source::Constant(a) => {
                Step::StoreConstant { column, value: scalar::apply(Opcode::Store, a, 0.0, 0.0, &[]) }
            }
        })
    }

    /// A choice by a constant is made here.
    fn select(&mut self, destination: u32, [a, b, c]: [u32; 3]) -> Result<Step, Broken> {
        let branches = (self.source(b)?, self.source(c)?);
        let condition = match self.source(a)? {
            Source::Slot(condition) => {
                let index = self.program.branches.len() as u32;
                self.program.branches.push(branches);
                return Ok(Step::Select { destination, condition, branches: index });
            }
            Source::Constant(condition) => scalar::apply(Opcode::Select, condition, 1.0, 0.0, &[]),
        };
        let chosen = match Value::unpack(condition) {
            Value::Number(number) if number != 0.0 => branches.0,
            Value::Number(_) => branches.1,
            _ => Source::Constant(condition),
        };
        Ok(match chosen {
            Source::Slot(a) => Step::Copy { destination, a },
            Source::Constant(value) => Step::Fill { destination, value },
        })
    }

    fn run(&mut self, instruction: &Instruction) -> Result<Step, Broken> {
        let Instruction { opcode, destination, a, b, c } = *instruction;
        let operands = self.plan.arguments.get(a as usize..).and_then(|from| from.get(..b as usize));
        let operands = operands.ok_or("the run passes the end of the arguments")?;
        let operands =
            operands.iter().map(|operand| self.source(operand.bits())).collect::<Result<Vec<_>, _>>()?;
        let c = if opcode == Opcode::Median { Source::Constant(0.0) } else { self.source(c)? };
        let run = self.program.runs.len() as u32;
        self.program.runs.push(Run { opcode, operands, c });
        Ok(Step::Run { destination, run })
    }

    /// The operand of these bits. A constant that no packing makes is what it unpacks to.
    fn source(&self, bits: u32) -> Result<Source, Broken> {
        match Operand::from_bits(bits).place() {
            Place::Slot(slot) => match self.written.get(slot as usize) {
                Some(true) => Ok(Source::Slot(slot)),
                Some(false) => Err("a slot is read before it is written"),
                None => Err("there is no such slot"),
            },
            Place::Constant(index) => match self.plan.constants.get(index as usize) {
                Some(value) if value.is_finite() => Ok(Source::Constant(*value)),
                Some(value) => Ok(Source::Constant(Value::unpack(*value).pack())),
                None => Err("there is no such constant"),
            },
        }
    }

    /// Notes that `step` writes slot `destination`, which it may not read.
    fn write(&mut self, destination: u32, step: &Step) -> Result<(), Broken> {
        *self.written.get_mut(destination as usize).ok_or("there is no such slot")? = true;
        let is_written = |source: &Source| *source == Source::Slot(destination);
        let reads_it = match step {
            Step::Fill { .. } | Step::Draw { .. } | Step::Store { .. } | Step::StoreConstant { .. } => false,
            Step::Copy { a, .. } | Step::OfSlot { a, .. } | Step::OfSlotAndConstant { a, .. } => {
                *a == destination
            }
            Step::OfSlots { a, b, .. } => *a == destination || *b == destination,
            Step::OfConstantAndSlot { b, .. } => *b == destination,
            Step::Select { condition, branches, .. } => {
                let (then, otherwise) = self.program.branches(*branches);
                *condition == destination || is_written(&then) || is_written(&otherwise)
            }
            Step::Run { run, .. } => {
                let run = self.program.run(*run);
                run.operands.iter().chain([&run.c]).any(is_written)
            }
        };
        require(!reads_it, "an instruction writes a slot that it reads")
    }
}

/// Whether an elementwise opcode takes one operand; the others take two.
fn takes_one(opcode: Opcode) -> bool {
    use Opcode as Op;
    matches!(
        opcode,
        Op::Negate
            | Op::Absolute
            | Op::Sign
            | Op::SquareRoot
            | Op::Exp
            | Op::Ln
            | Op::Log10
            | Op::Floor
            | Op::NormalCdf
            | Op::NormalPdf
            | Op::NormalQuantile
            | Op::PackCondition
            | Op::ToNumber
            | Op::ToCondition
    )
}

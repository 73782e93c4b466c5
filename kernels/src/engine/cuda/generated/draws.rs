//! The inputs: each is drawn when the tape first asks for it, in rows whenever one does, those that it does not ask for at
//! the end.

use fermiac_model::plan::Plan;

use super::region::Text;
use super::value::{Register, Value};
use crate::engine::image::{Image, InputRecord};
use crate::random::image::INPUT_WORDS;

/// By number, as in `plan/image.cuh`.
const FAMILIES: [&str; 10] = [
    "constant",
    "uniform",
    "normal",
    "lognormal",
    "triangular",
    "exponential_below",
    "exponential_above",
    "beta",
    "integers",
    "steps",
];

/// The inputs of a plan.
#[derive(Debug)]
pub(super) struct Inputs<'a> {
    image: &'a Image,
    /// Uniforms of those that are tied to others.
    uniforms: Vec<Option<Register>>,
    draws: Vec<Drawn>,
    pair: Pair,
}

/// Which of two trials is drawn for. They share calls for the uniforms of inputs whose trials are independent.
#[derive(Debug, Clone)]
pub(super) enum Pair {
    /// There is but one.
    None,
    /// The first, whose calls have told what is here of the other's.
    First(Vec<Option<Register>>),
    /// The other, with what is known of its uniforms.
    Other(Vec<Option<Register>>),
}

/// What is known of an input's draw.
#[derive(Debug, Clone, Copy)]
enum Drawn {
    NotYet,
    /// It is at hand.
    Here(Value),
    /// It went to its column in a row of a loop.
    InRow,
}

impl<'a> Inputs<'a> {
    /// None is drawn yet, but those that move together have their uniforms: these are tied in the thread's memory.
    pub(super) fn new(plan: &Plan, image: &'a Image, pair: Pair, text: &mut Text) -> Inputs<'a> {
        let inputs = plan.draws.len();
        let draws = vec![Drawn::NotYet; inputs];
        let mut inputs = Inputs { image, uniforms: vec![None; inputs], draws, pair };
        for (group, correlated) in plan.correlations.iter().enumerate() {
            let places = || correlated.inputs.iter().map(|input| (*input as usize, *input as usize * 8));
            for (input, place) in places() {
                let independent = inputs.uniform(input, text);
                text.put(&format!("st.local.f64 [uniforms+{place}], {independent}"));
            }
            let record = image.group_at(group);
            text.put(&format!("call fermiac_correlate, (%words, {record}, %uniforms)"));
            for (input, place) in places() {
                let tied = text.registers.double();
                text.put(&format!("ld.local.f64 {tied}, [uniforms+{place}]"));
                inputs.uniforms[input] = Some(tied);
            }
        }
        inputs
    }

    /// The draw of an input, which goes to its column too.
    pub(super) fn draw(&mut self, input: usize, text: &mut Text) -> Value {
        if let Drawn::Here(draw) = self.draws[input] {
            return draw;
        }
        let record = self.image.input(input);
        let uniform = self.uniform(input, text);
        let draw = self.drawn(&record, uniform, text);
        if let Some(place) = self.image.place(input) {
            text.store(place, draw);
        }
        self.draws[input] = Drawn::Here(Value::Number(draw));
        Value::Number(draw)
    }

    /// The draw of the input of a loop's row, which goes to its column too: those of the rows are alike and go up in steps.
    pub(super) fn draw_in_row(&mut self, inputs: &[usize], text: &mut Text) -> Value {
        let (first, step) = (inputs[0], inputs[1] - inputs[0]);
        let record = self.image.input(first);
        text.put(&format!("mad.lo.u64 %record, %turn, {}, {}", step * INPUT_WORDS, record.at));
        let function = if record.is_stratified { "stratified" } else { "uniform" };
        let uniform = called(&format!("{function}, (%words, %record, %trial)"), text);
        let draw = drawn(&record, "%record", uniform, text);
        if let Some(place) = self.image.place(first) {
            text.put(&format!("mad.lo.u64 %to, %turn, {step}, {place}"));
            text.store("%to", draw);
        }
        for input in inputs {
            self.draws[*input] = Drawn::InRow;
        }
        Value::Number(draw)
    }

    /// Those that nobody has asked for, where their columns are wanted.
    pub(super) fn draw_the_rest(&mut self, text: &mut Text) {
        for input in 0..self.draws.len() {
            if self.image.place(input).is_some() && matches!(self.draws[input], Drawn::NotYet) {
                self.draw(input, text);
            }
        }
    }

    /// What is known for the other trial of the pair.
    pub(super) fn of_the_other(self) -> Pair {
        match self.pair {
            Pair::First(others) | Pair::Other(others) => Pair::Other(others),
            Pair::None => Pair::None,
        }
    }

    /// The uniform of an input, as it is once it was tied to others.
    fn uniform(&mut self, input: usize, text: &mut Text) -> Register {
        if let Some(tied) = self.uniforms[input] {
            return tied;
        }
        let InputRecord { at, is_stratified, stream, .. } = self.image.input(input);
        if is_stratified {
            return called(&format!("stratified, (%words, {at}, %trial)"), text);
        }
        match &mut self.pair {
            Pair::First(others) => {
                let [own, other] = [(); 2].map(|()| text.registers.double());
                text.put(&format!("call ({own}, {other}), fermiac_uniforms, (%seed, {stream}, %index)"));
                others[input] = Some(other);
                return own;
            }
            Pair::Other(known) => {
                if let Some(own) = known[input] {
                    return own;
                }
            }
            Pair::None => {}
        }
        called(&format!("independent, (%seed, {stream}, %trial)"), text)
    }

    /// The draw of an input, of which nothing need be looked up where it is neither cut off nor shifted.
    fn drawn(&self, record: &InputRecord, uniform: Register, text: &mut Text) -> Register {
        let [first, second] = record.parameters.map(Value::Constant);
        let line = match FAMILIES[record.family] {
            "uniform" if record.is_plain => (uniform, second, first),
            "normal" if record.is_plain => {
                let rows = self.image.rows_at();
                let normal = called(&format!("standard_normal, (%words, {rows}, {uniform})"), text);
                (normal, first, second)
            }
            _ => return drawn(record, &record.at.to_string(), uniform, text),
        };
        let draw = text.registers.double();
        text.put(&format!("fma.rn.f64 {draw}, {}, {}, {}", line.0, line.1, line.2));
        draw
    }
}

/// The draw of an input like this, whose record is at that place.
fn drawn(like: &InputRecord, at: &str, uniform: Register, text: &mut Text) -> Register {
    called(&format!("draw_{}, (%words, {at}, {uniform})", FAMILIES[like.family]), text)
}

/// What a function of the library says of these arguments.
fn called(function: &str, text: &mut Text) -> Register {
    let result = text.registers.double();
    text.put(&format!("call ({result}), fermiac_{function}"));
    result
}

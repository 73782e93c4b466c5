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
    pub(super) fn new(plan: &Plan, image: &'a Image, text: &mut Text) -> Inputs<'a> {
        let inputs = plan.draws.len();
        let mut inputs = Inputs { image, uniforms: vec![None; inputs], draws: vec![Drawn::NotYet; inputs] };
        for (group, correlated) in plan.correlations.iter().enumerate() {
            let places = || correlated.inputs.iter().map(|input| (*input as usize, *input as usize * 8));
            for (input, place) in places() {
                let independent = inputs.uniforms[input].unwrap_or_else(|| inputs.uniform(input, text));
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
        let uniform = self.uniforms[input].unwrap_or_else(|| self.uniform(input, text));
        let draw = drawn(&record, &record.at.to_string(), uniform, text);
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
        let uniform = uniform(&record, "%record", text);
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

    /// The uniform of an input before it is tied to others.
    fn uniform(&self, input: usize, text: &mut Text) -> Register {
        let record = self.image.input(input);
        uniform(&record, &record.at.to_string(), text)
    }
}

/// The uniform of an input like this, whose record is at that place.
fn uniform(like: &InputRecord, at: &str, text: &mut Text) -> Register {
    let uniform = text.registers.double();
    let function = if like.is_stratified { "stratified" } else { "uniform" };
    text.put(&format!("call ({uniform}), fermiac_{function}, (%words, {at}, %trial)"));
    uniform
}

/// The draw of an input like this, whose record is at that place.
fn drawn(like: &InputRecord, at: &str, uniform: Register, text: &mut Text) -> Register {
    let draw = text.registers.double();
    let family = FAMILIES[like.family];
    text.put(&format!("call ({draw}), fermiac_draw_{family}, (%words, {at}, {uniform})"));
    draw
}

//! The inputs: each is drawn when the tape first asks for it, those that it does not ask for at the end.

use fermiac_model::plan::Plan;

use super::region::Text;
use super::value::{Register, Value};
use crate::engine::image::Image;

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
    draws: Vec<Option<Value>>,
}

impl<'a> Inputs<'a> {
    /// None is drawn yet, but those that move together have their uniforms: these are tied in the thread's memory.
    pub(super) fn new(plan: &Plan, image: &'a Image, text: &mut Text) -> Inputs<'a> {
        let nothing = vec![None; plan.draws.len()];
        let mut inputs = Inputs { image, uniforms: nothing.clone(), draws: vec![None; plan.draws.len()] };
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
        if let Some(draw) = self.draws[input] {
            return draw;
        }
        let uniform = self.uniforms[input].unwrap_or_else(|| self.uniform(input, text));
        let (draw, record) = (text.registers.double(), self.image.input(input));
        let (family, at) = (FAMILIES[record.family], record.at);
        text.put(&format!("call ({draw}), fermiac_draw_{family}, (%words, {at}, {uniform})"));
        if let Some(place) = self.image.place(input) {
            text.store(place, draw);
        }
        self.draws[input] = Some(Value::Draw(draw));
        Value::Draw(draw)
    }

    /// Those that nobody has asked for, where their columns are wanted.
    pub(super) fn draw_the_rest(&mut self, text: &mut Text) {
        for input in 0..self.draws.len() {
            if self.image.place(input).is_some() {
                self.draw(input, text);
            }
        }
    }

    /// The uniform of an input before it is tied to others.
    fn uniform(&self, input: usize, text: &mut Text) -> Register {
        let (uniform, record) = (text.registers.double(), self.image.input(input));
        let function = if record.is_stratified { "stratified" } else { "uniform" };
        text.put(&format!("call ({uniform}), fermiac_{function}, (%words, {}, %trial)", record.at));
        uniform
    }
}

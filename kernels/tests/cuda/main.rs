//! The sources of the CUDA kernel, compiled for the processor, against this crate: bit for bit.
//!
//! No GPU is needed. A C++ compiler is: without one the tests say so and pass. Where there is a GPU, [`on_a_gpu`] uses it.

mod assembled;
#[path = "../distributions/mod.rs"]
mod distributions;
mod draws;
mod driver;
mod examples;
mod functions;
mod host;
mod instructions;
mod on_a_gpu;
mod plans;
mod ptx;
#[path = "../random_plans/mod.rs"]
mod random_plans;
#[path = "../random_rows/mod.rs"]
mod random_rows;
mod refusals;
mod runs;

//! From a model and a request to the document of results.
//!
//! [`model_file`] opens what is to be simulated, a workbook or a JSON model, told apart by content. What is wanted of
//! it are [`Settings`], said on a command line or in a [`SimulationRequest`]. Both make a [`Prepared`] simulation:
//! it runs at once, or in slices that any machine may take and a combine, with the same bytes of result. What it
//! came to is a [`Finished`]: an [`outcome`], which is the document, and the [`samples`] behind it. What goes wrong
//! is a [`Failure`].
#![forbid(unsafe_code)]

mod auto;
mod device;
pub mod document;
mod engine;
mod failure;
pub mod model_file;
pub mod number;
pub mod outcome;
pub mod prepared;
pub mod request;
pub mod samples;
mod sampling;
mod settings;
mod summary;
pub mod trial;
mod trials;
mod until;
mod warnings;

pub use device::{Device, UnknownDevice};
pub use engine::gpu_code_asked_for;
pub use failure::Failure;
pub use fermiac_kernels::engine::cuda::{FaultKind, Gpus, NoGpu, OpenGpu, Usage};
pub use fermiac_kernels::simulation::{Observer, Origin, SlicePart, Unobserved};
pub use prepared::{Finished, Prepared, Work};
pub use request::SimulationRequest;
pub use sampling::Sampling;
pub use settings::Settings;
pub use summary::Drawn;
pub use trials::{MAX_TRIALS, Trials, TrialsError};
pub use until::{Until, UntilError};

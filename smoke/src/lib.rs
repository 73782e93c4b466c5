//! Smoke tests: whether each part of the platform does its work, from the certificate to a simulation whose answer is known.
//!
//! A [`suite`] names its [`suite::Check`]s; a [`Smoke`] asks them of a [`subject`], the homes and settings of an
//! environment. Each [check](checks) has a bound in time, and what becomes of one, a panic included, keeps no other from
//! being made, but for those that need what was found missing. What was found is a [`report::Report`].
//!
//! Nothing that a user has is read or changed. What is written is the checks' own, and is removed: a key in Redis, a blob
//! below `smoke/`, a simulation of a synthetic user.
#![forbid(unsafe_code)]

mod api;
mod checks;
pub mod figures;
pub mod report;
mod run;
pub mod subject;
pub mod suite;
mod tls;

pub use report::{Finding, Report, Status};
pub use run::Smoke;
pub use subject::{Homes, Subject};
pub use suite::{Check, SmokeArguments, Suite};

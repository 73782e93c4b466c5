//! The table of jobs: its statements, in the words of each database.

pub(super) mod claim;
pub(super) mod due;
pub(super) mod look;
pub(super) mod rows;
pub(super) mod submit;

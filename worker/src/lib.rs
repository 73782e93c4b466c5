//! Claims jobs, runs them, settles them.

#![forbid(unsafe_code)]

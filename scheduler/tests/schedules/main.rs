//! Schedules across schedulers and servers: no tick is emitted twice, none is missing, and losing every bell loses none.

#![expect(clippy::unwrap_used, reason = "in a test, an error is a failure")]

mod flush;
mod race;

//! Random numbers by counter, and draws from distributions.

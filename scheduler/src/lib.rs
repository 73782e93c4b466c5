//! Duties: small periodic tasks that keep the fleet going.

#![forbid(unsafe_code)]

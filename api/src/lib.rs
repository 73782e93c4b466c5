//! HTTP in, domain calls, HTTP out.

#![forbid(unsafe_code)]

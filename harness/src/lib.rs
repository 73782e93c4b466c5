//! Real servers for tests: each on a free port, in a temporary folder of its own.
//!
//! A server lives as long as its value. It ends with the test that started it, when that test panics, and when the
//! whole test process is killed: the kernel ends [`process`]es whose parent died, and a [`folder`]'s sweeper removes
//! what they left. All calls block until what they promise is so; none needs a runtime.
//!
//! What is missing on the machine makes a test fail with the name of the Debian package, never pass.

#![forbid(unsafe_code)]

mod certificate;
mod deadline;
mod folder;
mod listening;
mod moto;
mod pgbackrest;
mod port;
mod postgres;
mod process;
mod proxy;
mod redis;
mod s3;
mod tls;

pub use deadline::{await_until, wait_until};
pub use folder::Folder;
pub use moto::MotoServer;
pub use pgbackrest::{archiving_server, pgbackrest_variables};
pub use port::free_port;
pub use postgres::{Durability, PostgresServer};
pub use process::{Process, program};
pub use proxy::{Mode, TcpProxy};
pub use redis::{Persistence, RedisOptions, RedisServer};
pub use rustix::process::Signal;
pub use s3::{ACCESS_KEY, Fault, REGION, S3Server, SECRET_KEY};
pub use tls::TlsFront;

//! Dumps of `pg_dump -Fc`: taken, read through, and restored, always as a stream.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use super::address::DatabaseAddress;
use super::programs::{Running, newest};
use crate::error::Result;

/// Dumps what a snapshot sees.
pub fn dump(database: &DatabaseAddress, snapshot: &str, into: &mut dyn Write) -> Result<()> {
    let mut command = database.client("pg_dump")?;
    // It would wait for ever behind somebody's lock, and everybody behind it.
    command.args(["--format=custom", "--lock-wait-timeout=60s", "--snapshot", snapshot]);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    Running::start(command)?.write_to(into)
}

/// Reads a dump to its end, as a restore would, and writes nothing. A list of its contents would not notice that the
/// rest is missing.
pub fn read_through(from: &mut dyn Read) -> Result<()> {
    let mut command = Command::new(newest("pg_restore")?);
    command.args(["--file", "/dev/null"]).env("LC_ALL", "C");
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    Running::start(command)?.read_from(from)
}

/// Restores a dump into an empty database, all or nothing.
pub fn restore(database: &DatabaseAddress, from: &mut dyn Read) -> Result<()> {
    let mut command = database.client("pg_restore")?;
    command.args(["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    Running::start(command)?.read_from(from)
}

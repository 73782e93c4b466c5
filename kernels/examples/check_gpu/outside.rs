//! Programs that the machine with the GPU has or has not: CuPy, and NVIDIA's compute-sanitizer.

use std::path::Path;
use std::process::{Command, Output};

use crate::curand::Found;
use crate::table::Table;

/// Where `kernels/check_gpu` puts it, beside the folder of the examples.
const CUPY: &str = "cupy_call.py";
/// Its tools, with what they look for.
const SANITIZERS: [(&str, &str); 4] = [
    ("memcheck", "memory that is not there or not aligned"),
    ("racecheck", "shared memory that threads race for"),
    ("initcheck", "memory that is read before it is written"),
    ("synccheck", "barriers that not all threads come to"),
];
/// What its lines begin with.
const SAYS: &str = "=========";
/// And what then begins a report.
const FINDINGS: [&str; 5] = ["Invalid", "Misaligned", "Uninitialized", "Error: Race", "Barrier error"];
/// Each tool may look for so many seconds.
const PATIENCE: &str = "30";
/// What `timeout` ends with.
const OUT_OF_TIME: i32 = 124;

/// Runs the European call by CuPy for so many paths.
pub fn cupy_call(folder: &Path, paths: u64) -> Result<Found, String> {
    let script = folder.with_file_name(CUPY);
    let output = output(Command::new("python3").arg(script).arg(paths.to_string()))?;
    if !output.status.success() {
        return Err(format!("CuPy: {}", last_line(&output)));
    }
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<f64> = told.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    match numbers[..] {
        [paths_per_second, mean, std_error] => Ok(Found { paths_per_second, mean, std_error }),
        _ => Err(format!("CuPy told {told:?}")),
    }
}

/// Has this program do a little of everything under each of the sanitizer's tools; says whether all were content that ran.
pub fn sanitized(table: &mut Table, folder: &Path) -> Result<bool, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut is_clean = true;
    for (tool, looks_for) in SANITIZERS {
        let what = format!("compute-sanitizer, {tool}: {looks_for}");
        let mut sanitizer = Command::new("timeout");
        sanitizer.args([PATIENCE, "compute-sanitizer", "--tool", tool]);
        let verdict = match output(sanitizer.arg(&program).arg(folder).arg("--identity")) {
            Err(reason) => format!("not run: {reason}"),
            Ok(output) => {
                let verdict = verdict(&output);
                is_clean &= verdict.is_ok();
                verdict.unwrap_or_else(|findings| format!("FINDINGS: {findings}"))
            }
        };
        table.row(&what, &verdict);
    }
    Ok(is_clean)
}

/// What a sanitizer found, or else that it found nothing or was not there. It ends as the program does that it watches, which
/// may have failed of what it found: so what it says decides.
fn verdict(output: &Output) -> Result<String, String> {
    let told =
        [&output.stdout, &output.stderr].map(|told| String::from_utf8_lossy(told).into_owned()).concat();
    let said = || told.lines().filter_map(|line| line.strip_prefix(SAYS)).map(str::trim);
    let is_finding = |line: &&str| FINDINGS.iter().any(|begins| line.starts_with(begins));
    let has_found = |line: &&str| line.contains("SUMMARY: ") && !line.contains("SUMMARY: 0 ");
    match said().find(is_finding).or_else(|| said().find(has_found)) {
        Some(finding) => Err(finding.to_owned()),
        None if output.status.success() => Ok("clean".to_owned()),
        None if output.status.code() == Some(OUT_OF_TIME) => Ok(format!("nothing in {PATIENCE} s")),
        None if said().next().is_none() => Ok(format!("not run: {}", last_line(output))),
        None => Err(format!("the program failed: {}", last_line(output))),
    }
}

fn output(command: &mut Command) -> Result<Output, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.output().map_err(|error| format!("{program}: {error}"))
}

fn last_line(output: &Output) -> String {
    let told = [&output.stderr, &output.stdout].map(|told| String::from_utf8_lossy(told).into_owned());
    told.iter()
        .find_map(|told| told.lines().rfind(|line| !line.trim().is_empty()))
        .unwrap_or("nothing")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_sanitizer_says_decides() {
        let says = |script: &str| verdict(&output(Command::new("sh").args(["-c", script])).unwrap());
        let clean = "echo '========= COMPUTE-SANITIZER'; echo '========= ERROR SUMMARY: 0 errors'";
        assert_eq!(says(clean), Ok("clean".to_owned()));
        assert!(says("echo '========= ERROR SUMMARY: 3 errors'").is_err());
        assert!(says("echo '========= Invalid __global__ read of size 8 bytes'; exit 124").is_err());
        assert!(says("echo '========= COMPUTE-SANITIZER'; exit 2").is_err());
        assert!(says("echo 'timeout: failed to run command' >&2; exit 127").unwrap().starts_with("not run"));
    }
}

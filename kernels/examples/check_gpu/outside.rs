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
/// What it ends with where it found something.
const FINDINGS: i32 = 86;
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
        sanitizer.args([
            PATIENCE,
            "compute-sanitizer",
            "--tool",
            tool,
            "--error-exitcode",
            &FINDINGS.to_string(),
        ]);
        let ran = output(sanitizer.arg(&program).arg(folder).arg("--identity"));
        let verdict = match ran {
            Err(reason) => format!("not run: {reason}"),
            Ok(output) if output.status.success() => "clean".to_owned(),
            Ok(output) if output.status.code() == Some(FINDINGS) => {
                is_clean = false;
                format!("FINDINGS: {}", last_line(&output))
            }
            Ok(output) if output.status.code() == Some(OUT_OF_TIME) => format!("not done in {PATIENCE} s"),
            Ok(output) => format!("not run: {}", last_line(&output)),
        };
        table.row(&what, &verdict);
    }
    Ok(is_clean)
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

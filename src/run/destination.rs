//! Where files may be written, told before a long simulation and not after it.

use std::path::Path;

use fermiac_simulation::samples::Samples;

use crate::arguments::RunArguments;
use crate::document;
use crate::failure::Failure;

/// The ending of a Parquet file.
const PARQUET: &str = "parquet";

/// Refuses a `--report` or `--samples` that could not be written, or that would overwrite the model.
pub fn refuse_impossible(arguments: &RunArguments) -> Result<(), Failure> {
    let report = arguments.report.as_deref().map(|path| ("--report", path, &["html", "htm"][..]));
    let samples = arguments.samples.as_deref().map(|path| ("--samples", path, &["csv", PARQUET][..]));
    let mut all = report.into_iter().chain(samples);
    all.try_for_each(|(option, path, endings)| refuse_file(option, &arguments.asked.model, path, endings))
}

/// Refuses a file that could not be written, that would overwrite `model`, or that has none of `endings`.
pub fn refuse_file(option: &str, model: &Path, path: &Path, endings: &[&str]) -> Result<(), Failure> {
    let refused = |reason| Failure::Refused(format!("{option} {}: {reason}", path.display()));
    refuse(model, path, endings).map_err(refused)
}

/// Writes every trial to `path`, as its ending says.
pub fn write_samples(samples: &Samples<'_>, path: &Path) -> Result<(), Failure> {
    document::write_file(path, |writer| match ending(path).as_str() {
        PARQUET => samples.write_parquet(writer),
        _ => samples.write_csv(writer),
    })
}

fn refuse(model: &Path, path: &Path, endings: &[&str]) -> Result<(), String> {
    let real = |path: &Path| path.canonicalize().ok();
    if real(path).is_some_and(|path| real(model) == Some(path)) {
        return Err("this is the model itself; name another file".to_owned());
    }
    if !endings.contains(&ending(path).as_str()) {
        let endings = endings.join(" or .");
        return Err(format!("the kind of file is told by its ending; name it .{endings}"));
    }
    if path.is_dir() {
        return Err("this is a folder; name a file in it".to_owned());
    }
    document::try_writing(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such folder; make it first".to_owned(),
        std::io::ErrorKind::PermissionDenied => "this user may not write there".to_owned(),
        _ => error.to_string(),
    })
}

fn ending(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(path: &str) -> String {
        refuse(Path::new("model.json"), Path::new(path), &["html", "htm"]).unwrap_err()
    }

    #[test]
    fn the_ending_tells_the_kind() {
        let endings = ["csv", PARQUET];
        let answer = |name: &str| refuse(Path::new("model.json"), &std::env::temp_dir().join(name), &endings);
        assert_eq!(answer("out.CSV"), Ok(()));
        assert_eq!(answer("out.Parquet"), Ok(()));
        assert!(answer("out").unwrap_err().ends_with("told by its ending; name it .csv or .parquet"));
        assert!(reason("plan.xlsx").contains("name it .html"));
    }

    #[test]
    fn a_folder_that_is_not_there_is_told_before_anything_runs() {
        assert_eq!(reason("/nowhere/out.html"), "there is no such folder; make it first");
    }

    #[test]
    fn the_model_is_never_overwritten() {
        let path = std::env::temp_dir().join(format!("fermiac-destination-{}.html", std::process::id()));
        std::fs::write(&path, "{}").unwrap();
        let answer = refuse(&path, &path.with_file_name(".").join(path.file_name().unwrap()), &["html"]);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(answer, Err("this is the model itself; name another file".to_owned()));
    }
}

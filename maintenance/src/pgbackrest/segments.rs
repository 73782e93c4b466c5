//! Segments of the log that are missing from the middle of the archive, which `verify` overlooks.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{MaintenanceError, Result};

/// Segments of 16 MiB, as every cluster has them that was not made otherwise: 256 have one name of a log.
const IN_A_LOG: u64 = 256;

/// From `repo-ls archive --recurse --output=json`: of each timeline, the segments between its first and its last that are
/// not there.
pub fn missing(listing: &str) -> Result<Vec<String>> {
    let listed: BTreeMap<String, serde_json::Value> = serde_json::from_str(listing)
        .map_err(|error| MaintenanceError::damaged(format!("the archive cannot be listed: {error}")))?;
    let mut timelines: BTreeMap<(String, u32), BTreeSet<u64>> = BTreeMap::new();
    for path in listed.keys() {
        if let Some((archive, timeline, number)) = segment(path) {
            timelines.entry((archive.to_owned(), timeline)).or_default().insert(number);
        }
    }
    let mut missing = Vec::new();
    for ((_, timeline), numbers) in timelines {
        let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else { continue };
        let absent = (*first..*last).filter(|number| !numbers.contains(number));
        missing.extend(absent.map(|number| name(timeline, number)));
    }
    Ok(missing)
}

/// The archive, the timeline and the number of a file that is a whole segment.
fn segment(path: &str) -> Option<(&str, u32, u64)> {
    let (folders, file) = path.rsplit_once('/')?;
    let (archive, _log) = folders.rsplit_once('/').unwrap_or(("", folders));
    let (name, hash) = file.split_at_checked(24)?;
    // Beside segments lie the labels of backups and the histories of timelines.
    if !hash.starts_with('-')
        || hash.contains(".partial")
        || !name.bytes().all(|byte| byte.is_ascii_hexdigit())
    {
        return None;
    }
    let field = |from: usize| u32::from_str_radix(&name[from..from + 8], 16).ok();
    let (timeline, log, part) = (field(0)?, u64::from(field(8)?), u64::from(field(16)?));
    (part < IN_A_LOG).then_some((archive, timeline, log * IN_A_LOG + part))
}

fn name(timeline: u32, number: u64) -> String {
    format!("{timeline:08X}{:08X}{:08X}", number / IN_A_LOG, number % IN_A_LOG)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn listing(names: &[String]) -> String {
        let file = |name: &String| {
            let path =
                format!("demo/15-1/{}/{name}-acd735a7e9f06f08082e0ae30bf09533a04da667.lz4", &name[..16]);
            (path, serde_json::json!({ "type": "file" }))
        };
        let others = [
            ".",
            "demo/15-1/0000000100000000",
            "demo/15-1/0000000100000000/000000010000000000000002.00000028.backup",
            "demo/15-1/00000002.history",
            "demo/archive.info",
        ];
        let others = others.iter().map(|path| ((*path).to_owned(), serde_json::json!({ "type": "path" })));
        serde_json::Value::Object(names.iter().map(file).chain(others).collect()).to_string()
    }

    #[test]
    fn a_log_goes_on_after_its_255th_segment() {
        let names = ["0000000100000000000000FE", "0000000100000000000000FF", "000000010000000100000000"];
        assert_eq!(missing(&listing(&names.map(str::to_owned))).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn timelines_are_looked_at_apart() {
        let names = ["000000010000000000000003", "000000020000000000000007", "000000010000000000000005"];
        assert_eq!(missing(&listing(&names.map(str::to_owned))).unwrap(), ["000000010000000000000004"]);
    }

    proptest! {
        #[test]
        fn exactly_what_is_taken_from_the_middle_is_missing(
            first in 0_u64..1_000, taken in prop::collection::vec(any::<bool>(), 0..600)
        ) {
            let last = first + taken.len() as u64 + 1;
            let is_taken = |number: u64| {
                number > first && number < last && taken[usize::try_from(number - first - 1).unwrap()]
            };
            let there: Vec<String> = (first..=last).filter(|&number| !is_taken(number)).map(|number| name(1, number)).collect();
            let gone: Vec<String> = (first..=last).filter(|&number| is_taken(number)).map(|number| name(1, number)).collect();
            prop_assert_eq!(missing(&listing(&there)).unwrap(), gone);
        }
    }
}

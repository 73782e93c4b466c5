//! The keys in Redis, all of them.

use crate::job::{Label, Priority};

/// The consumer group that all workers are in: a bell is heard by one of them.
pub const GROUP: &str = "workers";

/// The field of an entry that holds the job's id.
pub const JOB: &str = "job";

/// Stream: the bells of one label and priority, an entry a bell. All streams of a label share a hash tag, so that in a
/// cluster one script may touch them.
pub fn bells(environment: &str, label: Label, priority: Priority) -> String {
    format!("{{fermiac:{environment}:{label}}}:bells:{priority}")
}

/// Text: what a round trip writes and deletes, under a name of its own.
pub fn round_trip(environment: &str, name: &str) -> String {
    format!("{{fermiac:{environment}:round-trip}}:{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_a_label_share_a_hash_tag() {
        assert_eq!(bells("production", Label::Gpu, Priority::High), "{fermiac:production:gpu}:bells:high");
    }
}

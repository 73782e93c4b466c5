//! Rules that a bucket follows by itself: what it aborts, expires or moves to a cheaper class after so many days.
//!
//! A bucket has one list of rules for everybody who uses it. Ours are those whose ids begin as their owner's do; only they
//! are replaced, and what others wrote stays as it is.

use serde_json::{Value, json};

/// One rule. What it does not say, it does not do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LifecycleRule {
    /// What it is called in its bucket.
    pub id: String,
    /// The beginning of the keys that it is about, below the place's own prefix.
    pub prefix: String,
    /// An upload in parts that was begun so many days ago, and is not complete, is given up.
    pub abort_uploads_days: Option<u32>,
    /// A blob that was written so many days ago is deleted.
    pub expire_days: Option<u32>,
    /// A version that stopped being the newest so many days ago is deleted; and so is the mark of a deletion that hides
    /// nothing any more.
    pub noncurrent_days: Option<u32>,
    /// A blob that was written so many days ago moves to another class of storage.
    pub transition: Option<Transition>,
}

/// To another class of storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// After so many days.
    pub days: u32,
    /// Which.
    pub class: StorageClass,
}

/// A class of storage that is cheaper to keep in, and from which a blob is read as soon as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageClass {
    /// Read seldom.
    StandardInfrequentAccess,
    /// The service watches which blobs are read.
    IntelligentTiering,
    /// Read once a quarter or less.
    GlacierInstantRetrieval,
}

/// Whether rules are written, or only looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    /// The bucket has them afterwards.
    Apply,
    /// The bucket stays as it is.
    Look,
}

/// What became of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// The bucket has them already.
    Unchanged,
    /// It did not have them: it does now, unless it was only looked at.
    Changed {
        /// How many rules of others stay.
        others: usize,
    },
    /// Its home follows no such rules.
    Unsupported(String),
}

impl StorageClass {
    /// Its name in S3.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            StorageClass::StandardInfrequentAccess => "STANDARD_IA",
            StorageClass::IntelligentTiering => "INTELLIGENT_TIERING",
            StorageClass::GlacierInstantRetrieval => "GLACIER_IR",
        }
    }
}

/// The rules as `aws s3api put-bucket-lifecycle-configuration --lifecycle-configuration` takes them, of a place whose keys
/// begin so.
pub(super) fn document(place: &str, rules: &[LifecycleRule]) -> Value {
    json!({ "Rules": rules.iter().map(|rule| shown(place, rule)).collect::<Vec<_>>() })
}

fn shown(place: &str, rule: &LifecycleRule) -> Value {
    let mut shown = json!({
        "ID": rule.id, "Status": "Enabled", "Filter": { "Prefix": format!("{place}{}", rule.prefix) },
    });
    if let Some(days) = rule.abort_uploads_days {
        shown["AbortIncompleteMultipartUpload"] = json!({ "DaysAfterInitiation": days });
    }
    if let Some(days) = rule.expire_days {
        shown["Expiration"] = json!({ "Days": days });
    }
    if let Some(days) = rule.noncurrent_days {
        shown["NoncurrentVersionExpiration"] = json!({ "NoncurrentDays": days });
        // One rule cannot say both of when blobs expire and of marks.
        if rule.expire_days.is_none() {
            shown["Expiration"] = json!({ "ExpiredObjectDeleteMarker": true });
        }
    }
    if let Some(Transition { days, class }) = rule.transition {
        shown["Transitions"] = json!([{ "Days": days, "StorageClass": class.name() }]);
    }
    shown
}

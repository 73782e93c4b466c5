//! Reads and writes the rules of a bucket.

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, ExpirationStatus, LifecycleExpiration,
    LifecycleRule as SdkRule, LifecycleRuleFilter, NoncurrentVersionExpiration, Transition as SdkTransition,
    TransitionDefaultMinimumObjectSize, TransitionStorageClass,
};

use super::Inner;
use crate::blobs::lifecycle::{Applied, LifecycleRule, Touch, Transition};
use crate::blobs::{BlobError, Result};

/// All that a bucket's list of rules says.
#[derive(Default)]
struct Standing {
    rules: Vec<SdkRule>,
    smallest_moved: Option<TransitionDefaultMinimumObjectSize>,
}

/// Puts `rules` in the place of those whose ids begin with `owner`. Two that do so at once write the same.
pub async fn apply(inner: &Inner, owner: &str, rules: &[LifecycleRule], touch: Touch) -> Result<Applied> {
    let standing = match standing(inner).await? {
        Ok(standing) => standing,
        Err(unsupported) => return Ok(Applied::Unsupported(unsupported)),
    };
    let is_ours = |rule: &SdkRule| rule.id().is_some_and(|id| id.starts_with(owner));
    let (mut ours, others): (Vec<_>, Vec<_>) = standing.rules.into_iter().partition(is_ours);
    let wanted: Result<Vec<SdkRule>> = rules.iter().map(|rule| written(inner, rule)).collect();
    let mut wanted = wanted?;
    ours.sort_by(|one, other| one.id().cmp(&other.id()));
    wanted.sort_by(|one, other| one.id().cmp(&other.id()));
    if ours == wanted {
        return Ok(Applied::Unchanged);
    }
    let changed = Applied::Changed { others: others.len() };
    if touch == Touch::Look {
        return Ok(changed);
    }
    let all = others.into_iter().chain(wanted).collect();
    let configuration = BucketLifecycleConfiguration::builder().set_rules(Some(all)).build();
    let put = inner.client.put_bucket_lifecycle_configuration().bucket(&inner.name);
    let put = put.lifecycle_configuration(configuration.map_err(refused)?);
    let put = put.set_transition_default_minimum_object_size(standing.smallest_moved);
    match put.send().await {
        Ok(_) => Ok(changed),
        Err(error) if is_unsupported(&error) => Ok(Applied::Unsupported(words(&error))),
        Err(error) => Err(inner.failed(&error)),
    }
}

/// What the bucket follows now, or that its home knows of no rules.
async fn standing(inner: &Inner) -> Result<std::result::Result<Standing, String>> {
    match inner.client.get_bucket_lifecycle_configuration().bucket(&inner.name).send().await {
        Ok(answer) => Ok(Ok(Standing {
            rules: answer.rules().to_vec(),
            smallest_moved: answer.transition_default_minimum_object_size().cloned(),
        })),
        Err(error) if error.code() == Some("NoSuchLifecycleConfiguration") => Ok(Ok(Standing::default())),
        Err(error) if is_unsupported(&error) => Ok(Err(words(&error))),
        Err(error) => Err(inner.failed(&error)),
    }
}

fn is_unsupported<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    let status = error.raw_response().map(|response| response.status().as_u16());
    status == Some(501) || matches!(error.code(), Some("NotImplemented" | "MethodNotAllowed"))
}

fn words<E: ProvideErrorMetadata>(error: &SdkError<E>) -> String {
    let (code, message) = (error.code().unwrap_or_default(), error.message().unwrap_or_default());
    format!("the server follows no rules of a lifecycle: {code} {message}").trim_end().to_owned()
}

fn written(inner: &Inner, rule: &LifecycleRule) -> Result<SdkRule> {
    let filter = LifecycleRuleFilter::builder().prefix(inner.full(&rule.prefix)).build();
    let abort = |days| AbortIncompleteMultipartUpload::builder().days_after_initiation(days).build();
    let noncurrent = |days| NoncurrentVersionExpiration::builder().noncurrent_days(days).build();
    let transition = |Transition { days, class }: Transition| {
        let class = TransitionStorageClass::from(class.name());
        SdkTransition::builder().days(in_s3(days)).storage_class(class).build()
    };
    SdkRule::builder()
        .id(&rule.id)
        .status(ExpirationStatus::Enabled)
        .filter(filter)
        .set_abort_incomplete_multipart_upload(rule.abort_uploads_days.map(in_s3).map(abort))
        .set_expiration(expiration(rule))
        .set_noncurrent_version_expiration(rule.noncurrent_days.map(in_s3).map(noncurrent))
        .set_transitions(rule.transition.map(|one| vec![transition(one)]))
        .build()
        .map_err(refused)
}

/// One rule cannot say both of when blobs expire and of marks.
fn expiration(rule: &LifecycleRule) -> Option<LifecycleExpiration> {
    match (rule.expire_days, rule.noncurrent_days) {
        (Some(days), _) => Some(LifecycleExpiration::builder().days(in_s3(days)).build()),
        (None, Some(_)) => Some(LifecycleExpiration::builder().expired_object_delete_marker(true).build()),
        (None, None) => None,
    }
}

fn in_s3(days: u32) -> i32 {
    i32::try_from(days).unwrap_or(i32::MAX)
}

fn refused(error: impl std::fmt::Display) -> BlobError {
    BlobError::Refused(error.to_string())
}

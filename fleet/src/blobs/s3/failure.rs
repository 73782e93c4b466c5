//! Sorts what a service says by what can be done about it.

use std::error::Error;

use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use super::Inner;
use crate::blobs::BlobError;

const NO_BUCKET: &str = "NoSuchBucket";

impl Inner {
    /// A request about a key failed.
    pub(super) fn failed_on<E>(&self, key: &str, error: &SdkError<E>) -> BlobError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let is_404 = error.raw_response().is_some_and(|response| response.status().as_u16() == 404);
        // A missing bucket is a wrong setting; a request that has no body to say so leaves it open.
        if is_404 && error.code() != Some(NO_BUCKET) { BlobError::not_found(key) } else { self.failed(error) }
    }

    /// A request failed.
    pub(super) fn failed<E>(&self, error: &SdkError<E>) -> BlobError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let words = || DisplayErrorContext(error).to_string();
        match error {
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
                BlobError::Unavailable(words())
            }
            SdkError::ServiceError(answer) => {
                let status = answer.raw().status().as_u16();
                let code = error.code().unwrap_or_default();
                if code == NO_BUCKET {
                    return self.is_not_there();
                }
                let may_pass = status >= 500
                    || matches!(status, 408 | 429)
                    || matches!(code, "RequestTimeout" | "SlowDown" | "IncompleteBody" | "OperationAborted");
                let words = format!("{code} ({status}): {}", error.message().unwrap_or_default());
                if may_pass { BlobError::Unavailable(words) } else { BlobError::Refused(words) }
            }
            _ => BlobError::Refused(words()),
        }
    }

    /// The bucket is missing: somebody has to make it, or to mend the setting.
    pub(super) fn is_not_there(&self) -> BlobError {
        BlobError::Refused(format!("there is no bucket '{}'", self.name))
    }
}

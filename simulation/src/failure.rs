//! Why there is no result.

use fermiac_kernels::engine::cuda::CudaEngineError;
use fermiac_kernels::simulation::{CombineError, DamagedPart, SimulateError, SliceError};

/// What went wrong, told apart by whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// What was asked for cannot be: the request or the model has to change.
    #[error("{0}")]
    Refused(String),
    /// It was tried and did not work out, or was interrupted.
    #[error("{0}")]
    Failed(String),
    /// What computes failed; elsewhere the same may work out.
    #[error(transparent)]
    Device(CudaEngineError),
    /// Whoever watched a slice cancelled it; what was done of it is of no use.
    #[error("cancelled")]
    Cancelled,
}

impl Failure {
    /// A refusal in the words of `reason`.
    #[expect(clippy::needless_pass_by_value, reason = "map_err hands errors over by value")]
    pub fn refused(reason: impl ToString) -> Failure {
        Failure::Refused(reason.to_string())
    }
}

impl From<SimulateError> for Failure {
    fn from(error: SimulateError) -> Failure {
        Failure::refused(error)
    }
}

impl From<SliceError> for Failure {
    fn from(error: SliceError) -> Failure {
        match error {
            SliceError::Cancelled => Failure::Cancelled,
            SliceError::Refused(_) | SliceError::NoSlice { .. } => Failure::refused(error),
        }
    }
}

impl From<CombineError> for Failure {
    fn from(error: CombineError) -> Failure {
        match error {
            CombineError::Refused(error) => Failure::refused(error),
            other => Failure::Failed(other.to_string()),
        }
    }
}

impl From<DamagedPart> for Failure {
    fn from(error: DamagedPart) -> Failure {
        Failure::Failed(error.to_string())
    }
}

//! How a GPU fails, and whether it can be used after that.

/// What is wrong with a GPU, as far as it matters to those who use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// Its memory, or the part that may be used, does not do.
    OutOfMemory,
    /// Its memory has lost bits that cannot be had back.
    Ecc,
    /// It does not answer any more.
    Lost,
    /// A kernel went where it must not, and took the context with it.
    IllegalAddress,
    /// A kernel did not come to its end.
    Launch,
    /// It came to other bits than the processor.
    Wrong,
    /// The driver refused a call.
    Refused,
}

impl FaultKind {
    /// All of them.
    pub const ALL: &[FaultKind] = &[
        FaultKind::OutOfMemory,
        FaultKind::Ecc,
        FaultKind::Lost,
        FaultKind::IllegalAddress,
        FaultKind::Launch,
        FaultKind::Wrong,
        FaultKind::Refused,
    ];

    /// Its name in figures.
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::OutOfMemory => "out_of_memory",
            FaultKind::Ecc => "ecc",
            FaultKind::Lost => "lost",
            FaultKind::IllegalAddress => "illegal_address",
            FaultKind::Launch => "launch",
            FaultKind::Wrong => "wrong",
            FaultKind::Refused => "refused",
        }
    }

    /// Whether the GPU is to be done without until the process is started again: no call succeeds on it any more, as the
    /// driver says of errors that break a context (CUDA driver API, `CUresult`), or none is to be trusted.
    pub fn is_lasting(self) -> bool {
        match self {
            FaultKind::Ecc
            | FaultKind::Lost
            | FaultKind::IllegalAddress
            | FaultKind::Launch
            | FaultKind::Wrong => true,
            FaultKind::OutOfMemory | FaultKind::Refused => false,
        }
    }
}

#[cfg(target_os = "linux")]
impl From<cust::error::CudaError> for FaultKind {
    fn from(error: cust::error::CudaError) -> FaultKind {
        use cust::error::CudaError as Error;
        match error {
            Error::OutOfMemory | Error::InvalidMemoryAllocation => FaultKind::OutOfMemory,
            Error::EccUncorrectable | Error::NvlinkUncorrectable => FaultKind::Ecc,
            Error::IllegalAddress
            | Error::MisalignedAddress
            | Error::InvalidAddressSpace
            | Error::InvalidProgramCounter => FaultKind::IllegalAddress,
            Error::LaunchFailed
            | Error::LaunchTimeout
            | Error::IllegalInstruction
            | Error::HardwareStackError
            | Error::AssertError => FaultKind::Launch,
            // A GPU that fell off its bus is told in many words, of which some are newer than these bindings.
            Error::NoDevice
            | Error::InvalidDevice
            | Error::InvalidContext
            | Error::ContextIsDestroyed
            | Error::NotInitialized
            | Error::Deinitialized
            | Error::UnknownError => FaultKind::Lost,
            _ => FaultKind::Refused,
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use cust::error::CudaError;

    #[test]
    fn only_what_breaks_a_context_lasts() {
        for (error, lasts) in [
            (CudaError::OutOfMemory, false),
            (CudaError::LaunchOutOfResources, false),
            (CudaError::InvalidValue, false),
            (CudaError::EccUncorrectable, true),
            (CudaError::IllegalAddress, true),
            (CudaError::LaunchFailed, true),
            (CudaError::UnknownError, true),
        ] {
            assert_eq!(FaultKind::from(error).is_lasting(), lasts, "{error:?}");
        }
    }

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        let mut names: Vec<_> = FaultKind::ALL.iter().map(|kind| kind.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FaultKind::ALL.len());
    }
}

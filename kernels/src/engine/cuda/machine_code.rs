//! Machine code of the kernels, made ahead: a driver takes a second and more to assemble them, and keeps what it has made for
//! one user of one machine.
//!
//! `cuda/compile` makes it of the committed PTX. A GPU for which there is none has its driver assemble that.

use super::Version;

/// What runs on some GPUs.
#[derive(Debug)]
pub(super) struct MachineCode {
    /// The oldest of them.
    capability: Version,
    /// As [`super::PTX`].
    pub interpreter: &'static [u8],
    /// As [`super::REDUCTION_PTX`].
    pub reduction: &'static [u8],
}

macro_rules! of_architecture {
    ($major:literal, $minor:literal, $name:literal) => {
        MachineCode {
            capability: Version { major: $major, minor: $minor },
            interpreter: include_bytes!(concat!("../../../cuda/interpreter.", $name, ".cubin")),
            reduction: include_bytes!(concat!("../../../cuda/reduction.", $name, ".cubin")),
        }
    };
}

static ALL: [MachineCode; 3] =
    [of_architecture!(7, 0, "sm_70"), of_architecture!(8, 0, "sm_80"), of_architecture!(9, 0, "sm_90")];

impl MachineCode {
    /// What runs on a GPU of this capability: code runs where the major number is the same and the minor no less (CUDA C++
    /// Programming Guide, binary compatibility).
    pub fn of(capability: Version) -> Option<&'static MachineCode> {
        ALL.iter().find(|code| {
            code.capability.major == capability.major && code.capability.minor <= capability.minor
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_gets_code_of_its_own_major_number() {
        for (major, minor, oldest) in
            [(7, 0, Some(7)), (7, 5, Some(7)), (8, 9, Some(8)), (9, 0, Some(9)), (10, 0, None), (6, 1, None)]
        {
            let found = MachineCode::of(Version { major, minor });
            assert_eq!(found.map(|code| code.capability.major), oldest, "{major}.{minor}");
        }
    }

    #[test]
    fn the_code_is_of_the_kernels() {
        let has = |code: &[u8], name: &str| code.windows(name.len()).any(|bytes| bytes == name.as_bytes());
        for code in &ALL {
            assert!(code.interpreter.starts_with(b"\x7fELF") && code.reduction.starts_with(b"\x7fELF"));
            assert!(has(code.interpreter, "fermiac_interpret") && has(code.reduction, "fermiac_sift"));
        }
    }
}

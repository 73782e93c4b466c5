//! Which GPUs there are, and why one is not used.

use std::fmt;

/// The oldest driver that reads the kernel's PTX, by the CUDA it speaks.
pub const NEEDED_CUDA: Version = Version { major: 12, minor: 1 };
/// The oldest GPU that the kernel is compiled for.
pub const NEEDED_CAPABILITY: Version = Version { major: 7, minor: 0 };

/// A version of CUDA, or a compute capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Compared first.
    pub major: u32,
    /// Compared second.
    pub minor: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A driver and its GPUs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gpus {
    /// The CUDA that the driver speaks.
    pub cuda: Version,
    /// In the driver's order; at least one.
    pub devices: Vec<Gpu>,
}

/// One GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gpu {
    /// Its number, from 0.
    pub ordinal: u32,
    /// What its maker calls it.
    pub name: String,
    /// All its memory, whoever uses it.
    pub memory_bytes: u64,
    /// What it can do.
    pub compute_capability: Version,
    /// How many processors it has of its own.
    pub multiprocessors: u32,
    /// Where it is plugged in, `0000:3b:00.0`: its name for those who number GPUs in another order.
    pub pci_address: String,
}

/// Why there is no GPU to use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoGpu {
    /// No driver is installed, or it does not load.
    #[error("there is no NVIDIA driver: {0}")]
    NoDriver(String),
    /// The driver reads no PTX of this version.
    #[error(
        "the NVIDIA driver speaks CUDA {found}, but the kernel needs {NEEDED_CUDA}; install a driver of the 530 line or later"
    )]
    OldDriver {
        /// What it speaks.
        found: Version,
    },
    /// The driver is there, but no GPU of it.
    #[error("the NVIDIA driver finds no GPU; in a container, it may not have been handed in")]
    NoDevice,
    /// All GPUs are too old.
    #[error("{name} has compute capability {found}, but the kernel needs {NEEDED_CAPABILITY}")]
    OldDevice {
        /// The GPU.
        name: String,
        /// What it can do.
        found: Version,
    },
    /// There is no GPU of the number asked for.
    #[error("there is no GPU {ordinal}; they are numbered from 0 to {last}")]
    NoSuchDevice {
        /// What was asked for.
        ordinal: u32,
        /// The greatest number.
        last: u32,
    },
    /// The driver refused a call.
    #[error("the NVIDIA driver failed while {doing}: {reason}")]
    Driver {
        /// What was asked of it.
        doing: &'static str,
        /// In its words.
        reason: String,
    },
}

impl Gpus {
    /// Those that the driver shows.
    pub fn find() -> Result<Gpus, NoGpu> {
        found::gpus()
    }

    /// Whether there is a driver to ask: sooner answered than what it has.
    pub fn have_driver() -> bool {
        found::why_no_driver().is_none()
    }

    /// All that can be used, or why none can be.
    pub fn all_usable(&self) -> Result<Vec<&Gpu>, NoGpu> {
        // Where not even one can be, this says why.
        self.usable(None)?;
        let fit = self.devices.iter().filter(|gpu| gpu.compute_capability >= NEEDED_CAPABILITY);
        Ok(fit.collect())
    }

    /// The first that can be used, or the one asked for.
    pub fn usable(&self, ordinal: Option<u32>) -> Result<&Gpu, NoGpu> {
        if self.cuda < NEEDED_CUDA {
            return Err(NoGpu::OldDriver { found: self.cuda });
        }
        let gpu = match ordinal {
            Some(ordinal) => self.devices.iter().find(|gpu| gpu.ordinal == ordinal).ok_or_else(|| {
                let last = self.devices.iter().map(|gpu| gpu.ordinal).max().unwrap_or(0);
                NoGpu::NoSuchDevice { ordinal, last }
            })?,
            None => {
                let fit = self.devices.iter().find(|gpu| gpu.compute_capability >= NEEDED_CAPABILITY);
                fit.or(self.devices.first()).ok_or(NoGpu::NoDevice)?
            }
        };
        if gpu.compute_capability < NEEDED_CAPABILITY {
            return Err(NoGpu::OldDevice { name: gpu.name.clone(), found: gpu.compute_capability });
        }
        Ok(gpu)
    }
}

#[cfg(target_os = "linux")]
mod found {
    use std::ffi::{CStr, c_char};

    use super::{Gpu, Gpus, NoGpu, Version};
    use cust::device::{Device, DeviceAttribute};
    use cust::error::{CudaError, CudaResult};
    use cust::{CudaApiVersion, CudaFlags};

    unsafe extern "C" {
        /// Of `driver/libcuda.c`.
        fn fermiac_why_no_driver() -> *const c_char;
    }

    pub(super) fn gpus() -> Result<Gpus, NoGpu> {
        if let Some(reason) = why_no_driver() {
            return Err(NoGpu::NoDriver(reason));
        }
        cust::init(CudaFlags::empty()).map_err(failed("starting"))?;
        let cuda = CudaApiVersion::get().map_err(failed("telling its version"))?;
        let count = Device::num_devices().map_err(failed("counting its GPUs"))?;
        let devices = (0..count).map(|ordinal| gpu(ordinal).map_err(failed("describing a GPU")));
        let devices: Vec<Gpu> = devices.collect::<Result<_, _>>()?;
        if devices.is_empty() {
            return Err(NoGpu::NoDevice);
        }
        let version = |number: i32| u32::try_from(number).unwrap_or(0);
        Ok(Gpus { cuda: Version { major: version(cuda.major()), minor: version(cuda.minor()) }, devices })
    }

    pub(super) fn why_no_driver() -> Option<String> {
        // SAFETY: it takes nothing, and what it gives is null or a text that ends; the text is this thread's until it
        // calls the loader again, and is copied before.
        let words = unsafe {
            let words = fermiac_why_no_driver();
            (!words.is_null()).then(|| CStr::from_ptr(words))?.to_string_lossy().into_owned()
        };
        Some(words)
    }

    fn gpu(ordinal: u32) -> CudaResult<Gpu> {
        let device = Device::get_device(ordinal)?;
        let attribute =
            |attribute| device.get_attribute(attribute).map(|number| u32::try_from(number).unwrap_or(0));
        Ok(Gpu {
            ordinal,
            name: device.name()?,
            memory_bytes: device.total_memory()? as u64,
            compute_capability: Version {
                major: attribute(DeviceAttribute::ComputeCapabilityMajor)?,
                minor: attribute(DeviceAttribute::ComputeCapabilityMinor)?,
            },
            multiprocessors: attribute(DeviceAttribute::MultiprocessorCount)?,
            pci_address: format!(
                "{:04x}:{:02x}:{:02x}.0",
                attribute(DeviceAttribute::PciDomainId)?,
                attribute(DeviceAttribute::PciBusId)?,
                attribute(DeviceAttribute::PciDeviceId)?,
            ),
        })
    }

    fn failed(doing: &'static str) -> impl Fn(CudaError) -> NoGpu {
        move |error| match error {
            CudaError::NoDevice => NoGpu::NoDevice,
            error => NoGpu::Driver { doing, reason: error.to_string() },
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod found {
    use super::{Gpus, NoGpu};

    pub(super) fn gpus() -> Result<Gpus, NoGpu> {
        Err(NoGpu::NoDriver(why_no_driver().unwrap_or_default()))
    }

    pub(super) fn why_no_driver() -> Option<String> {
        Some("GPUs are used on Linux only".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gpu(ordinal: u32, major: u32) -> Gpu {
        Gpu {
            ordinal,
            name: format!("GPU {ordinal}"),
            memory_bytes: 1 << 33,
            compute_capability: Version { major, minor: 5 },
            multiprocessors: 40,
            pci_address: "0000:00:00.0".to_owned(),
        }
    }

    fn gpus(minor: u32, capabilities: &[u32]) -> Gpus {
        let devices = (0..).zip(capabilities).map(|(ordinal, major)| gpu(ordinal, *major)).collect();
        Gpus { cuda: Version { major: 12, minor }, devices }
    }

    #[test]
    fn the_first_gpu_that_is_new_enough_is_used_unless_one_is_asked_for() {
        let gpus = gpus(1, &[6, 7, 9]);
        assert_eq!(gpus.usable(None).map(|gpu| gpu.ordinal), Ok(1));
        assert_eq!(gpus.usable(Some(2)).map(|gpu| gpu.ordinal), Ok(2));
        let old = NoGpu::OldDevice { name: "GPU 0".to_owned(), found: Version { major: 6, minor: 5 } };
        assert_eq!(gpus.usable(Some(0)), Err(old));
        assert_eq!(gpus.usable(Some(3)), Err(NoGpu::NoSuchDevice { ordinal: 3, last: 2 }));
        let all: Vec<u32> = gpus.all_usable().unwrap().iter().map(|gpu| gpu.ordinal).collect();
        assert_eq!(all, [1, 2]);
    }

    #[test]
    fn an_old_driver_is_refused_in_words_that_say_what_to_do() {
        let refusal = gpus(0, &[9]).usable(None).unwrap_err().to_string();
        assert!(refusal.contains("12.0") && refusal.contains("530"), "{refusal}");
        assert_eq!(gpus(0, &[9]).all_usable().unwrap_err().to_string(), refusal);
    }

    #[test]
    fn looking_for_gpus_works_wherever_it_is_done() {
        match Gpus::find() {
            Ok(gpus) => assert!(gpus.devices.iter().all(|gpu| gpu.memory_bytes > 0 && !gpu.name.is_empty())),
            Err(NoGpu::NoDriver(reason)) => assert!(reason.contains("libcuda"), "{reason}"),
            Err(other) => eprintln!("skipped: {other}"),
        }
    }
}

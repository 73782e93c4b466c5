//! What computes.

use std::fmt;
use std::str::FromStr;

/// What computes the trials. Changes no byte of what they come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Device {
    /// The first GPU that can be used where the processor would be busy for long, or else the processor.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// An NVIDIA GPU, by its number or the first that can be used; nothing else will do.
    Cuda(Option<u32>),
}

/// There is no such device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write auto, cpu, cuda, or cuda:N for GPU number N")]
pub struct UnknownDevice;

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Device::Auto => f.write_str("auto"),
            Device::Cpu => f.write_str("cpu"),
            Device::Cuda(None) => f.write_str("cuda"),
            Device::Cuda(Some(ordinal)) => write!(f, "cuda:{ordinal}"),
        }
    }
}

impl FromStr for Device {
    type Err = UnknownDevice;

    fn from_str(text: &str) -> Result<Device, UnknownDevice> {
        match text.trim() {
            "auto" => Ok(Device::Auto),
            "cpu" => Ok(Device::Cpu),
            "cuda" => Ok(Device::Cuda(None)),
            other => {
                let ordinal = other.strip_prefix("cuda:").and_then(|number| number.parse().ok());
                ordinal.map(|ordinal| Device::Cuda(Some(ordinal))).ok_or(UnknownDevice)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_reads_as_it_is_written() {
        for device in [Device::Auto, Device::Cpu, Device::Cuda(None), Device::Cuda(Some(3))] {
            assert_eq!(device.to_string().parse(), Ok(device));
        }
        for text in ["", "gpu", "cuda:", "cuda:-1", "cuda:x", "CUDA"] {
            assert_eq!(text.parse::<Device>(), Err(UnknownDevice), "{text}");
        }
    }
}

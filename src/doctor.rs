//! `fermiac doctor`: what this machine computes with, and why a GPU is not used.

use std::thread::available_parallelism;

use fermiac_kernels::engine::cuda::{Gpus, NoGpu};
use fermiac_kernels::simd::Simd;
use serde::Serialize;

use crate::arguments::DoctorArguments;
use crate::document;
use crate::failure::Failure;
use crate::terminal::number::{count, plural};

/// The document of `fermiac doctor --json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Doctored {
    /// The program's version.
    pub version: &'static str,
    /// What every trial can be computed on.
    pub processor: Processor,
    /// What some trials can be computed on.
    pub gpu: GpuReport,
}

/// The processor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Processor {
    /// The vector instructions that are used; `None` where the processor is too old.
    pub instructions: Option<&'static str>,
    /// Why it is too old.
    pub problem: Option<String>,
    /// How many threads a run uses unless it is told.
    pub threads: usize,
}

/// The GPUs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GpuReport {
    /// The CUDA that the driver speaks, if there is a driver.
    pub driver_cuda: Option<String>,
    /// Those that the driver shows.
    pub devices: Vec<GpuDevice>,
    /// The number of the one that can be used.
    pub usable: Option<u32>,
    /// Why none can be.
    pub problem: Option<String>,
}

/// One GPU.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GpuDevice {
    /// Its number.
    pub number: u32,
    /// What its maker calls it.
    pub name: String,
    /// All its memory.
    pub memory_bytes: u64,
    /// What it can do.
    pub compute_capability: String,
    /// How many processors it has of its own.
    pub multiprocessors: u32,
}

/// Does what `fermiac doctor` was asked to do.
pub fn doctor(arguments: &DoctorArguments) -> Result<(), Failure> {
    let doctored = Doctored {
        version: env!("CARGO_PKG_VERSION"),
        processor: processor(),
        gpu: gpu_report(Gpus::find()),
    };
    if arguments.json { document::print_json(&doctored) } else { document::print(&for_people(&doctored)) }
}

fn processor() -> Processor {
    let simd = Simd::detect();
    Processor {
        instructions: simd.as_ref().ok().map(|simd| match simd {
            Simd::Avx512 => "AVX-512",
            Simd::Avx2 => "AVX2",
            Simd::Portable => "portable",
        }),
        problem: simd.err().map(|error| error.to_string()),
        threads: available_parallelism().map_or(1, usize::from),
    }
}

fn gpu_report(found: Result<Gpus, NoGpu>) -> GpuReport {
    let gpus = match found {
        Ok(gpus) => gpus,
        Err(reason) => {
            let problem = Some(reason.to_string());
            return GpuReport { driver_cuda: None, devices: Vec::new(), usable: None, problem };
        }
    };
    let devices = gpus.devices.iter().map(|gpu| GpuDevice {
        number: gpu.ordinal,
        name: gpu.name.clone(),
        memory_bytes: gpu.memory_bytes,
        compute_capability: gpu.compute_capability.to_string(),
        multiprocessors: gpu.multiprocessors,
    });
    let usable = gpus.usable(None);
    GpuReport {
        driver_cuda: Some(gpus.cuda.to_string()),
        devices: devices.collect(),
        usable: usable.as_ref().ok().map(|gpu| gpu.ordinal),
        problem: usable.err().map(|reason| reason.to_string()),
    }
}

fn for_people(doctored: &Doctored) -> String {
    let Doctored { version, processor, gpu } = doctored;
    let mut lines = vec![format!("fermiac     {version}")];
    let threads = plural(processor.threads as u64, "thread");
    lines.push(match (processor.instructions, &processor.problem) {
        (Some(instructions), _) => format!("processor   {instructions}, {threads}"),
        (None, problem) => format!("processor   cannot be used: {}", problem.as_deref().unwrap_or_default()),
    });
    lines.extend(gpu.driver_cuda.iter().map(|cuda| format!("driver      NVIDIA, CUDA {cuda}")));
    lines.extend(gpu.devices.iter().map(|device| {
        format!(
            "GPU {:<8}{}, {} MiB, compute capability {}, {}",
            device.number,
            device.name,
            count(device.memory_bytes >> 20),
            device.compute_capability,
            plural(u64::from(device.multiprocessors), "multiprocessor"),
        )
    }));
    lines.push(match (gpu.usable, &gpu.problem) {
        (Some(number), _) => format!("GPU         {number} can be used"),
        (None, problem) => format!("GPU         none is used: {}", problem.as_deref().unwrap_or_default()),
    });
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use fermiac_kernels::engine::cuda::{Gpu, Version};

    fn of_two(minor: u32) -> GpuReport {
        let gpu = |ordinal, name: &str, major| Gpu {
            ordinal,
            name: name.to_owned(),
            memory_bytes: 143_771 << 20,
            compute_capability: Version { major, minor: 0 },
            multiprocessors: 132,
            pci_address: "0000:3b:00.0".to_owned(),
        };
        let devices = vec![gpu(0, "Tesla P100", 6), gpu(1, "NVIDIA H200", 9)];
        gpu_report(Ok(Gpus { cuda: Version { major: 12, minor }, devices }))
    }

    fn told(gpu: GpuReport) -> String {
        for_people(&Doctored { version: "0", processor: processor(), gpu })
    }

    #[test]
    fn people_are_told_each_gpu_and_which_can_be_used() {
        let told = told(of_two(4));
        assert!(told.contains("driver      NVIDIA, CUDA 12.4\n"), "{told}");
        let line = "GPU 1       NVIDIA H200, 143,771 MiB, compute capability 9.0, 132 multiprocessors\n";
        assert!(told.contains(line), "{told}");
        assert!(told.ends_with("GPU         1 can be used\n"), "{told}");
    }

    #[test]
    fn a_gpu_that_is_not_used_comes_with_the_reason() {
        assert!(told(of_two(0)).ends_with("install a driver of the 530 line or later\n"));
        let none = told(gpu_report(Err(NoGpu::NoDriver("libcuda.so.1: no such file".to_owned()))));
        let reason = "GPU         none is used: there is no NVIDIA driver: libcuda.so.1: no such file\n";
        assert!(none.ends_with(reason), "{none}");
    }
}

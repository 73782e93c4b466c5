//! How busy, full and hot GPUs are, as NVIDIA's management library tells; where it is not installed, nothing is shown.

use std::sync::Arc;

use fermiac_fleet::telemetry::metrics as names;
use fermiac_simulation::OpenGpu;
use metrics::gauge;
use nvml_wrapper::Nvml;
use nvml_wrapper::enum_wrappers::device::TemperatureSensor;

use crate::figures::device_of;

/// The library, if it is there.
pub struct Sensors(Option<Nvml>);

impl Sensors {
    /// Looks for the library.
    pub fn find() -> Sensors {
        let found = Nvml::init();
        Sensors(
            found
                .inspect_err(|error| tracing::info!(%error, "what GPUs tell of themselves is not shown"))
                .ok(),
        )
    }

    /// Shows what these GPUs tell. What one does not tell is left out.
    pub fn show(&self, gpus: &[Arc<OpenGpu>]) {
        let Some(nvml) = &self.0 else { return };
        for gpu in gpus {
            // The library numbers GPUs in another order, and those that this process does not see.
            let Ok(sensed) = nvml.device_by_pci_bus_id(gpu.gpu().pci_address.as_str()) else { continue };
            if let Ok(utilisation) = sensed.utilization_rates() {
                let ratio = f64::from(utilisation.gpu) / 100.0;
                gauge!(names::GPU_UTILISATION_RATIO, "device" => device_of(gpu)).set(ratio);
            }
            if let Ok(memory) = sensed.memory_info() {
                let ratio = memory.used as f64 / memory.total.max(1) as f64;
                gauge!(names::GPU_MEMORY_USED_RATIO, "device" => device_of(gpu)).set(ratio);
            }
            if let Ok(degrees) = sensed.temperature(TemperatureSensor::Gpu) {
                gauge!(names::GPU_TEMPERATURE_CELSIUS, "device" => device_of(gpu)).set(f64::from(degrees));
            }
        }
    }
}

//! The workers, and what they compute on.

use fermiac_fleet::job::Label;
use fermiac_fleet::profile::{DeviceFallback, Gpu};
use fermiac_fleet::store::{ALIVE, Worker, WorkerBeat};

use super::{Answer, Halt, database_fails, store};
use crate::subject::Subject;

/// What a worker says that has no GPU.
const PROCESSOR: &str = "cpu";

pub async fn workers(subject: &Subject) -> Answer {
    let alive = alive(subject).await?;
    let able = alive.iter().filter(|worker| worker.labels.contains(&Label::Cpu));
    let (count, slots) = able.fold((0, 0), |(count, slots), worker| (count + 1, slots + worker.slots));
    if count == 0 {
        return Err(Halt::fail(
            "no worker takes simulations",
            "the fleet",
            "start `fermiac worker`, with cpu among FERMIAC_WORKER_LABELS",
        ));
    }
    Ok(format!("{count} alive, {slots} slots"))
}

pub async fn gpu(subject: &Subject) -> Answer {
    judge(&subject.settings.gpu, &alive(subject).await?)
}

async fn alive(subject: &Subject) -> Result<Vec<WorkerBeat>, Halt> {
    let alive = store(subject)?.workers(ALIVE).await;
    let alive = alive.map_err(|error| database_fails(subject, &error.to_string()))?;
    Ok(alive.into_iter().map(|Worker { beat, .. }| beat).collect())
}

/// A profile that insists on a GPU has to have one.
fn judge(policy: &Gpu, alive: &[WorkerBeat]) -> Answer {
    let devices: Vec<&str> =
        alive.iter().map(|worker| worker.device.as_str()).filter(|device| *device != PROCESSOR).collect();
    match (devices.as_slice(), policy.fallback) {
        _ if !policy.enabled => Err(Halt::Skip("the profile uses none (USE_GPU)".to_owned())),
        ([_, ..], _) => Ok(devices.join(", ")),
        ([], DeviceFallback::Cpu) => {
            Err(Halt::Skip("no worker has one, and the profile lets the processor do".to_owned()))
        }
        ([], DeviceFallback::Fail) => Err(Halt::fail(
            "no worker has a GPU, and the profile insists on one",
            "the fleet",
            "see whether the driver of the workers' machines finds it, or set FERMIAC_GPU_FALLBACK=cpu",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(device: &str) -> WorkerBeat {
        WorkerBeat {
            id: "one".to_owned(),
            labels: vec![Label::Cpu],
            slots: 1,
            version: "0".to_owned(),
            device: device.to_owned(),
        }
    }

    #[test]
    fn only_a_profile_that_insists_fails_without_a_gpu() {
        let policy = |enabled, fallback| Gpu { enabled, fallback, memory_fraction: 0.4 };
        let insists = policy(true, DeviceFallback::Fail);
        let without = [worker("cpu")];
        assert!(matches!(judge(&insists, &without), Err(Halt::Fail { .. })));
        assert!(matches!(judge(&insists, &[]), Err(Halt::Fail { .. })));
        let device = "cuda:0 NVIDIA T4";
        assert_eq!(judge(&insists, &[worker("cpu"), worker(device)]), Ok(device.to_owned()));
        for (policy, said) in [
            (policy(true, DeviceFallback::Cpu), "lets the processor"),
            (policy(false, DeviceFallback::Fail), "USE_GPU"),
        ] {
            let Err(Halt::Skip(reason)) = judge(&policy, &without) else { panic!("it is skipped") };
            assert!(reason.contains(said), "{reason}");
        }
    }
}

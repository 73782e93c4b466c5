//! Launches whose values stay on the GPU: the kernels of statistics follow the interpreter on its stream, and what they have
//! found comes back.

use cust::launch;
use cust::memory::AsyncCopyDestination;

use super::super::CudaEngineError;
use super::super::shape::BLOCK_THREADS;
use super::lanes::{Lane, Taken};
use super::reduction::{Layout, MOMENTS_SHARED_BYTES, SIFT_SHARED_BYTES, SIFT_THREADS};
use super::{Interpreter, Trials, failed};
use crate::engine::Reduced;
use crate::statistics::sifted::{Mesh, Sifted};

impl Interpreter {
    /// How many trials one launch reduces at most; none if there is no room for it.
    pub(in super::super) fn reduced_launch_trials(&self) -> Option<usize> {
        self.reduction.as_ref().map(|layout| layout.trials)
    }

    /// Evaluates trials and makes their statistics. None if more numbers were picked out than there is room for.
    pub(in super::super) fn reduce(
        &self,
        first_trial: u64,
        trials: usize,
        meshes: &[Mesh],
    ) -> Result<Option<Reduced>, CudaEngineError> {
        let Some(layout) = &self.reduction else { return Ok(None) };
        assert_eq!(meshes.len(), layout.outputs, "there is a mesh for every output");
        let mut reduced = Some(Reduced::nothing());
        self.in_launches(
            (first_trial..first_trial + trials as u64, layout.trials),
            |lane, trials| self.begin_reduction(layout, lane, trials, meshes),
            |lane, trials| {
                let next = self.finish_reduction(layout, lane, trials)?;
                reduced = reduced.take().zip(next).map(|(mut reduced, next)| {
                    reduced.append(next);
                    reduced
                });
                Ok(())
            },
        )?;
        if reduced.is_some() {
            self.gpu.reduced(trials);
        }
        Ok(reduced)
    }

    fn begin_reduction(
        &self,
        layout: &Layout,
        lane: &mut Taken<'_>,
        trials: Trials,
        meshes: &[Mesh],
    ) -> Result<(), CudaEngineError> {
        lane.make_room(self.device, layout.host_words())?;
        if layout.outputs > 0 {
            bring_meshes(layout, lane, meshes)?;
        }
        self.evaluate_into(lane, trials)?;
        let Lane { stream, ended, device, host, .. } = lane.under_way();
        let (length, kernels) = (trials.length as u64, self.gpu.kernel());
        let at = |place: usize| device.index(place..).as_device_ptr();
        let moments = kernels.moments().map_err(failed("finding the kernel"))?;
        // SAFETY: the arguments are those that the kernel takes, in their order: as many columns of as many trials as were
        // just evaluated, and words for each of their blocks, as the layout has it. All of it stays until the stream was
        // waited for, as a lane that is under way is before its memory is touched or goes.
        let launched = unsafe {
            launch!(moments<<<layout.moments_blocks(trials.length), BLOCK_THREADS, MOMENTS_SHARED_BYTES, stream>>>(
                at(layout.values.start),
                length,
                layout.columns as u64,
                at(layout.found.start)
            ))
        };
        launched.map_err(failed("launching the kernel"))?;
        if layout.outputs > 0 {
            let sift = kernels.sift().map_err(failed("finding the kernel"))?;
            let blocks_each = Layout::sift_blocks_each(trials.length);
            let blocks = blocks_each * layout.outputs as u32;
            // SAFETY: as above: the outputs are the last of the columns, and there are a mesh, counters and room for each.
            let launched = unsafe {
                launch!(sift<<<blocks, SIFT_THREADS, SIFT_SHARED_BYTES, stream>>>(
                    at(layout.values.start + (layout.columns - layout.outputs) * trials.length),
                    length,
                    u64::from(blocks_each),
                    at(layout.meshes.start),
                    at(layout.totals.start),
                    at(layout.picked.start),
                    layout.room as u64
                ))
            };
            launched.map_err(failed("launching the kernel"))?;
        }
        ended.record(stream).map_err(failed("timing the kernel"))?;
        let told = layout.told(trials.length);
        // SAFETY: the memory of this machine is page-locked and as long, and nobody looks at it before the stream was waited
        // for. The meshes that were there have been brought by then: a stream does one after the other.
        let copied = unsafe { device.index(told.clone()).async_copy_to(&mut host[..told.len()], stream) };
        copied.map_err(failed("bringing the results"))
    }

    fn finish_reduction(
        &self,
        layout: &Layout,
        mut lane: Taken<'_>,
        trials: Trials,
    ) -> Result<Option<Reduced>, CudaEngineError> {
        let (told, kernel_time) = lane.wait()?;
        self.gpu.worked(trials.length, kernel_time);
        let Some(picks) = layout.picks(told) else { return Ok(None) };
        let blocks = layout.blocks(told, trials.length);
        let mut sifted = layout.sifted(told);
        self.note_evaluation(&lane, trials.length)?;
        take_picked(layout, &mut lane, &picks, &mut sifted)?;
        Ok(Some(Reduced { blocks, sifted }))
    }
}

/// Brings meshes to the GPU and clears the totals, before the kernels, which wait for it.
fn bring_meshes(layout: &Layout, lane: &mut Taken<'_>, meshes: &[Mesh]) -> Result<(), CudaEngineError> {
    let Lane { stream, device, host, .. } = lane.under_way();
    let here = &mut host[..layout.meshes.len()];
    Layout::put_meshes(meshes, here);
    // SAFETY: both are as long, and nobody touches either before the stream was waited for.
    let brought = unsafe { device.index(layout.meshes.clone()).async_copy_from(here, stream) };
    brought.map_err(failed("bringing the meshes"))?;
    // SAFETY: nothing but a kernel that follows on this stream looks at the totals.
    let cleared = unsafe { device.index(layout.totals.clone()).set_zero_async(stream) };
    cleared.map_err(failed("clearing the totals"))
}

/// Brings what was picked out: only now is it known how much that is.
fn take_picked(
    layout: &Layout,
    lane: &mut Taken<'_>,
    picks: &[usize],
    sifted: &mut [Sifted],
) -> Result<(), CudaEngineError> {
    let Lane { stream, device, host, .. } = lane.under_way();
    let mut end = 0;
    for (output, count) in picks.iter().copied().enumerate().filter(|(_, count)| *count > 0) {
        let start = end;
        end += count;
        let picked = device.index(layout.picked_of(output, count));
        // SAFETY: the memory of this machine is as long as all that the layout has room for, and nobody looks at it before
        // the stream was waited for.
        let copied = unsafe { picked.async_copy_to(&mut host[start..end], stream) };
        copied.map_err(failed("bringing the results"))?;
    }
    let (mut rest, _) = lane.wait()?;
    for (sifted, count) in sifted.iter_mut().zip(picks) {
        let (picked, behind) = rest.split_at(*count);
        sifted.picked = picked.to_vec();
        rest = behind;
    }
    Ok(())
}

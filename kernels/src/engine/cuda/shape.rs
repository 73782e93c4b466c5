//! How a launch is cut into blocks of threads, and where their slots lie.

/// The threads of a block: full warps, and few enough that the slots of small plans fit into shared memory.
pub(super) const BLOCK_THREADS: u32 = 128;
/// The shared memory that every GPU gives a block without being asked for more.
const SHARED_BYTES: usize = 48 * 1024;

/// The memory of one block's slots, where it is shared memory.
pub(super) fn shared_bytes(thread_numbers: usize) -> Option<u32> {
    let bytes = thread_numbers * BLOCK_THREADS as usize * size_of::<f64>();
    (bytes <= SHARED_BYTES).then_some(bytes as u32)
}

/// How many blocks are launched: as many as trials need, but no more than the GPU holds at a time. The threads of these
/// take the trials in turns.
pub(super) fn blocks(trials: usize, resident: u32) -> u32 {
    let needed = trials.div_ceil(BLOCK_THREADS as usize);
    u32::try_from(needed).unwrap_or(u32::MAX).min(resident).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slots_of_small_plans_are_shared_memory() {
        assert_eq!(shared_bytes(0), Some(0));
        assert_eq!(shared_bytes(48), Some(48 * 1024));
        assert_eq!(shared_bytes(49), None);
    }

    #[test]
    fn no_more_blocks_are_launched_than_trials_need_or_the_gpu_holds() {
        assert_eq!(blocks(1, 500), 1);
        assert_eq!(blocks(4096, 500), 32);
        assert_eq!(blocks(4097, 500), 33);
        assert_eq!(blocks(1 << 30, 500), 500);
        assert_eq!(blocks(0, 0), 1);
    }
}

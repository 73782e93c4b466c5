//! How much of a GPU's memory is used, and how many trials one launch evaluates in it.

use super::shape::BLOCK_THREADS;
use crate::statistics::moments::BLOCK;

/// So many launches are under way at a time at most, each in a pool of its own.
pub(super) const POOLS: usize = 5;
/// A launch has so many trials for each thread that the GPU holds at a time: enough that starting it costs little.
const TRIALS_PER_THREAD: u64 = 8;
/// A launch comes to at most so many values (or those of one block of threads): they wait in the machine's memory too.
const MOST_VALUES: u64 = 1 << 22;
const NUMBER: u64 = size_of::<f64>() as u64;

/// What may be used of a GPU's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    bytes: u64,
}

/// What a plan asks of a launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Need {
    /// Values that each trial comes to.
    pub columns: usize,
    /// Numbers of each thread that lie in the GPU's memory; none where its slots are shared memory.
    pub thread_numbers: usize,
    /// How many blocks of threads the GPU holds at a time.
    pub resident_blocks: u32,
}

/// How large a launch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Launch {
    /// At most so many trials: whole blocks of threads, and whole blocks of trials if it is one or more.
    pub trials: usize,
    /// At most so many blocks of threads.
    pub blocks: u32,
}

impl Budget {
    /// This part of a memory, rounded down.
    pub fn of(memory_bytes: u64, fraction: f64) -> Budget {
        Budget { bytes: (memory_bytes as f64 * fraction) as u64 }
    }

    /// All of it.
    pub fn bytes(self) -> u64 {
        self.bytes
    }

    /// What one launch may use: four fifths are shared out to five launches.
    pub fn pool_bytes(self) -> u64 {
        (u128::from(self.bytes) * 4 / 25) as u64
    }

    /// What all plans together may use: what the launches leave.
    pub fn plan_bytes(self) -> u64 {
        self.bytes - POOLS as u64 * self.pool_bytes()
    }
}

impl Launch {
    /// As large as a pool allows and as the GPU needs to be busy. None where not even one block of threads fits.
    pub fn new(pool_bytes: u64, need: &Need) -> Option<Launch> {
        let threads = u64::from(BLOCK_THREADS);
        let block_bytes = threads * need.thread_numbers as u64 * NUMBER;
        let trial_bytes = need.columns as u64 * NUMBER;
        let resident = u64::from(need.resident_blocks.max(1));
        // Slots and results have half of the pool each, where one block of threads does with that.
        let blocks = (pool_bytes / 2).checked_div(block_bytes).unwrap_or(resident).clamp(1, resident);
        let room = pool_bytes.checked_sub(blocks * block_bytes)?;
        let values = MOST_VALUES.checked_div(need.columns as u64).unwrap_or(MOST_VALUES).max(threads);
        let wanted = (resident * threads * TRIALS_PER_THREAD).min(values);
        let trials = room.checked_div(trial_bytes).unwrap_or(wanted).min(wanted);
        let step = if trials >= BLOCK as u64 { BLOCK as u64 } else { threads };
        let trials = trials / step * step;
        let blocks = blocks.min(trials / threads);
        (trials > 0).then_some(Launch { trials: trials as usize, blocks: blocks as u32 })
    }

    /// How many bytes of a pool it uses.
    #[cfg(test)]
    fn bytes(&self, need: &Need) -> u64 {
        let slots = u64::from(self.blocks) * u64::from(BLOCK_THREADS) * need.thread_numbers as u64;
        (slots + self.trials as u64 * need.columns as u64) * NUMBER
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_budget_of_a_known_gpu_is_that_of_its_document() {
        let mega = 1_000_000;
        let budget = Budget::of(8_127 * mega, 0.6);
        assert_eq!(budget.bytes() / mega, 4_876);
        assert_eq!(budget.pool_bytes(), 780_192_000);
        assert_eq!(budget.plan_bytes(), budget.bytes() - 5 * 780_192_000);
    }

    #[test]
    fn a_small_plan_has_launches_that_fill_the_gpu_and_no_larger() {
        let need = Need { columns: 2, thread_numbers: 0, resident_blocks: 132 * 8 };
        let launch = Launch::new(1 << 33, &need).unwrap();
        assert_eq!(launch, Launch { trials: 132 * 8 * 128 * 8 / BLOCK * BLOCK, blocks: 132 * 8 });
        assert_eq!(Launch::new(2 * 8 * 127, &need), None);
        assert_eq!(Launch::new(2 * 8 * 128, &need), Some(Launch { trials: 128, blocks: 1 }));
    }

    fn needs() -> impl Strategy<Value = Need> {
        (0..20_000_usize, prop_oneof![Just(0), 49..300_000_usize], 0..2_000_u32).prop_map(
            |(columns, thread_numbers, resident_blocks)| Need { columns, thread_numbers, resident_blocks },
        )
    }

    proptest! {
        #[test]
        fn a_launch_stays_within_its_pool(pool_bytes in 0..1_u64 << 36, need in needs()) {
            if let Some(launch) = Launch::new(pool_bytes, &need) {
                prop_assert!(launch.bytes(&need) <= pool_bytes);
                prop_assert!(launch.trials.is_multiple_of(BLOCK_THREADS as usize) && launch.blocks > 0);
                prop_assert!(launch.trials < BLOCK || launch.trials.is_multiple_of(BLOCK));
                prop_assert!(launch.blocks <= need.resident_blocks.max(1));
            }
        }

        #[test]
        fn more_memory_never_makes_a_launch_impossible(pool_bytes in 0..1_u64 << 34, need in needs()) {
            if Launch::new(pool_bytes, &need).is_some() {
                prop_assert!(Launch::new(2 * pool_bytes, &need).is_some());
            }
        }

        #[test]
        fn the_parts_of_a_budget_stay_within_it(memory in 0..1_u64 << 40, fraction in 0.05..=0.95) {
            let budget = Budget::of(memory, fraction);
            prop_assert!(budget.bytes() <= memory);
            prop_assert_eq!(POOLS as u64 * budget.pool_bytes() + budget.plan_bytes(), budget.bytes());
        }
    }
}

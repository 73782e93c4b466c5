//! Memory for long columns, handed out fast.
//!
//! Memory costs nothing before it is written to: the system then hands it out page by page. It takes some twelve times as
//! long for 2 MiB of small pages as for the one huge page that holds as much.

use std::mem::size_of;
use std::ops::Range;

/// Of the first cache.
const LINE: usize = 64;
/// Of the sizes that systems have for huge pages, the usual one.
const HUGE_PAGE: usize = 2 << 20;
/// Less is handed out faster by small pages.
const WORTH_A_HUGE_PAGE: usize = 1 << 18;

/// Values, zeros at first, from the beginning of a cache line or of a huge page on.
pub(crate) struct Memory<T> {
    values: Vec<T>,
    used: Range<usize>,
}

impl<T: Copy + Default> Memory<T> {
    /// From the beginning of a cache line on: a vector that lies in two takes twice as long to read or write.
    pub fn in_lines(count: usize) -> Memory<T> {
        Memory::at_multiple_of(LINE, count)
    }

    /// By a huge page where that is faster: then so much memory is taken up at least. For what is made once.
    pub fn in_huge_pages(count: usize) -> Memory<T> {
        let bytes = count * size_of::<T>();
        if bytes < WORTH_A_HUGE_PAGE {
            return Memory::in_lines(count);
        }
        let whole = bytes.next_multiple_of(HUGE_PAGE) / size_of::<T>();
        let mut memory = Memory::at_multiple_of(HUGE_PAGE, whole);
        ask_for_huge_pages(memory.values_mut());
        memory.used.end = memory.used.start + count;
        memory
    }

    fn at_multiple_of(bytes: usize, count: usize) -> Memory<T> {
        let spare = bytes / size_of::<T>() - 1;
        let values = vec![T::default(); count + spare];
        let first = values.as_ptr().align_offset(bytes).min(spare);
        Memory { values, used: first..first + count }
    }

    pub fn values(&self) -> &[T] {
        &self.values[self.used.clone()]
    }

    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.values[self.used.clone()]
    }
}

/// So many zeros, by huge pages if there are many.
pub(crate) fn zeros(count: usize) -> Vec<f64> {
    let mut values = vec![0.0; count];
    if size_of_val(values.as_slice()) >= 4 * HUGE_PAGE {
        ask_for_huge_pages(&mut values);
    }
    values
}

/// A system that has none gives small ones.
#[cfg(target_os = "linux")]
fn ask_for_huge_pages<T>(values: &mut [T]) {
    const PAGE: usize = 4096;
    let start = values.as_mut_ptr().cast::<u8>();
    let to_page = start.align_offset(PAGE);
    let bytes = size_of_val(values).saturating_sub(to_page) / PAGE * PAGE;
    if bytes == 0 {
        return;
    }
    // SAFETY: the range lies inside `values` and begins at a page. The advice changes no content, and a system
    // that refuses it may be ignored.
    unsafe { libc::madvise(start.add(to_page).cast(), bytes, libc::MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn ask_for_huge_pages<T>(_values: &mut [T]) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_short_columns_are_zero() {
        for count in [0, 1, 3_000_001] {
            let values = zeros(count);
            assert!(values.len() == count && values.iter().all(|value| value.to_bits() == 0));
        }
    }

    #[test]
    fn memory_begins_at_a_line_or_a_huge_page_and_is_zero() {
        for count in [0, 1, 8, 4096, 100_001, 600_000] {
            let mut of_lines = Memory::<f64>::in_lines(count);
            let mut of_huge_pages = Memory::<u64>::in_huge_pages(count);
            assert_eq!((of_lines.values().len(), of_huge_pages.values().len()), (count, count));
            assert_eq!(of_lines.values().as_ptr().align_offset(LINE), 0);
            let alignment = if count * 8 < WORTH_A_HUGE_PAGE { LINE } else { HUGE_PAGE };
            assert_eq!(of_huge_pages.values().as_ptr().align_offset(alignment), 0);
            assert!(of_lines.values_mut().iter().all(|value| value.to_bits() == 0));
            assert!(of_huge_pages.values_mut().iter().all(|value| *value == 0));
        }
    }
}

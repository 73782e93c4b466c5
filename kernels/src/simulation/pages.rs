//! Memory for long columns.

/// Shorter columns are not worth asking for: a huge page is 2 MiB.
#[cfg(target_os = "linux")]
const WORTH_HUGE_PAGES: usize = 1 << 20;

/// So many zeros. Their memory costs nothing before it is written to; where the system can, it is then handed out
/// by huge pages: by small ones, handing it out takes as long as a simple model's trials.
pub(super) fn zeros(count: usize) -> Vec<f64> {
    let mut values = vec![0.0; count];
    ask_for_huge_pages(&mut values);
    values
}

#[cfg(target_os = "linux")]
fn ask_for_huge_pages(values: &mut [f64]) {
    const PAGE: usize = 4096;
    if values.len() < WORTH_HUGE_PAGES {
        return;
    }
    let start = values.as_mut_ptr().cast::<u8>();
    let to_page = start.align_offset(PAGE);
    let bytes = (size_of_val(values) - to_page) / PAGE * PAGE;
    // SAFETY: the range lies inside `values` and begins at a page. The advice changes no content, and a system
    // that refuses it may be ignored.
    unsafe { libc::madvise(start.add(to_page).cast(), bytes, libc::MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn ask_for_huge_pages(_values: &mut [f64]) {}

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
}

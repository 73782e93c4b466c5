//! Bars made of block characters, an eighth of a character fine.

const RISING: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ADVANCING: [char; 9] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// Columns that rise to `heights` (0..=1 of the whole), as `rows` lines from the top down. A height above zero
/// is seen, however small.
pub fn columns(heights: &[f64], rows: usize) -> Vec<String> {
    let eighths: Vec<usize> = heights.iter().map(|height| eighths(*height, rows)).collect();
    let line = |row: usize| {
        let below = (rows - 1 - row) * 8;
        eighths.iter().map(|eighths| RISING[eighths.saturating_sub(below).min(8)]).collect()
    };
    (0..rows).map(line).collect()
}

/// A bar of `length` (0..=1 of the whole) in at most `width` characters.
pub fn bar(length: f64, width: usize) -> String {
    let eighths = eighths(length, width);
    let mut text = "█".repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        text.push(ADVANCING[eighths % 8]);
    }
    text
}

fn eighths(part: f64, characters: usize) -> usize {
    let most = characters * 8;
    // A part that is no number casts to zero.
    let rounded = (part * most as f64).round() as usize;
    rounded.max(usize::from(part > 0.0)).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_are_an_eighth_fine() {
        assert_eq!(columns(&[0.0, 0.001, 0.5, 0.5625, 1.0], 2), ["   ▁█", " ▁███"]);
    }

    #[test]
    fn a_bar_fills_its_part() {
        assert_eq!(bar(1.0, 3), "███");
        assert_eq!(bar(0.5, 3), "█▌");
        assert_eq!(bar(0.0, 3), "");
        assert_eq!(bar(1e-9, 3), "▏");
        assert_eq!(bar(7.0, 3), "███");
        assert_eq!(bar(f64::NAN, 3), "");
    }

    proptest! {
        #[test]
        fn a_bar_never_leaves_its_room(length in -1.0f64..2.0, width in 0usize..40) {
            prop_assert!(bar(length, width).chars().count() <= width);
        }
    }
}

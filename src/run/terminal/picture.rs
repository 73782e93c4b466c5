//! A histogram drawn with block characters.

use super::scale::Scale;
use crate::terminal::number::{count, percent};
use crate::terminal::{Screen, bars};
use fermiac_simulation::outcome::{Histogram, OutputOutcome};

/// Rows of the drawing.
const ROWS: usize = 8;

/// The drawing with its axis; nothing where all values are one.
pub(super) fn histogram(output: &OutputOutcome, screen: Screen) -> Vec<String> {
    if output.picture.histogram.counts.len() < 2 {
        return Vec::new();
    }
    let drawing = Drawing::new(&output.picture.histogram, screen.width - 4);
    let mut lines = vec![String::new()];
    let rows = bars::columns(&drawing.heights, ROWS);
    lines.extend(rows.iter().map(|row| format!("  {}", screen.bar(row.trim_end()))));
    lines.push(format!("  {}", drawing.scale.rule()));
    lines.push(format!("  {}", drawing.scale.labels()));
    lines.push(format!("  {}", interval(output, &drawing.scale)));
    lines.push(format!("  {}", screen.dim(legend(output))));
    lines
}

/// Columns of characters and the values they stand for.
struct Drawing {
    /// 0..=1, one a column.
    heights: Vec<f64>,
    scale: Scale,
}

impl Drawing {
    /// Some bins in one column where there are more bins than columns, else some columns for each bin.
    fn new(histogram: &Histogram, width: usize) -> Drawing {
        let bins = histogram.counts.len();
        let bins_in_column = bins.div_ceil(width);
        let columns_of_bin = (width / bins).max(1);
        let groups = histogram.counts.chunks(bins_in_column).map(|group| group.iter().sum::<u64>());
        let groups: Vec<u64> = groups.collect();
        let highest = groups.iter().copied().max().unwrap_or(0).max(1) as f64;
        let heights =
            groups.iter().flat_map(|group| std::iter::repeat_n(*group as f64 / highest, columns_of_bin));
        let heights: Vec<f64> = heights.collect();
        let low = histogram.edges[0];
        // The last column may stand for fewer bins than the others; the scale must not bend there.
        let bin = (histogram.edges[bins] - low) / bins as f64;
        let high = low + bin * (groups.len() * bins_in_column) as f64;
        let scale = Scale { low, high, width: heights.len() };
        Drawing { heights, scale }
    }
}

/// From the 5th to the 95th percentile, with the mean.
fn interval(output: &OutputOutcome, scale: &Scale) -> String {
    let column = |value: Option<f64>| value.and_then(|value| scale.column(value));
    let (low, high) = (column(output.percentile(5.0)), column(output.percentile(95.0)));
    let mut line = vec![' '; scale.width];
    if let (Some(low), Some(high)) = (low, high) {
        line[low..=high].fill('─');
        (line[low], line[high]) = ('├', '┤');
    }
    if let Some(mean) = column(output.mean) {
        line[mean] = '●';
    }
    line.into_iter().collect::<String>().trim_end().to_owned()
}

fn legend(output: &OutputOutcome) -> String {
    let picture = &output.picture;
    let total = picture.values() as f64;
    let mut text = "● mean  ├─┤ 5 % to 95 %".to_owned();
    if picture.below + picture.above > 0 {
        let part = |count: u64| percent(count as f64 / total);
        text += &format!("  beyond: {} left, {} right", part(picture.below), part(picture.above));
    }
    if picture.values() < output.histogram.total() {
        text += &format!("  (of the first {} values)", count(picture.values()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::example::example;

    fn output(edges: Vec<f64>, counts: Vec<u64>) -> OutputOutcome {
        let (_, mut output) = example().outputs.remove(0);
        output.picture.histogram = Histogram { edges, counts };
        output.histogram.counts = vec![output.picture.values()];
        output
    }

    #[test]
    fn a_histogram_is_drawn_over_its_axis() {
        let mut output = output((0..6).map(f64::from).collect(), vec![1, 2, 4, 2, 1]);
        (output.mean, output.percentiles) = (Some(2.5), vec![(5.0, Some(0.5)), (95.0, Some(4.5))]);
        let lines = histogram(&output, Screen { width: 44, color: false });
        let expected = [
            "",
            "                  ████████",
            "                  ████████",
            "                  ████████",
            "                  ████████",
            "          ████████████████████████",
            "          ████████████████████████",
            "  ████████████████████████████████████████",
            "  ████████████████████████████████████████",
        ];
        assert_eq!(lines[..9], expected);
        assert_eq!(lines[11], "      ├───────────────●───────────────┤");
        assert_eq!(lines[12], "  ● mean  ├─┤ 5 % to 95 %  beyond: 20.0 % left, 13.3 % right");
    }

    #[test]
    fn more_bins_than_columns_share_columns() {
        let edges = (0..=100).map(f64::from).collect();
        let drawing = Drawing::new(&Histogram { edges, counts: vec![1; 100] }, 36);
        assert_eq!(drawing.heights.len(), 34);
        assert_eq!((drawing.scale.low, drawing.scale.high), (0.0, 102.0));
        assert!((drawing.heights[33] - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn a_single_value_is_no_picture() {
        assert!(histogram(&output(vec![5.0, 5.0], vec![10]), Screen { width: 80, color: false }).is_empty());
    }
}

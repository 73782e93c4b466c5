//! The charts of an output as SVG.
//!
//! Colours are keys: the style sheet of the page gives each its real colour, one for light and one for dark.

use std::ops::Range;

use plotters::prelude::*;

use crate::terminal::number;
use fermiac_simulation::outcome::OutputOutcome;

/// Why a chart could not be drawn; into a string, it always can.
pub type ChartError = DrawingAreaErrorKind<std::io::Error>;

pub(super) const INK: RGBColor = RGBColor(0x10, 0x10, 0x10);
pub(super) const FAINT: RGBColor = RGBColor(0x20, 0x20, 0x20);
pub(super) const GRID: RGBColor = RGBColor(0x30, 0x30, 0x30);
pub(super) const FIRST: RGBColor = RGBColor(0x40, 0x40, 0x40);
pub(super) const SECOND: RGBColor = RGBColor(0x50, 0x50, 0x50);

/// The size that all charts but the tornado are drawn at; the page scales them.
const SIZE: (u32, u32) = (540, 280);
/// A range narrower than this part of its numbers has no ticks that can be told apart.
const NARROWEST: f64 = 1e-9;
/// Beyond this, reckoning with ticks overflows.
const LARGEST: f64 = 1e290;

/// How the values are spread, with the mean and three percentiles; nothing where there is no spread to draw.
pub(super) fn histogram(output: &OutputOutcome) -> Result<Option<String>, ChartError> {
    let histogram = &output.picture.histogram;
    let Some(range) = drawable(&histogram.edges) else { return Ok(None) };
    let total = (histogram.total() + output.picture.below + output.picture.above).max(1) as f64;
    let part = |count: u64| count as f64 / total;
    let highest = histogram.counts.iter().copied().map(part).fold(0.0, f64::max) * 1.25;
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let mut chart = ChartBuilder::on(&area)
            .margin(8)
            .x_label_area_size(28)
            .y_label_area_size(52)
            .build_cartesian_2d(range.clone(), 0.0..highest)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID.stroke_width(1))
            .axis_style(GRID.stroke_width(1))
            .label_style(("sans-serif", 13, &FAINT))
            .x_labels(6)
            .y_labels(5)
            .x_label_formatter(&|value| tick(*value, &range))
            .y_label_formatter(&|part| number::percent(*part))
            .draw()?;
        let gap = (histogram.edges[1] - histogram.edges[0]) * 0.04;
        let bars = histogram.edges.windows(2).zip(&histogram.counts).map(|(edges, count)| {
            Rectangle::new([(edges[0] + gap, 0.0), (edges[1] - gap, part(*count))], FIRST.filled())
        });
        chart.draw_series(bars)?;
        // The mean has a row of its own: it may stand where a percentile does.
        let percentile = |percent: f64| output.percentile(percent);
        let marks =
            [(percentile(5.0), "5 %", 0.88), (percentile(95.0), "95 %", 0.88), (output.mean, "mean", 0.94)];
        for (value, label, height) in marks {
            let Some(value) = value.filter(|value| range.contains(value)) else { continue };
            let top = highest * height;
            chart.draw_series([PathElement::new([(value, 0.0), (value, top)], SECOND.stroke_width(2))])?;
            let style = label_style(&SECOND, HPos::Center, VPos::Bottom);
            chart.draw_series([Text::new(label, (value, top), style)])?;
        }
        area.present()?;
    }
    Ok(Some(svg))
}

/// The part of the values that lies below each value.
pub(super) fn cumulative(output: &OutputOutcome) -> Result<Option<String>, ChartError> {
    let Some(range) = drawable(&output.picture.histogram.edges) else { return Ok(None) };
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let mut chart = ChartBuilder::on(&area)
            .margin(8)
            .x_label_area_size(28)
            .y_label_area_size(52)
            .build_cartesian_2d(range.clone(), 0.0..1.0)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID.stroke_width(1))
            .axis_style(GRID.stroke_width(1))
            .label_style(("sans-serif", 13, &FAINT))
            .x_labels(6)
            .y_labels(6)
            .x_label_formatter(&|value| tick(*value, &range))
            .y_label_formatter(&|part: &f64| format!("{:.0} %", part * 100.0))
            .draw()?;
        let inside = output.picture.quantiles.iter().filter(|(_, value)| range.contains(value));
        chart.draw_series(LineSeries::new(
            inside.map(|(percent, value)| (*value, percent / 100.0)),
            FIRST.stroke_width(3),
        ))?;
        let marks = output.percentiles.iter().filter_map(|(percent, value)| Some((*percent, (*value)?)));
        let marks =
            marks.filter(|(percent, value)| [5.0, 50.0, 95.0].contains(percent) && range.contains(value));
        chart.draw_series(
            marks.map(|(percent, value)| Circle::new((value, percent / 100.0), 5, SECOND.filled())),
        )?;
        area.present()?;
    }
    Ok(Some(svg))
}

/// The label of a tick. Steps that add up to zero may miss it by a rounding error, which is no number to show.
fn tick(value: f64, range: &Range<f64>) -> String {
    number::lone(if value.abs() < (range.end - range.start) * NARROWEST { 0.0 } else { value })
}

/// How a label of a chart is written.
pub(super) fn label_style(color: &RGBColor, horizontal: HPos, vertical: VPos) -> TextStyle<'_> {
    use plotters::style::text_anchor::Pos;
    TextStyle::from(("sans-serif", 13).into_font()).color(color).pos(Pos::new(horizontal, vertical))
}

pub(super) use plotters::style::text_anchor::{HPos, VPos};

/// From the first edge to the last, if an axis can be drawn over it.
fn drawable(edges: &[f64]) -> Option<Range<f64>> {
    let (low, high) = (*edges.first()?, *edges.last()?);
    let largest = low.abs().max(high.abs());
    (largest < LARGEST && high - low > largest * NARROWEST && high - low > 1.0 / LARGEST).then_some(low..high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::example::example;
    use fermiac_simulation::outcome::Histogram;

    #[test]
    fn charts_mark_what_they_show() {
        let (_, output) = example().outputs.remove(0);
        let svg = histogram(&output).unwrap().unwrap();
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
        assert_eq!(svg.matches("fill=\"#404040\"").count(), 4);
        assert!(svg.contains("mean") && svg.contains("95 %"));
        assert!(cumulative(&output).unwrap().unwrap().contains("<polyline"));
    }

    #[test]
    fn zero_is_written_as_zero() {
        assert_eq!(tick(-2.7756e-17, &(-0.3..0.5)), "0");
        assert_eq!(tick(0.1, &(-0.3..0.5)), "0.1");
        assert_eq!(tick(-2e-17, &(-4e-17..4e-17)), "−2e−17");
    }

    #[test]
    fn a_range_without_room_for_an_axis_is_not_drawn() {
        let (_, mut output) = example().outputs.remove(0);
        for edges in [vec![], vec![5.0, 5.0], vec![1.0, 1.0 + 1e-14], vec![-1e300, 1e300], vec![0.0, 1e-310]]
        {
            let counts = vec![1; edges.len().saturating_sub(1)];
            output.picture.histogram = Histogram { edges, counts };
            assert_eq!(histogram(&output).unwrap(), None);
            assert_eq!(cumulative(&output).unwrap(), None);
        }
    }
}

//! The tornado: what drives an output, the strongest input on top.

use plotters::prelude::*;

use super::charts::{ChartError, FAINT, FIRST, GRID, HPos, INK, SECOND, VPos, label_style};
use crate::terminal::number::Style;
use crate::terminal::printable;
use fermiac_simulation::outcome::{Outcome, OutputOutcome};

/// How many inputs are shown.
const SHOWN: usize = 12;
/// Room for each.
const ROW: u32 = 30;
/// Room for names at the left.
const NAMES: i32 = 160;
/// Columns of the screen that a name may take.
const NAME_COLUMNS: usize = 24;
const WIDTH: u32 = 540;

/// A bar for each input from zero to its rank correlation; nothing where no input has one.
pub(super) fn tornado(outcome: &Outcome, output: &OutputOutcome) -> Result<Option<String>, ChartError> {
    let drivers = output.strongest_drivers(SHOWN);
    if drivers.is_empty() {
        return Ok(None);
    }
    let mut svg = String::new();
    {
        let height = drivers.len() as u32 * ROW + 12;
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        let (right, middle) = (WIDTH as i32 - 50, (NAMES + WIDTH as i32) / 2);
        let half = f64::from(right - middle);
        area.draw(&PathElement::new([(middle, 2), (middle, height as i32 - 2)], GRID.stroke_width(1)))?;
        for (row, driver) in drivers.iter().enumerate() {
            let correlation = driver.rank_correlation.unwrap_or(0.0);
            let top = row as i32 * ROW as i32 + 8;
            let end = middle + (correlation * half).round() as i32;
            let color = if correlation < 0.0 { SECOND } else { FIRST };
            let corners = [(middle.min(end), top), (middle.max(end), top + ROW as i32 - 10)];
            area.draw(&Rectangle::new(corners, color.filled()))?;
            let name = printable(outcome.input_name(&driver.input));
            let name = console::truncate_str(&name, NAME_COLUMNS, "…").into_owned();
            let baseline = top + (ROW as i32 - 10) / 2;
            area.draw(&Text::new(name, (NAMES, baseline), label_style(&INK, HPos::Right, VPos::Center)))?;
            let (at, side) = if correlation < 0.0 { (end - 6, HPos::Right) } else { (end + 6, HPos::Left) };
            let sign = if correlation < 0.0 { "" } else { "+" };
            let label = format!("{sign}{}", Style::Decimals(2).write(correlation));
            area.draw(&Text::new(label, (at, baseline), label_style(&FAINT, side, VPos::Center)))?;
        }
        area.present()?;
    }
    Ok(Some(svg))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::example::example;

    #[test]
    fn every_driver_has_its_bar_and_its_side() {
        let outcome = example();
        let svg = tornado(&outcome, &outcome.outputs[0].1).unwrap().unwrap();
        assert!(svg.contains("Price") && svg.contains("−0.25") && svg.contains("+0.75"));
        assert_eq!(svg.matches("fill=\"#404040\"").count(), 1);
        assert_eq!(svg.matches("fill=\"#505050\"").count(), 1);
    }

    #[test]
    fn a_name_cannot_leave_its_label() {
        let mut outcome = example();
        outcome.inputs[1].1.name = "</text><script>alert(1)</script>".to_owned();
        let svg = tornado(&outcome, &outcome.outputs[0].1).unwrap().unwrap();
        assert!(!svg.contains("<script"), "{svg}");
    }
}

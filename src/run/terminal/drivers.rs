//! What drives an output: a bar for each of its strongest inputs.

use crate::terminal::{Screen, bars, number, padded};
use fermiac_simulation::outcome::{Driver, Outcome, OutputOutcome};

/// How many inputs are shown.
const SHOWN: usize = 10;
/// Room for a rank correlation and a contribution to variance, with the spaces before them.
const NUMBERS: usize = 22;

/// The heading and a line for each driver, strongest first; nothing where no input has a correlation.
pub(super) fn bars(outcome: &Outcome, output: &OutputOutcome, screen: Screen) -> Vec<String> {
    let drivers = output.strongest_drivers(SHOWN);
    if drivers.is_empty() {
        return Vec::new();
    }
    let names = drivers.iter().map(|driver| outcome.input_name(&driver.input));
    let widest = names.map(console::measure_text_width).max().unwrap_or(0);
    let columns = Columns::for_screen(widest, screen);
    let heading = format!(
        "  {}{:>NUMBERS$}",
        padded("what drives it", columns.name + 1 + columns.bar + 2),
        "correlation   variance"
    );
    let mut lines = vec![String::new(), screen.dim(heading)];
    lines.extend(drivers.iter().map(|driver| columns.line(outcome, driver, screen)));
    let left = output.sensitivity.len() - drivers.len();
    if left > 0 {
        lines.push(format!("  {}", screen.dim(format!("and {} more", number::count(left as u64)))));
    }
    lines
}

/// The widths of the columns.
struct Columns {
    name: usize,
    bar: usize,
}

impl Columns {
    fn for_screen(widest: usize, screen: Screen) -> Columns {
        let room = screen.width - 2 - 1 - 2 - NUMBERS;
        let name = widest.min(room * 2 / 3).max(4);
        Columns { name, bar: (room - name).min(32).max(14usize.saturating_sub(name)) }
    }

    fn line(&self, outcome: &Outcome, driver: &Driver, screen: Screen) -> String {
        let correlation = driver.rank_correlation.unwrap_or(0.0);
        let drawn = bars::bar(correlation.abs(), self.bar);
        let filled = padded(&drawn, self.bar);
        let bar = if correlation < 0.0 { screen.opposite_bar(filled) } else { screen.bar(filled) };
        let sign = if correlation < 0.0 { '−' } else { '+' };
        let contribution = driver.contribution_to_variance.map_or("–".to_owned(), number::percent);
        format!(
            "  {} {bar}  {:>11}  {contribution:>9}",
            padded(outcome.input_name(&driver.input), self.name),
            format!("{sign}{:.3}", correlation.abs()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::example::example;

    #[test]
    fn the_strongest_comes_first_with_its_sign() {
        let outcome = example();
        let lines = bars(&outcome, &outcome.outputs[0].1, Screen { width: 80, color: false });
        assert_eq!(lines[1], "  what drives it                              correlation   variance");
        assert_eq!(lines[2], "  Inputs!B2 ████████████████████████               +0.750     93.8 %");
        assert_eq!(lines[3], "  Price     ████████                               −0.250      6.2 %");
        assert_eq!(lines.len(), 4);
    }

    #[test]
    fn the_rest_is_counted() {
        let mut outcome = example();
        let driver = outcome.outputs[0].1.sensitivity[0].clone();
        outcome.outputs[0].1.sensitivity = vec![driver; 13];
        let lines = bars(&outcome, &outcome.outputs[0].1, Screen { width: 80, color: false });
        assert_eq!(lines.len(), 2 + SHOWN + 1);
        assert_eq!(lines.last().unwrap(), "  and 3 more");
    }
}

//! What a run came to, for a person at a terminal.

mod drivers;
mod picture;
mod scale;

use super::Subject;
use crate::terminal::number::{Style, count, duration, lone, percent, plural};
use crate::terminal::{Screen, padded, printable};
use fermiac_simulation::Sampling;
use fermiac_simulation::outcome::{Outcome, OutputOutcome, Stopped};

/// Everything, as lines of at most the width of `screen`.
pub fn write(outcome: &Outcome, subject: &Subject, screen: Screen) -> String {
    let mut lines = header(outcome, subject, screen);
    let warning = |text: &String| format!("  {} {}", screen.alarm("warning:"), printable(text));
    lines.extend(outcome.warnings.iter().map(warning));
    for (cell, output) in &outcome.outputs {
        lines.push(String::new());
        lines.extend(output_lines(outcome, cell, output, screen));
    }
    if outcome.outputs.iter().any(|(_, output)| output.mean_std_error.is_some()) {
        lines.push(String::new());
        lines.push(format!("  {}", screen.dim("± is the standard error of the mean")));
    }
    lines.join("\n") + "\n"
}

fn header(outcome: &Outcome, subject: &Subject, screen: Screen) -> Vec<String> {
    let model = &outcome.model;
    let size = [
        plural(model.cells, "cell"),
        format!("{}, {} live", plural(model.formulas, "formula"), count(model.live_formulas)),
        plural(model.inputs as u64, "input"),
        plural(model.outputs as u64, "output"),
    ];
    let settings = [
        plural(outcome.trials, "trial"),
        format!("seed {}", outcome.seed),
        sampling(outcome.sampling).to_owned(),
        format!("{}, {}", outcome.device, subject.computed_by),
    ];
    let timing = [
        format!("read in {}", duration(outcome.timing_ms.load)),
        format!("compiled in {}", duration(outcome.timing_ms.compile)),
        format!("simulated in {}", duration(outcome.timing_ms.simulate)),
    ];
    let mut lines =
        vec![format!("{}  {}", screen.bold(printable(&subject.file)), screen.dim(subject.version))];
    for facts in [&size[..], &settings[..], &timing[..]] {
        lines.push(format!("  {}", screen.dim(facts.join(" · "))));
    }
    match outcome.stopped {
        Stopped::Trials => {}
        Stopped::Precision => lines.push("  stopped: the precision asked for is reached".to_owned()),
        Stopped::Cancelled => {
            let text =
                format!("interrupted after {}: what follows is partial", plural(outcome.trials, "trial"));
            lines.push(format!("  {}", screen.alarm(text)));
        }
    }
    lines
}

/// What to call a way of sampling.
pub fn sampling(sampling: Sampling) -> &'static str {
    match sampling {
        Sampling::Random => "random sampling",
        Sampling::Lhs => "Latin hypercube sampling",
        Sampling::Sobol => "Sobol sampling",
    }
}

fn output_lines(outcome: &Outcome, cell: &str, output: &OutputOutcome, screen: Screen) -> Vec<String> {
    let mut lines = Vec::new();
    let cell = if output.name == cell { String::new() } else { format!("  {}", screen.dim(printable(cell))) };
    lines.push(format!("{}{cell}", screen.bold(printable(&output.name))));
    if output.mean.is_none() {
        lines.push("  no trial came to a number".to_owned());
    } else {
        let style = number_style(output);
        lines.extend(statistics(output, style));
        lines.extend(picture::histogram(output, screen));
        lines.extend(percentiles(output, style, screen));
    }
    lines.extend(errors(outcome, output, screen));
    lines.extend(drivers::bars(outcome, output, screen));
    lines
}

/// The way to write the values of `output`.
pub fn number_style(output: &OutputOutcome) -> Style {
    let ends = [output.percentile(1.0), output.percentile(99.0), output.mean];
    let values: Vec<f64> = ends.into_iter().flatten().collect();
    Style::for_values(&values, output.std_dev.unwrap_or(0.0))
}

/// The way to write the mean: to the second digit of its standard error, which a spread alone would hide.
pub fn mean_style(output: &OutputOutcome) -> Style {
    let error = output.mean_std_error.filter(|error| *error > 0.0);
    match (number_style(output), error) {
        (Style::Decimals(decimals), Some(error)) => {
            let needed = (1.0 - error.log10().floor()).clamp(0.0, 9.0) as usize;
            Style::Decimals(decimals.max(needed))
        }
        (style, _) => style,
    }
}

fn statistics(output: &OutputOutcome, style: Style) -> Vec<String> {
    let error = output.mean_std_error.map(|error| format!(" ± {}", two_digits(error))).unwrap_or_default();
    let left = [
        ("mean", mean_style(output).write_option(output.mean) + &error),
        ("min", style.write_option(output.min)),
        ("max", style.write_option(output.max)),
    ];
    let right = [
        ("std dev", style.write_option(output.std_dev)),
        ("skewness", Style::Decimals(3).write_option(output.skewness)),
        ("kurtosis", Style::Decimals(3).write_option(output.kurtosis)),
    ];
    let width = left.iter().map(|(_, text)| text.chars().count()).max().unwrap_or(0);
    let line = |((left, a), (right, b)): (&(&str, String), &(&str, String))| {
        format!("  {left:<9}{a:<width$}    {right:<10}{b}")
    };
    left.iter().zip(&right).map(line).collect()
}

/// A standard error says no more than two digits.
pub fn two_digits(value: f64) -> String {
    let text = format!("{value:.1e}");
    let exponent = text.split_once('e').and_then(|(_, exponent)| exponent.parse::<i32>().ok());
    match (text.parse::<f64>(), exponent) {
        (Ok(rounded), Some(exponent)) if rounded != 0.0 && (-8..15).contains(&exponent) => {
            Style::Decimals((1 - exponent).max(0) as usize).write(rounded)
        }
        (Ok(rounded), _) => lone(rounded),
        (Err(_), _) => lone(value),
    }
}

fn percentiles(output: &OutputOutcome, style: Style, screen: Screen) -> Vec<String> {
    let values: Vec<String> =
        output.percentiles.iter().map(|(_, value)| style.write_option(*value)).collect();
    let heads: Vec<String> = output.percentiles.iter().map(|(percent, _)| format!("{percent} %")).collect();
    let Some(widest) = values.iter().chain(&heads).map(|text| text.chars().count()).max() else {
        return Vec::new();
    };
    let fit = ((screen.width - 2) / (widest + 2)).max(1);
    let rows = values.len().div_ceil(fit);
    let fit = values.len().div_ceil(rows);
    let line = |texts: &[String]| texts.iter().map(|text| format!("  {text:>widest$}")).collect::<String>();
    let mut lines = vec![String::new(), format!("  {}", screen.dim("percentiles"))];
    for (heads, values) in heads.chunks(fit).zip(values.chunks(fit)) {
        lines.push(screen.dim(line(heads)));
        lines.push(line(values));
    }
    lines
}

fn errors(outcome: &Outcome, output: &OutputOutcome, screen: Screen) -> Vec<String> {
    let mut lines = Vec::new();
    for (kind, times) in output.errors_seen() {
        let part = percent(times as f64 / outcome.trials as f64);
        lines.push(format!(
            "  {} {}{} of the trials, left out above",
            screen.alarm(padded(kind, 14)),
            padded(&count(times), 14),
            part
        ));
    }
    if !lines.is_empty() {
        lines.insert(0, format!("  {}", screen.dim("errors")));
        lines.insert(0, String::new());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::example::example;

    fn subject() -> Subject {
        Subject {
            file: "plan.xlsx".to_owned(),
            version: "fermiac 0.1.0",
            computed_by: "2 threads".to_owned(),
        }
    }

    fn written(outcome: &Outcome) -> String {
        write(outcome, &subject(), Screen { width: 80, color: false })
    }

    #[test]
    fn the_summary_reads_as_intended() {
        let expected = "\
plan.xlsx  fermiac 0.1.0
  1,024 cells · 720 formulas, 64 live · 2 inputs · 1 output
  1,000 trials · seed 1 · random sampling · cpu, 2 threads
  read in 1.5 ms · compiled in 0.2 ms · simulated in 12 ms
  warning: macros are ignored

NPV  Results!B1
  mean     1,234.5 ± 10    std dev   321.0
  min      −200.0          skewness  0.125
  max      2,500.0         kurtosis  3.000
";
        let text = written(&example());
        assert!(text.starts_with(expected), "{text}");
        let percentiles = "
  percentiles
      5 %     50 %     95 %
    700.0  1,230.0  1,760.0
";
        assert!(text.contains(percentiles), "{text}");
        assert!(
            text.contains("  #DIV/0!        7             0.70 % of the trials, left out above"),
            "{text}"
        );
        assert!(text.ends_with("\n\n  ± is the standard error of the mean\n"), "{text}");
    }

    #[test]
    fn a_standard_error_has_two_digits_even_if_one_is_a_zero() {
        for (value, text) in
            [(10.25, "10"), (0.0996, "0.10"), (35_412.0, "35,000"), (0.0, "0"), (2.04, "2.0")]
        {
            assert_eq!(two_digits(value), text);
        }
    }

    #[test]
    fn no_line_is_wider_than_the_screen() {
        for width in [60, 80, 100] {
            let text = write(&example(), &subject(), Screen { width, color: false });
            // The header is prose, which the terminal may wrap.
            for line in text.lines().skip(4).filter(|line| !line.contains("left out above")) {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn an_output_without_numbers_says_so() {
        let mut outcome = example();
        let output = &mut outcome.outputs[0].1;
        (output.mean, output.std_dev, output.min, output.max) = (None, None, None, None);
        output.sensitivity.clear();
        assert!(written(&outcome).contains("NPV  Results!B1\n  no trial came to a number\n\n  errors\n"));
    }

    #[test]
    fn an_interrupted_run_is_flagged() {
        let outcome = Outcome { stopped: Stopped::Cancelled, ..example() };
        assert!(written(&outcome).contains("interrupted after 1,000 trials: what follows is partial"));
    }
}

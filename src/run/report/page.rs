//! The page itself: every text from a model is escaped, nothing is fetched.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::charts::{self, ChartError};
use super::tornado::tornado;
use crate::run::Subject;
use crate::run::terminal::{mean_style, number_style, sampling, two_digits};
use crate::terminal::number::{Style, count, duration, lone_option, percent, plural};
use fermiac_simulation::outcome::{Outcome, OutputOutcome, Stopped};

const STYLE: &str = include_str!("style.css");

/// The whole page.
pub(super) fn page(outcome: &Outcome, subject: &Subject) -> Result<String, ChartError> {
    let outputs = outcome.outputs.iter().map(|(cell, output)| output_section(outcome, cell, output));
    let outputs = outputs.collect::<Result<Vec<Markup>, ChartError>>()?;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (subject.file) }
                style { (PreEscaped(STYLE)) }
            }
            body { main {
                h1 { (subject.file) }
                p.facts { (facts(outcome)) }
                @if outcome.stopped == Stopped::Cancelled {
                    p.alarm { "Interrupted after " (plural(outcome.trials, "trial")) ": this result is partial." }
                }
                @if !outcome.warnings.is_empty() {
                    section {
                        h3 { "Warnings" }
                        @for warning in &outcome.warnings { p.alarm { (warning) } }
                    }
                }
                @for output in &outputs { (output) }
                (inputs(outcome))
                (settings(outcome, subject))
                footer { (subject.version) }
            } }
        }
    };
    Ok(page.into_string())
}

fn facts(outcome: &Outcome) -> String {
    format!(
        "{} · {} · {}",
        plural(outcome.trials, "trial"),
        plural(outcome.inputs.len() as u64, "input"),
        plural(outcome.outputs.len() as u64, "output"),
    )
}

fn output_section(outcome: &Outcome, cell: &str, output: &OutputOutcome) -> Result<Markup, ChartError> {
    let charts = [
        ("How the values are spread", charts::histogram(output)?, outside(output)),
        ("How likely it is to stay below a value", charts::cumulative(output)?, String::new()),
        ("What drives it: rank correlation with each input", tornado(outcome, output)?, String::new()),
    ];
    let charts = charts.iter().filter_map(|(caption, svg, note)| Some((caption, svg.as_ref()?, note)));
    Ok(html! {
        section {
            h2 { (output.name) @if output.name != cell { " " span.faint { (cell) } } }
            @if output.mean.is_none() {
                p.alarm { "No trial came to a number." }
            } @else {
                (tiles(output))
            }
            div.charts {
                @for (caption, svg, note) in charts {
                    figure {
                        figcaption { (caption) }
                        (PreEscaped(svg))
                        @if !note.is_empty() { p.note { (note) } }
                    }
                }
                (contributions(outcome, output))
            }
            @if output.mean.is_some() { (percentiles(output)) }
            (errors(outcome, output))
        }
    })
}

fn tiles(output: &OutputOutcome) -> Markup {
    let style = number_style(output);
    let shape = Style::Decimals(3);
    let tiles = [
        ("mean", mean_style(output).write_option(output.mean)),
        ("std error of mean", output.mean_std_error.map_or_else(|| "–".to_owned(), two_digits)),
        ("std deviation", style.write_option(output.std_dev)),
        ("least", style.write_option(output.min)),
        ("greatest", style.write_option(output.max)),
        ("skewness", shape.write_option(output.skewness)),
        ("kurtosis", shape.write_option(output.kurtosis)),
    ];
    html! {
        div.tiles { @for (label, value) in &tiles { div.tile { b { (value) } span { (label) } } } }
    }
}

/// What the histogram leaves out.
fn outside(output: &OutputOutcome) -> String {
    let picture = &output.picture;
    let total = picture.values().max(1) as f64;
    let of_all = match picture.values() < output.histogram.total() {
        true => format!("Drawn from the first {} values. ", count(picture.values())),
        false => String::new(),
    };
    of_all
        + &match (picture.below, picture.above) {
            (0, 0) => String::new(),
            (below, above) => format!(
                "{} of the values lie further left, {} further right.",
                percent(below as f64 / total),
                percent(above as f64 / total)
            ),
        }
}

fn percentiles(output: &OutputOutcome) -> Markup {
    let style = number_style(output);
    html! {
        h3 { "Percentiles" }
        div.scroll { table {
            tr { @for (percent, _) in &output.percentiles { th { (percent) " %" } } }
            tr { @for (_, value) in &output.percentiles { td { (style.write_option(*value)) } } }
        } }
    }
}

fn contributions(outcome: &Outcome, output: &OutputOutcome) -> Markup {
    let drivers = output.strongest_drivers(12);
    html! {
        @if !drivers.is_empty() {
            figure {
                figcaption { "What drives it, in numbers" }
                div.scroll { table {
                    tr { th { "input" } th { "rank correlation" } th { "of variance" } }
                    @for driver in &drivers {
                        tr {
                            td.wrap { (outcome.input_name(&driver.input)) }
                            td { (Style::Decimals(3).write_option(driver.rank_correlation)) }
                            td { (driver.contribution_to_variance.map_or("–".to_owned(), percent)) }
                        }
                    }
                } }
            }
        }
    }
}

fn errors(outcome: &Outcome, output: &OutputOutcome) -> Markup {
    let seen: Vec<(&str, u64)> = output.errors_seen().collect();
    html! {
        @if !seen.is_empty() {
            h3 { "Trials that ended in an error, left out above" }
            div.scroll { table {
                tr { th { "error" } th { "trials" } th { "of all" } }
                @for (kind, times) in &seen {
                    tr { td.alarm { (kind) } td { (count(*times)) } td { (percent(*times as f64 / outcome.trials as f64)) } }
                }
            } }
        }
    }
}

fn inputs(outcome: &Outcome) -> Markup {
    html! {
        section {
            h3 { "Inputs" }
            div.scroll { table {
                tr { th { "name" } th.text { "cell" } th.text { "distribution" } th { "mean" } th { "std deviation" } }
                @for (cell, input) in &outcome.inputs {
                    tr {
                        td { (input.name) }
                        td.text { (cell) }
                        td.text { code { (input.distribution) } }
                        td { (lone_option(input.mean)) }
                        td { (lone_option(input.std_dev)) }
                    }
                }
            } }
        }
    }
}

fn settings(outcome: &Outcome, subject: &Subject) -> Markup {
    let (model, timing) = (&outcome.model, &outcome.timing_ms);
    let rows = [
        ("trials", count(outcome.trials)),
        ("seed", outcome.seed.to_string()),
        ("sampling", sampling(outcome.sampling).to_owned()),
        ("device", format!("{}, {}", outcome.device, subject.computed_by)),
        ("cells", count(model.cells)),
        ("formulas", format!("{}, of which {} live", count(model.formulas), count(model.live_formulas))),
        ("read in", duration(timing.load)),
        ("compiled in", duration(timing.compile)),
        ("simulated in", duration(timing.simulate)),
        ("version", subject.version.to_owned()),
    ];
    html! {
        section {
            h3 { "Settings" }
            table { @for (label, value) in &rows { tr { td { (label) } td.text { (value) } } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::example::example;

    fn written(outcome: &Outcome) -> String {
        let subject = Subject {
            file: "plan <1>.xlsx".to_owned(),
            version: "fermiac 0.1.0",
            computed_by: "2 threads".to_owned(),
        };
        page(outcome, &subject).unwrap()
    }

    #[test]
    fn the_page_holds_everything_and_fetches_nothing() {
        let text = written(&example());
        for part in
            ["plan &lt;1&gt;.xlsx", "NPV", "1,234.5", "#DIV/0!", "normal(10, 2)", "macros are ignored"]
        {
            assert!(text.contains(part), "{part}");
        }
        assert_eq!(text.matches("<svg").count(), 3);
        for fetching in ["<script", "<link", "src=", "url(", "@import", "href="] {
            assert!(!text.contains(fetching), "{fetching}");
        }
    }

    #[test]
    fn an_output_without_numbers_has_no_charts_but_its_errors() {
        let mut outcome = example();
        let output = &mut outcome.outputs[0].1;
        output.mean = None;
        output.picture = Default::default();
        output.sensitivity.clear();
        let text = written(&outcome);
        assert!(text.contains("No trial came to a number.") && text.contains("#DIV/0!"));
        assert_eq!(text.matches("<svg").count(), 0);
    }
}

//! One trial, looked at closely: `fermiac run --trial K`.

use fermiac_simulation::trial::TrialOutcome;

use crate::document;
use crate::failure::Failure;
use crate::terminal::{Screen, padded, printable};

/// Prints `trial`.
pub fn show(trial: &TrialOutcome, json: bool) -> Result<(), Failure> {
    if json { document::print_json(trial) } else { document::print(&write(trial, Screen::of_stdout())) }
}

fn write(trial: &TrialOutcome, screen: Screen) -> String {
    let all = trial.inputs.iter().chain(&trial.outputs);
    let widest = all.map(|(_, cell)| console::measure_text_width(&cell.name)).max().unwrap_or(0);
    let widest = widest.min(screen.width / 2);
    let mut text = format!(
        "{}  {}\n",
        screen.bold(format!("trial {}", trial.trial)),
        format_args!("seed {}", trial.seed)
    );
    for (heading, cells) in [("inputs", &trial.inputs), ("outputs", &trial.outputs)] {
        text += &format!("\n  {}\n", screen.dim(heading));
        for (identity, cell) in cells {
            // Here digits matter: this is where people compare with their workbook.
            let value = match cell.value {
                Ok(number) => format!("{number}"),
                Err(kind) => screen.alarm(kind),
            };
            let place = if *identity == cell.name { String::new() } else { screen.dim(printable(identity)) };
            let line = format!("  {}  {value}  {place}", padded(&cell.name, widest));
            text += line.trim_end();
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use fermiac_model::value::{ErrorKind, Value};
    use fermiac_simulation::trial::CellOutcome;

    fn example() -> TrialOutcome {
        let div0 = Value::Error(ErrorKind::Div0).pack();
        TrialOutcome {
            trial: 7,
            seed: 1,
            inputs: vec![("Inputs!B1".to_owned(), CellOutcome::new("Price", 0.1 + 0.2))],
            outputs: vec![("Results!B1".to_owned(), CellOutcome::new("Results!B1", div0))],
        }
    }

    #[test]
    fn a_person_sees_every_digit() {
        let expected = "\
trial 7  seed 1

  inputs
  Price       0.30000000000000004  Inputs!B1

  outputs
  Results!B1  #DIV/0!
";
        assert_eq!(write(&example(), Screen { width: 80, color: false }), expected);
    }
}

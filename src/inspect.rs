//! `fermiac inspect`: what is in a model, and what of it is not supported.

use fermiac_model::compile::{self, Input, Output};
use fermiac_simulation::model_file::{self, ModelFile};
use serde::Serialize;

use crate::arguments::ModelArguments;
use crate::check::Unsupported;
use crate::document;
use crate::failure::Failure;
use crate::terminal::number::{count, plural};
use crate::terminal::{Screen, padded, printable};

/// How many things of a kind are listed for people; `--json` lists all.
const LISTED: usize = 20;

/// The document of `fermiac inspect --json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct InspectOutcome {
    /// Cells that hold something.
    pub cells: u64,
    /// Cells that hold a formula.
    pub formulas: u64,
    /// Formulas that are no copies of each other.
    pub distinct_formulas: u64,
    /// In tab order.
    pub sheets: Vec<SheetSize>,
    /// Defined names.
    pub names: u64,
    /// By name.
    pub functions: Vec<FunctionUse>,
    /// The inputs that the model names.
    pub inputs: Vec<Found>,
    /// The outputs that the model names.
    pub outputs: Vec<Found>,
    /// Cells that could not be simulated if they lay on the way from an input to an output.
    pub unsupported: Vec<Unsupported>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// How large a sheet is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SheetSize {
    /// Its name.
    pub name: String,
    /// The area it uses, such as `A1:C3`; an empty sheet uses none.
    pub used: Option<String>,
    /// Cells that hold something.
    pub cells: u64,
    /// Cells that hold a formula.
    pub formulas: u64,
}

/// How much a function is used.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FunctionUse {
    /// Its name.
    pub name: String,
    /// Formula cells that call it.
    pub cells: u64,
    /// Whether it can be computed on the way from an input to an output.
    pub supported: bool,
}

/// An input or output that the model names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// The cell as written.
    pub cell: String,
    /// What to call it.
    pub name: Option<String>,
    /// Its distribution as written; an output has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distribution: Option<String>,
}

/// Does what `fermiac inspect` was asked to do.
pub fn inspect(arguments: &ModelArguments) -> Result<(), Failure> {
    let model = model_file::load(&arguments.model)?;
    let outcome = look(model);
    if arguments.json {
        document::print_json(&outcome)
    } else {
        document::print(&write(&outcome, &arguments.model.display().to_string(), Screen::of_stdout()))
    }
}

fn look(mut model: ModelFile) -> InspectOutcome {
    let report = compile::inspect(&mut model.workbook);
    let sheet = |sheet: compile::SheetSize| SheetSize {
        name: sheet.name,
        used: sheet.used,
        cells: sheet.cells,
        formulas: sheet.formulas,
    };
    let function = |function: compile::FunctionUse| FunctionUse {
        name: function.name,
        cells: function.cells,
        supported: function.supported,
    };
    let input = |input: Input| Found {
        cell: input.cell,
        name: input.name,
        distribution: Some(input.distribution_text),
    };
    let output = |output: Output| Found { cell: output.cell, name: output.name, distribution: None };
    InspectOutcome {
        cells: report.cells,
        formulas: report.formulas,
        distinct_formulas: report.distinct_formulas,
        sheets: report.sheets.into_iter().map(sheet).collect(),
        names: report.names,
        functions: report.functions.into_iter().map(function).collect(),
        inputs: model.selection.inputs.into_iter().map(input).collect(),
        outputs: model.selection.outputs.into_iter().map(output).collect(),
        unsupported: report.unsupported.into_iter().map(Unsupported::from).collect(),
        warnings: report.warnings,
    }
}

fn write(outcome: &InspectOutcome, file: &str, screen: Screen) -> String {
    let size = format!(
        "{}, {} ({} distinct)",
        plural(outcome.cells, "cell"),
        plural(outcome.formulas, "formula"),
        count(outcome.distinct_formulas)
    );
    let mut lines = vec![screen.bold(printable(file)), format!("  {size}")];
    lines.extend(section("sheets", sheets(outcome, screen).into_iter(), screen));
    let functions: Vec<String> = outcome.functions.iter().map(|function| called(function, screen)).collect();
    let heading = "functions, and how many cells call them";
    lines.extend(section(heading, wrapped(&functions, screen).into_iter(), screen));
    lines.extend(section("inputs", outcome.inputs.iter().map(found), screen));
    lines.extend(section("outputs", outcome.outputs.iter().map(found), screen));
    let unsupported = outcome.unsupported.iter();
    let unsupported = unsupported
        .map(|cell| format!("{}  {}", printable(&cell.cell), screen.alarm(printable(&cell.function))));
    lines.extend(section("not supported", unsupported, screen));
    let warnings = outcome.warnings.iter().map(|warning| printable(warning));
    lines.extend(section("warnings", warnings, screen));
    lines.join("\n") + "\n"
}

fn found(found: &Found) -> String {
    let distribution = found.distribution.iter().map(|text| format!("  {}", printable(text)));
    let name = found.name.iter().map(|text| format!("  {}", printable(text)));
    printable(&found.cell) + &distribution.chain(name).collect::<String>()
}

/// Each sheet that has a name; the cells of a JSON model are in one that has none.
fn sheets(outcome: &InspectOutcome, screen: Screen) -> Vec<String> {
    let sheets = outcome.sheets.iter().filter(|sheet| !sheet.name.is_empty());
    let widest = sheets.clone().map(|sheet| console::measure_text_width(&sheet.name)).max();
    let widest = widest.unwrap_or(0).min(screen.width / 2);
    let line = |sheet: &SheetSize| {
        let (cells, formulas) = (plural(sheet.cells, "cell"), plural(sheet.formulas, "formula"));
        let used = sheet.used.as_ref().map(|area| format!(" in {area}")).unwrap_or_default();
        format!("{}  {cells}{used}, {formulas}", padded(&sheet.name, widest))
    };
    sheets.map(line).collect()
}

fn called(function: &FunctionUse, screen: Screen) -> String {
    let text = format!("{} {}", printable(&function.name), count(function.cells));
    if function.supported { text } else { screen.alarm(format!("{text} (not supported)")) }
}

/// Words on as few lines as the screen allows.
fn wrapped(words: &[String], screen: Screen) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        let room = screen.width.saturating_sub(4 + console::measure_text_width(word));
        match lines.last_mut() {
            Some(line) if console::measure_text_width(line) <= room => {
                line.push_str("  ");
                line.push_str(word);
            }
            _ => lines.push(word.clone()),
        }
    }
    lines
}

fn section(heading: &str, items: impl ExactSizeIterator<Item = String>, screen: Screen) -> Vec<String> {
    if items.len() == 0 {
        return Vec::new();
    }
    let more = items.len().saturating_sub(LISTED);
    let mut lines = vec![String::new(), format!("  {}", screen.dim(heading))];
    lines.extend(items.take(LISTED).map(|item| format!("  {item}")));
    if more > 0 {
        lines.push(format!("  and {} more; --json lists them all", count(more as u64)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str, supported: bool) -> FunctionUse {
        FunctionUse { name: name.to_owned(), cells: 1, supported }
    }

    fn example() -> InspectOutcome {
        InspectOutcome {
            cells: 12,
            formulas: 1,
            distinct_formulas: 1,
            sheets: vec![SheetSize {
                name: "Inputs".to_owned(),
                used: Some("A1:B6".to_owned()),
                cells: 12,
                formulas: 1,
            }],
            functions: vec![function("EXP", true), function("CUBESET", false)],
            inputs: vec![Found {
                cell: "z".to_owned(),
                name: None,
                distribution: Some("normal(0, 1)".to_owned()),
            }],
            outputs: vec![Found {
                cell: "payoff".to_owned(),
                name: Some("Payoff".to_owned()),
                distribution: None,
            }],
            ..InspectOutcome::default()
        }
    }

    #[test]
    fn the_document_keeps_its_order() {
        let expected = concat!(
            r#"{"cells":12,"formulas":1,"distinct_formulas":1,"sheets":[{"name":"Inputs","used":"A1:B6","#,
            r#""cells":12,"formulas":1}],"names":0,"functions":[{"name":"EXP","cells":1,"supported":true},"#,
            r#"{"name":"CUBESET","cells":1,"supported":false}],"inputs":[{"cell":"z","name":null,"distribution":"normal(0, 1)"}],"#,
            r#""outputs":[{"cell":"payoff","name":"Payoff"}],"unsupported":[],"warnings":[]}"#,
        );
        assert_eq!(serde_json::to_string(&example()).unwrap(), expected);
    }

    #[test]
    fn a_person_reads_what_there_is_and_nothing_of_what_there_is_not() {
        let expected = "\
model.json
  12 cells, 1 formula (1 distinct)

  sheets
  Inputs  12 cells in A1:B6, 1 formula

  functions, and how many cells call them
  EXP 1  CUBESET 1 (not supported)

  inputs
  z  normal(0, 1)

  outputs
  payoff  Payoff
";
        assert_eq!(write(&example(), "model.json", Screen { width: 80, color: false }), expected);
    }
}

//! `fermiac check`: every formula cell recomputed and compared with the value that the workbook stores.

use fermiac_model::compile;
use fermiac_model::workbook::Workbook;
use fermiac_simulation::model_file;
use serde::Serialize;

use crate::arguments::CheckArguments;
use crate::document;
use crate::failure::Failure;
use crate::terminal::number::{count, plural};
use crate::terminal::{Screen, printable};

/// How many cells of a kind are listed for people; `--json` lists all.
const LISTED: usize = 20;

/// The document of `fermiac check --json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CheckOutcome {
    /// Cells that hold a formula.
    pub formula_cells: u64,
    /// Those whose recomputed value is the stored one: 1e-9 relative, errors and texts equal.
    pub agree: u64,
    /// Those for which the file holds no value, since no spreadsheet program has calculated it.
    pub not_stored: u64,
    /// Those whose value is another.
    pub differ: Vec<Difference>,
    /// Those that cannot be recomputed.
    pub unsupported: Vec<Unsupported>,
}

/// A cell whose recomputed value is not the stored one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Its canonical name.
    pub cell: String,
    /// Its formula as written.
    pub formula: String,
    /// The value in the file.
    pub stored: CellValue,
    /// The value recomputed.
    pub computed: CellValue,
}

/// A value of a cell, as JSON has it: an empty cell is null, an error its text.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum CellValue {
    /// Nothing.
    Empty,
    /// A number.
    Number(f64),
    /// TRUE or FALSE.
    Bool(bool),
    /// A text, or an error such as `#DIV/0!`.
    Text(String),
}

/// A cell that cannot be recomputed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unsupported {
    /// Its canonical name.
    pub cell: String,
    /// Its formula as written.
    pub formula: String,
    /// The function, or the construct, that is not supported.
    pub function: String,
}

/// Does what `fermiac check` was asked to do. Differences are a failure, unsupported cells are not.
pub fn check(arguments: &CheckArguments) -> Result<(), Failure> {
    let outcome = recompute(model_file::load_workbook(&arguments.model)?)?;
    if arguments.json {
        document::print_json(&outcome)?;
    } else {
        document::print(&write(&outcome, &arguments.model.display().to_string(), Screen::of_stdout()))?;
    }
    match outcome.differ.len() as u64 {
        0 => Ok(()),
        many => Err(Failure::Failed(format!("{} from the stored value", differ(many)))),
    }
}

fn recompute(mut workbook: Workbook) -> Result<CheckOutcome, Failure> {
    let report = compile::check(&mut workbook).map_err(Failure::refused)?;
    let difference = |difference: compile::Difference| Difference {
        cell: difference.cell,
        formula: difference.formula,
        stored: CellValue::read(difference.stored),
        computed: CellValue::read(difference.computed),
    };
    Ok(CheckOutcome {
        formula_cells: report.formula_cells,
        agree: report.agree,
        not_stored: report.not_stored,
        differ: report.differ.into_iter().map(difference).collect(),
        unsupported: report.unsupported.into_iter().map(Unsupported::from).collect(),
    })
}

impl From<compile::UnsupportedUse> for Unsupported {
    fn from(found: compile::UnsupportedUse) -> Unsupported {
        Unsupported { cell: found.cell, formula: found.formula, function: found.function }
    }
}

impl CellValue {
    /// From how a formula would write it.
    fn read(text: String) -> CellValue {
        if let Some(text) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
            return CellValue::Text(text.to_owned());
        }
        match text.as_str() {
            "(empty)" => CellValue::Empty,
            "TRUE" => CellValue::Bool(true),
            "FALSE" => CellValue::Bool(false),
            _ => text.parse().map_or(CellValue::Text(text), CellValue::Number),
        }
    }
}

fn differ(many: u64) -> String {
    if many == 1 {
        "1 formula cell differs".to_owned()
    } else {
        format!("{} formula cells differ", count(many))
    }
}

fn write(outcome: &CheckOutcome, file: &str, screen: Screen) -> String {
    let mut lines = vec![
        screen.bold(printable(file)),
        format!("  {}", plural(outcome.formula_cells, "formula cell")),
        format!("  {} agree with the stored value", count(outcome.agree)),
        format!("  {} differ", count(outcome.differ.len() as u64)),
        format!("  {} not supported", count(outcome.unsupported.len() as u64)),
    ];
    if outcome.not_stored > 0 {
        lines.push(format!(
            "  {} have no stored value: save the file in a spreadsheet program",
            count(outcome.not_stored)
        ));
    }
    let differences = outcome.differ.iter().map(|difference| {
        let (stored, computed) = (shown(&difference.stored), shown(&difference.computed));
        (&difference.cell, &difference.formula, format!("stored {stored}, computed {computed}"))
    });
    lines.extend(listed("differ", differences, screen));
    let unsupported = outcome.unsupported.iter();
    let unsupported = unsupported.map(|cell| (&cell.cell, &cell.formula, format!("needs {}", cell.function)));
    lines.extend(listed("not supported", unsupported, screen));
    lines.join("\n") + "\n"
}

fn listed<'a>(
    heading: &str,
    cells: impl ExactSizeIterator<Item = (&'a String, &'a String, String)>,
    screen: Screen,
) -> Vec<String> {
    if cells.len() == 0 {
        return Vec::new();
    }
    let more = cells.len().saturating_sub(LISTED);
    let mut lines = vec![String::new(), format!("  {}", screen.dim(heading))];
    for (cell, formula, what) in cells.take(LISTED) {
        let formula = console::truncate_str(formula, screen.width, "…").into_owned();
        lines.push(format!("  {}  {}", printable(cell), screen.dim(printable(&formula))));
        lines.push(format!("    {}", printable(&what)));
    }
    if more > 0 {
        lines.push(format!("  and {} more; --json lists them all", count(more as u64)));
    }
    lines
}

fn shown(value: &CellValue) -> String {
    match value {
        CellValue::Empty => "nothing".to_owned(),
        CellValue::Number(number) => number.to_string(),
        CellValue::Bool(truth) => truth.to_string().to_uppercase(),
        CellValue::Text(text) if text.starts_with('#') => text.clone(),
        CellValue::Text(text) => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> CheckOutcome {
        let formula = "A1/A2".to_owned();
        CheckOutcome {
            formula_cells: 1_500,
            agree: 1_495,
            not_stored: 3,
            differ: vec![Difference {
                cell: "Sheet1!B1".to_owned(),
                formula: formula.clone(),
                stored: CellValue::Number(0.5),
                computed: CellValue::Text("#DIV/0!".to_owned()),
            }],
            unsupported: vec![Unsupported {
                cell: "Sheet1!B2".to_owned(),
                formula: "CUBEVALUE(A1)".to_owned(),
                function: "CUBEVALUE".to_owned(),
            }],
        }
    }

    #[test]
    fn the_document_has_the_shape_of_the_contract() {
        let expected = concat!(
            r##"{"formula_cells":1500,"agree":1495,"not_stored":3,"differ":[{"cell":"Sheet1!B1","formula":"A1/A2","##,
            r##""stored":0.5,"computed":"#DIV/0!"}],"unsupported":[{"cell":"Sheet1!B2","##,
            r##""formula":"CUBEVALUE(A1)","function":"CUBEVALUE"}]}"##,
        );
        assert_eq!(serde_json::to_string(&example()).unwrap(), expected);
        assert_eq!(serde_json::to_string(&CellValue::Empty).unwrap(), "null");
    }

    #[test]
    fn a_value_is_read_as_a_formula_writes_it() {
        let read = |text: &str| CellValue::read(text.to_owned());
        assert_eq!(read("-0.5"), CellValue::Number(-0.5));
        assert_eq!(read("TRUE"), CellValue::Bool(true));
        assert_eq!(read("\"12\""), CellValue::Text("12".to_owned()));
        assert_eq!(read("#N/A"), CellValue::Text("#N/A".to_owned()));
        assert_eq!(read("(empty)"), CellValue::Empty);
    }

    #[test]
    fn a_person_reads_what_differs_and_what_is_missing() {
        let expected = "\
plan.xlsx
  1,500 formula cells
  1,495 agree with the stored value
  1 differ
  1 not supported
  3 have no stored value: save the file in a spreadsheet program

  differ
  Sheet1!B1  A1/A2
    stored 0.5, computed #DIV/0!

  not supported
  Sheet1!B2  CUBEVALUE(A1)
    needs CUBEVALUE
";
        assert_eq!(write(&example(), "plan.xlsx", Screen { width: 80, color: false }), expected);
    }

    #[test]
    fn a_long_list_is_cut_for_people() {
        let mut outcome = example();
        outcome.differ = vec![outcome.differ[0].clone(); 25];
        let text = write(&outcome, "plan.xlsx", Screen { width: 80, color: false });
        assert!(text.contains("  and 5 more; --json lists them all\n"));
    }
}

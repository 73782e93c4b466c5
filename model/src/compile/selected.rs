//! The cells of a selection found in the workbook.

use std::collections::{HashMap, HashSet};

use super::address::{Address, Directory};
use super::{Column, CompileError, Selection};
use crate::distribution::{Distribution, identity_hash};
use crate::plan::CorrelationGroup;
use crate::value::Value;
use crate::workbook::{Cell, Content, NumberFormat, Workbook};

/// A selection whose cells are found.
#[derive(Debug)]
pub struct Selected {
    /// The uncertain cells.
    pub inputs: Vec<Address>,
    /// What they are called.
    pub input_columns: Vec<Column>,
    /// What they are distributed as.
    pub distributions: Vec<Distribution>,
    /// Which of them move together.
    pub correlations: Vec<CorrelationGroup>,
    /// The cells that matter.
    pub outputs: Vec<Address>,
    /// What they are called.
    pub output_columns: Vec<Column>,
}

/// Finds the cells of `selection`; inputs on cells that hold nothing get a cell.
pub fn select_cells(
    workbook: &mut Workbook,
    directory: &Directory,
    selection: &Selection,
) -> Result<Selected, CompileError> {
    let (inputs, input_columns) = find_inputs(workbook, directory, selection)?;
    let (outputs, output_columns) = find_outputs(workbook, directory, selection)?;
    refuse_collisions(&input_columns)?;
    let correlations = find_correlations(workbook, directory, selection, &inputs)?;
    add_empty_cells(workbook, &inputs);
    let distributions = selection.inputs.iter().map(|input| input.distribution.clone()).collect();
    Ok(Selected { inputs, input_columns, distributions, correlations, outputs, output_columns })
}

/// Gives every input a cell.
fn add_empty_cells(workbook: &mut Workbook, inputs: &[Address]) {
    for (index, sheet) in (0u32..).zip(&mut workbook.sheets) {
        let own = inputs.iter().filter(|address| address.sheet == index).map(|address| address.position);
        let missing: Vec<Cell> = own
            .filter(|position| sheet.cells.find(*position).is_none())
            .map(|position| Cell {
                position,
                content: Content::Constant,
                value: Value::Empty,
                format: NumberFormat::General,
            })
            .collect();
        if !missing.is_empty() {
            sheet.cells.insert(missing).expect("inputs are distinct cells that were not there");
        }
    }
}

fn find_inputs(
    workbook: &Workbook,
    directory: &Directory,
    selection: &Selection,
) -> Result<(Vec<Address>, Vec<Column>), CompileError> {
    let mut found = Found::default();
    for input in &selection.inputs {
        let address = directory
            .find(workbook, &input.cell)
            .map_err(|reason| CompileError::InputCell { cell: input.cell.clone(), reason })?;
        let identity = directory.identity(workbook, address);
        found.add("input", address, column(identity, input.name.as_ref(), &input.distribution_text))?;
    }
    Ok((found.addresses, found.columns))
}

fn find_outputs(
    workbook: &Workbook,
    directory: &Directory,
    selection: &Selection,
) -> Result<(Vec<Address>, Vec<Column>), CompileError> {
    let mut found = Found::default();
    for output in &selection.outputs {
        let address = directory
            .find(workbook, &output.cell)
            .map_err(|reason| CompileError::OutputCell { cell: output.cell.clone(), reason })?;
        let identity = directory.identity(workbook, address);
        found.add("output", address, column(identity, output.name.as_ref(), ""))?;
    }
    Ok((found.addresses, found.columns))
}

fn column(identity: String, name: Option<&String>, distribution: &str) -> Column {
    let name = name.cloned().unwrap_or_else(|| identity.clone());
    Column { identity, name, distribution: distribution.to_owned() }
}

/// Distinct cells of one role.
#[derive(Default)]
struct Found {
    seen: HashSet<Address>,
    addresses: Vec<Address>,
    columns: Vec<Column>,
}

impl Found {
    fn add(&mut self, role: &'static str, address: Address, column: Column) -> Result<(), CompileError> {
        if !self.seen.insert(address) {
            return Err(CompileError::Twice { cell: column.identity, role });
        }
        self.addresses.push(address);
        self.columns.push(column);
        Ok(())
    }
}

fn find_correlations(
    workbook: &Workbook,
    directory: &Directory,
    selection: &Selection,
    inputs: &[Address],
) -> Result<Vec<CorrelationGroup>, CompileError> {
    // What is taken out is in a group.
    let mut free: HashMap<Address, u32> = inputs.iter().copied().zip(0..).collect();
    let mut find = |cell: &String| {
        let refused = |reason: String| CompileError::Correlation { cell: cell.clone(), reason };
        let address = directory.find(workbook, cell).map_err(refused)?;
        free.remove(&address).ok_or_else(|| {
            refused(if inputs.contains(&address) {
                "it is correlated already; put all inputs that move together into one matrix".to_owned()
            } else {
                "only inputs can be correlated, and this is none".to_owned()
            })
        })
    };
    let mut groups = Vec::new();
    for correlation in &selection.correlations {
        let inputs = correlation.inputs.iter().map(&mut find).collect::<Result<_, _>>()?;
        groups.push(CorrelationGroup { inputs, factor: correlation.factor.clone() });
    }
    Ok(groups)
}

/// Two inputs of one stream would draw the same numbers, silently.
fn refuse_collisions(columns: &[Column]) -> Result<(), CompileError> {
    let mut streams: HashMap<u64, &str> = HashMap::new();
    for column in columns {
        if let Some(first) = streams.insert(identity_hash(&column.identity), &column.identity) {
            let (first, second) = (first.to_owned(), column.identity.clone());
            return Err(CompileError::StreamCollision { first, second });
        }
    }
    Ok(())
}

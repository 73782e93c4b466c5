//! Every trial in a file: one row a trial, one column an input or output.
//!
//! Columns are called by their canonical cells. In front of them stands the number of the trial, counted from 0, as
//! `--trial` counts.

mod csv;
mod parquet;

/// All inputs and outputs of every trial.
#[derive(Debug)]
pub struct Samples<'a> {
    /// Canonical cells: inputs, then outputs.
    pub columns: Vec<&'a str>,
    /// A packed value for each trial, of each column.
    pub values: Vec<&'a [f64]>,
}

impl Samples<'_> {
    /// How many trials there are.
    pub fn trials(&self) -> usize {
        self.values.first().map_or(0, |column| column.len())
    }

    /// What the column of the trials' numbers is called: `trial`, lengthened where the model has one of that name,
    /// since readers of tables know columns by name, some of them without case.
    fn name_of_trials(&self) -> String {
        let mut name = "trial".to_owned();
        while self.columns.iter().any(|column| column.eq_ignore_ascii_case(&name)) {
            name.push('_');
        }
        name
    }
}

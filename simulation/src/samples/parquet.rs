//! Samples as an Apache Parquet file, which tools of data analysis read column by column.
//!
//! The trials' numbers are 64-bit integers; every other column is of doubles, bit for bit, and null where the trial
//! ended in an error. Which error is not told: the document counts them by kind, and CSV has their texts.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

use parquet::basic::{Compression, Encoding, Repetition, Type as Physical};
use parquet::data_type::{DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnPath, Type, TypePtr};

use super::Samples;

/// Rows that a reader takes in at a time at least: 8 MiB of a column.
const ROWS_PER_GROUP: usize = 1 << 20;
/// Rows that are prepared for the file at a time.
const ROWS_PER_BATCH: usize = 1 << 13;

impl Samples<'_> {
    /// Writes them as Parquet, group of rows by group of rows and column by column, so that little is held in memory
    /// beside them.
    pub fn write_parquet(&self, writer: impl Write + Send) -> io::Result<()> {
        self.write_groups(writer).map_err(|error| match error {
            ParquetError::External(error) => match error.downcast::<io::Error>() {
                Ok(error) => *error,
                Err(error) => io::Error::other(error),
            },
            error => io::Error::other(error),
        })
    }

    fn write_groups(&self, writer: impl Write + Send) -> Result<(), ParquetError> {
        let trials = self.name_of_trials();
        let properties = properties(&trials);
        let mut file = SerializedFileWriter::new(writer, self.schema(&trials)?, properties)?;
        for first in (0..self.trials()).step_by(ROWS_PER_GROUP) {
            let rows = first..self.trials().min(first + ROWS_PER_GROUP);
            let mut group = file.next_row_group()?;
            write_numbers(&mut group, rows.clone())?;
            for values in &self.values {
                write_values(&mut group, &values[rows.clone()])?;
            }
            group.close()?;
        }
        file.close()?;
        Ok(())
    }

    fn schema(&self, trials: &str) -> Result<TypePtr, ParquetError> {
        let column = |name: &str, physical, repetition| {
            Type::primitive_type_builder(name, physical).with_repetition(repetition).build().map(Arc::new)
        };
        let mut columns = vec![column(trials, Physical::INT64, Repetition::REQUIRED)?];
        for name in &self.columns {
            columns.push(column(name, Physical::DOUBLE, Repetition::OPTIONAL)?);
        }
        Ok(Arc::new(Type::group_type_builder("trials").with_fields(columns).build()?))
    }
}

/// Doubles of a simulation hardly repeat, so a dictionary of them would only cost time; trials' numbers go up by one.
fn properties(trials: &str) -> WriterPropertiesPtr {
    let trials = ColumnPath::new(vec![trials.to_owned()]);
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_dictionary_enabled(false)
        .set_column_encoding(trials, Encoding::DELTA_BINARY_PACKED);
    Arc::new(properties.build())
}

/// The trials' numbers of a group of rows.
fn write_numbers(
    group: &mut SerializedRowGroupWriter<'_, impl Write + Send>,
    rows: Range<usize>,
) -> Result<(), ParquetError> {
    let mut column = next_column(group)?;
    let mut batch = Vec::with_capacity(ROWS_PER_BATCH);
    for first in rows.clone().step_by(ROWS_PER_BATCH) {
        batch.clear();
        batch.extend((first..rows.end.min(first + ROWS_PER_BATCH)).map(|trial| trial as i64));
        column.typed::<Int64Type>().write_batch(&batch, None, None)?;
    }
    column.close()
}

/// One input or output of a group of rows.
fn write_values(
    group: &mut SerializedRowGroupWriter<'_, impl Write + Send>,
    values: &[f64],
) -> Result<(), ParquetError> {
    let mut column = next_column(group)?;
    let (mut numbers, mut levels) = (Vec::with_capacity(ROWS_PER_BATCH), Vec::with_capacity(ROWS_PER_BATCH));
    for batch in values.chunks(ROWS_PER_BATCH) {
        numbers.clear();
        numbers.extend(batch.iter().copied().filter(|value| value.is_finite()));
        levels.clear();
        // 1 where there is a number, 0 where there is null.
        levels.extend(batch.iter().map(|value| i16::from(value.is_finite())));
        column.typed::<DoubleType>().write_batch(&numbers, Some(&levels), None)?;
    }
    column.close()
}

fn next_column<'a>(
    group: &'a mut SerializedRowGroupWriter<'_, impl Write + Send>,
) -> Result<SerializedColumnWriter<'a>, ParquetError> {
    let more_columns = || ParquetError::General("there are more columns than the schema has".to_owned());
    group.next_column()?.ok_or_else(more_columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fermiac_model::value::{ErrorKind, Value};
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    fn written(samples: &Samples<'_>) -> SerializedFileReader<bytes::Bytes> {
        let mut file = Vec::new();
        samples.write_parquet(&mut file).unwrap();
        SerializedFileReader::new(file.into()).unwrap()
    }

    fn names(reader: &impl FileReader) -> Vec<String> {
        let schema = reader.metadata().file_metadata().schema_descr();
        schema.columns().iter().map(|column| column.name().to_owned()).collect()
    }

    #[test]
    fn what_is_written_reads_back_to_the_same_bits() {
        let error = Value::Error(ErrorKind::Div0).pack();
        let draw = |trial: usize| (trial as f64 * 0.7).sin() * 1e-300;
        let inputs: Vec<f64> = (0..ROWS_PER_GROUP + 20_000).map(draw).collect();
        let output = |trial: usize| if trial % 3 == 1 { error } else { 0.1 + trial as f64 };
        let outputs: Vec<f64> = (0..inputs.len()).map(output).collect();
        let samples = Samples { columns: vec!["Inputs!B1", "'a.b'!C1"], values: vec![&inputs, &outputs] };
        let reader = written(&samples);
        assert_eq!(names(&reader), ["trial", "Inputs!B1", "'a.b'!C1"]);
        assert_eq!(reader.metadata().num_row_groups(), 2);
        let mut trials = 0;
        for (trial, row) in reader.get_row_iter(None).unwrap().enumerate() {
            let fields: Vec<Field> = row.unwrap().get_column_iter().map(|(_, field)| field.clone()).collect();
            let output = if trial % 3 == 1 { Field::Null } else { Field::Double(outputs[trial]) };
            assert_eq!(fields, [Field::Long(trial as i64), Field::Double(inputs[trial]), output]);
            trials += 1;
        }
        assert_eq!(trials, inputs.len());
    }

    #[test]
    fn a_column_of_errors_is_null_and_a_name_is_given_once() {
        let errors = [Value::Error(ErrorKind::Num).pack(); 3];
        let samples = Samples { columns: vec!["Trial"], values: vec![&errors] };
        let reader = written(&samples);
        assert_eq!(names(&reader), ["trial_", "Trial"]);
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        let is_null = |row: &parquet::record::Row| row.get_column_iter().nth(1).unwrap().1 == &Field::Null;
        assert!(rows.len() == 3 && rows.iter().all(is_null));
        let none = written(&Samples { columns: vec!["a"], values: vec![&[]] });
        assert_eq!((none.metadata().file_metadata().num_rows(), names(&none).len()), (0, 2));
    }

    /// A disk with room for so many bytes.
    struct FullAfter(usize);

    impl Write for FullAfter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_is_told_as_such() {
        let values: Vec<f64> = (0..100_000).map(|trial| f64::from(trial).sqrt()).collect();
        let samples = Samples { columns: vec!["a"], values: vec![&values] };
        let error = samples.write_parquet(FullAfter(100_000)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}

//! Samples as comma separated values.

use std::io::{self, Write};

use fermiac_model::value::Value;

use super::Samples;

impl Samples<'_> {
    /// Writes them as comma separated values (RFC 4180). Numbers read back to the same bits; an error is its
    /// text. Trials count from 0, as `--trial` does.
    pub fn write_csv(&self, writer: &mut impl Write) -> io::Result<()> {
        write!(writer, "{}", field(&self.name_of_trials()))?;
        for column in &self.columns {
            write!(writer, ",{}", field(column))?;
        }
        writeln!(writer)?;
        for trial in 0..self.trials() {
            write!(writer, "{trial}")?;
            for column in &self.values {
                match Value::unpack(column[trial]) {
                    // Debug is the shortest text that reads back to the same bits, with an exponent where it helps.
                    Value::Number(number) => write!(writer, ",{number:?}")?,
                    Value::Error(kind) => write!(writer, ",{kind}")?,
                    other => unreachable!("columns hold numbers and errors, not {other:?}"),
                }
            }
            writeln!(writer)?;
        }
        Ok(())
    }
}

/// Quoted where a comma, a quote or a line end would be misread.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fermiac_model::value::ErrorKind;

    #[test]
    fn numbers_and_errors_are_written_as_they_are() {
        let (a, b) = ([0.1 + 0.2, 1e300], [-2.0, Value::Error(ErrorKind::Div0).pack()]);
        let samples = Samples { columns: vec!["Inputs!B1", "'a,\"b'!C1"], values: vec![&a, &b] };
        let mut text = Vec::new();
        samples.write_csv(&mut text).unwrap();
        let expected = "trial,Inputs!B1,\"'a,\"\"b'!C1\"\n0,0.30000000000000004,-2.0\n1,1e300,#DIV/0!\n";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }
}

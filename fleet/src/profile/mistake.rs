//! What is wrong with the settings, all of it at once.

use std::fmt;

/// Why there is no profile: every mistake that was found, each naming the file or variable and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileErrors {
    /// At least one.
    pub mistakes: Vec<String>,
}

impl fmt::Display for ProfileErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mistakes.as_slice() {
            [one] => formatter.write_str(one),
            many => {
                write!(formatter, "{} settings are wrong:", many.len())?;
                many.iter().try_for_each(|mistake| write!(formatter, "\n  {mistake}"))
            }
        }
    }
}

impl std::error::Error for ProfileErrors {}

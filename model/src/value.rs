//! What a cell can hold, and how the same thing is packed into the 64 bits of a tape slot.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The errors of a spreadsheet, in the order in which `ERROR.TYPE` numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ErrorKind {
    /// `#NULL!`: an intersection of ranges that do not meet.
    Null = 1,
    /// `#DIV/0!`: a division by zero, or a mean of nothing.
    Div0 = 2,
    /// `#VALUE!`: a value of the wrong type.
    Value = 3,
    /// `#REF!`: a reference to a cell that does not exist.
    Ref = 4,
    /// `#NAME?`: an unknown name.
    Name = 5,
    /// `#NUM!`: a number outside a function's domain, or an overflow.
    Num = 6,
    /// `#N/A`: no value is available.
    NotAvailable = 7,
    /// `#GETTING_DATA`: an external value that has not arrived.
    GettingData = 8,
    /// `#SPILL!`: an array result without room.
    Spill = 9,
    /// `#CALC!`: an array result that cannot be.
    Calc = 10,
}

impl ErrorKind {
    /// Every kind, in numbering order.
    pub const ALL: [ErrorKind; 10] = [
        ErrorKind::Null,
        ErrorKind::Div0,
        ErrorKind::Value,
        ErrorKind::Ref,
        ErrorKind::Name,
        ErrorKind::Num,
        ErrorKind::NotAvailable,
        ErrorKind::GettingData,
        ErrorKind::Spill,
        ErrorKind::Calc,
    ];

    /// The text a spreadsheet shows, such as `#DIV/0!`.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::Null => "#NULL!",
            ErrorKind::Div0 => "#DIV/0!",
            ErrorKind::Value => "#VALUE!",
            ErrorKind::Ref => "#REF!",
            ErrorKind::Name => "#NAME?",
            ErrorKind::Num => "#NUM!",
            ErrorKind::NotAvailable => "#N/A",
            ErrorKind::GettingData => "#GETTING_DATA",
            ErrorKind::Spill => "#SPILL!",
            ErrorKind::Calc => "#CALC!",
        }
    }

    /// The kind whose text this is, ignoring case.
    pub fn parse(text: &str) -> Option<ErrorKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text interned in [`Texts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextId(pub u32);

/// The value of a cell or of an expression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// Nothing: 0 where a number is wanted, "" where a text is.
    Empty,
    /// A finite number.
    Number(f64),
    /// TRUE or FALSE.
    Bool(bool),
    /// A text of the model's [`Texts`].
    Text(TextId),
    /// An error, which spreads.
    Error(ErrorKind),
}

const QUIET_NAN: u64 = 0x7ff8_0000_0000_0000;
const TAG_SHIFT: u32 = 32;
const TAG_ERROR: u64 = 1;
const TAG_BOOL: u64 = 2;
const TAG_TEXT: u64 = 3;
const TAG_EMPTY: u64 = 4;

impl Value {
    /// The value in the 64 bits of a tape slot: a finite number is itself; all else is a quiet NaN with a
    /// tag in bits 32..36 and a payload in the low 32 bits (error number, 0 or 1, text id, 0).
    pub fn pack(self) -> f64 {
        let (tag, payload) = match self {
            Value::Number(number) => return number,
            Value::Error(kind) => (TAG_ERROR, kind as u64),
            Value::Bool(truth) => (TAG_BOOL, u64::from(truth)),
            Value::Text(TextId(id)) => (TAG_TEXT, u64::from(id)),
            Value::Empty => (TAG_EMPTY, 0),
        };
        f64::from_bits(QUIET_NAN | (tag << TAG_SHIFT) | payload)
    }

    /// The inverse of [`Value::pack`]. A NaN or infinity that `pack` never makes is an overflow: `#NUM!`.
    #[inline]
    pub fn unpack(slot: f64) -> Value {
        if slot.is_finite() {
            return Value::Number(slot);
        }
        let bits = slot.to_bits();
        let payload = bits as u32;
        match (bits ^ QUIET_NAN) >> TAG_SHIFT {
            TAG_ERROR => match ErrorKind::ALL.get((payload as usize).wrapping_sub(1)) {
                Some(kind) => Value::Error(*kind),
                None => Value::Error(ErrorKind::Num),
            },
            TAG_BOOL => Value::Bool(payload != 0),
            TAG_TEXT => Value::Text(TextId(payload)),
            TAG_EMPTY => Value::Empty,
            _ => Value::Error(ErrorKind::Num),
        }
    }

    /// The error, if this is one.
    pub fn error(self) -> Option<ErrorKind> {
        match self {
            Value::Error(kind) => Some(kind),
            _ => None,
        }
    }
}

/// Every distinct text of a model, once.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    ids: HashMap<Arc<str>, TextId>,
    texts: Vec<Arc<str>>,
}

impl Texts {
    /// The id of `text`, new or known. Equality of ids is equality of texts with case.
    pub fn intern(&mut self, text: &str) -> TextId {
        if let Some(id) = self.ids.get(text) {
            return *id;
        }
        let id = TextId(u32::try_from(self.texts.len()).expect("the reader bounds texts far below 2^32"));
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.ids.insert(text, id);
        id
    }

    /// The text of `id`.
    pub fn get(&self, id: TextId) -> &str {
        &self.texts[id.0 as usize]
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_survives_packing() {
        let values = [Value::Empty, Value::Number(-0.5), Value::Bool(true), Value::Text(TextId(u32::MAX))];
        for value in values.into_iter().chain(ErrorKind::ALL.map(Value::Error)) {
            assert_eq!(Value::unpack(value.pack()), value);
        }
    }

    #[test]
    fn an_overflow_is_a_num_error() {
        for slot in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            assert_eq!(Value::unpack(slot), Value::Error(ErrorKind::Num));
        }
    }
}

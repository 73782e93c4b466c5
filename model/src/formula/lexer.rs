//! From a template to tokens.

use super::characters::{Class, bracket_end, class_of, name_end, number_end, quoted_end};
use super::mark::read_reference;
use super::{BinaryOperator, Reference, SyntaxError};
use crate::value::ErrorKind;

/// A stretch of the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A token, the stretch it stands in, and whether white space stands before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
    pub(super) after_space: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    End,
    Number(f64),
    /// `"text"`, quotes included.
    Text,
    /// A name, a function, a table, or a sheet without quotes.
    Identifier,
    /// `'sheet'`, quotes included.
    Quoted,
    /// `[...]`, brackets included.
    Bracket,
    /// A cell, columns or rows.
    Reference(Reference),
    Error(ErrorKind),
    /// Any operator with two operands that is written, so neither space nor comma.
    Operator(BinaryOperator),
    Percent,
    Hash,
    At,
    Comma,
    Semicolon,
    Bang,
    OpenParenthesis,
    CloseParenthesis,
    OpenBrace,
    CloseBrace,
}

/// Where the reading of a template stands. Copy it to look ahead.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lexer<'t> {
    template: &'t [u8],
    here: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(template: &'t [u8]) -> Lexer<'t> {
        Lexer { template, here: 0 }
    }

    /// The byte that comes next, if any.
    pub(super) fn next_byte(&self) -> Option<u8> {
        self.template.get(self.here).copied()
    }

    /// The text of a stretch, which must hold no reference.
    pub(super) fn text(&self, span: Span) -> String {
        String::from_utf8_lossy(&self.template[span.start..span.end]).into_owned()
    }

    /// The token that comes next, which stays.
    pub(super) fn peek(&self) -> Result<Token, SyntaxError> {
        let mut ahead = *self;
        ahead.next()
    }

    /// The token that comes next.
    pub(super) fn next(&mut self) -> Result<Token, SyntaxError> {
        let before = self.here;
        while matches!(self.next_byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.here += 1;
        }
        let start = self.here;
        let (kind, end) = self.read(start)?;
        self.here = end;
        Ok(Token { kind, span: Span { start, end }, after_space: start > before })
    }

    fn read(&self, start: usize) -> Result<(Kind, usize), SyntaxError> {
        let Some(&byte) = self.template.get(start) else { return Ok((Kind::End, start)) };
        if let Some((reference, end)) = read_reference(self.template, start) {
            return Ok((Kind::Reference(reference), end));
        }
        match class_of(byte) {
            Class::Letter | Class::Name => self.identifier(start),
            Class::Number => self.number(start),
            Class::Quote => self.quoted(start),
            Class::Bracket => match bracket_end(self.template, start) {
                Some(end) => Ok((Kind::Bracket, end)),
                None => Err(SyntaxError::new(start, "this [ is never closed")),
            },
            Class::Dollar | Class::Other => self.symbol(start, byte),
        }
    }

    fn identifier(&self, start: usize) -> Result<(Kind, usize), SyntaxError> {
        let end = name_end(self.template, start);
        let text = self.text(Span { start, end });
        match text.char_indices().find(|(_, c)| c.is_whitespace() || c.is_control()) {
            // A no-break space pasted from a web page, for one.
            Some((at, c)) => {
                let message = format!("the character U+{:04X} does not belong here", u32::from(c));
                Err(SyntaxError::new(start + at, message))
            }
            None => Ok((Kind::Identifier, end)),
        }
    }

    fn number(&self, start: usize) -> Result<(Kind, usize), SyntaxError> {
        let end = number_end(self.template, start);
        let text = self.text(Span { start, end });
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok((Kind::Number(number), end)),
            Ok(_) => Err(SyntaxError::new(start, "this number is too large")),
            Err(_) => Err(SyntaxError::new(start, "a point alone is no number")),
        }
    }

    fn quoted(&self, start: usize) -> Result<(Kind, usize), SyntaxError> {
        let kind = if self.template[start] == b'"' { Kind::Text } else { Kind::Quoted };
        match quoted_end(self.template, start) {
            Some(end) => Ok((kind, end)),
            None => {
                let quote = char::from(self.template[start]);
                Err(SyntaxError::new(start, format!("this {quote} is never closed")))
            }
        }
    }

    fn symbol(&self, start: usize, byte: u8) -> Result<(Kind, usize), SyntaxError> {
        use BinaryOperator::*;
        let next = self.template.get(start + 1).copied();
        let two = |operator| Ok((Kind::Operator(operator), start + 2));
        let kind = match byte {
            b'<' if next == Some(b'>') => return two(NotEqual),
            b'<' if next == Some(b'=') => return two(LessEqual),
            b'>' if next == Some(b'=') => return two(GreaterEqual),
            b'#' => return Ok(self.hash(start)),
            b'+' => Kind::Operator(Add),
            b'-' => Kind::Operator(Subtract),
            b'*' => Kind::Operator(Multiply),
            b'/' => Kind::Operator(Divide),
            b'^' => Kind::Operator(Power),
            b'&' => Kind::Operator(Concatenate),
            b'=' => Kind::Operator(Equal),
            b'<' => Kind::Operator(Less),
            b'>' => Kind::Operator(Greater),
            b':' => Kind::Operator(Range),
            b'%' => Kind::Percent,
            b'@' => Kind::At,
            b',' => Kind::Comma,
            b';' => Kind::Semicolon,
            b'!' => Kind::Bang,
            b'(' => Kind::OpenParenthesis,
            b')' => Kind::CloseParenthesis,
            b'{' => Kind::OpenBrace,
            b'}' => Kind::CloseBrace,
            _ => {
                let shown = char::from(byte).escape_debug();
                return Err(SyntaxError::new(start, format!("the character `{shown}` does not belong here")));
            }
        };
        Ok((kind, start + 1))
    }

    /// An error literal, or the `#` of a spilled range.
    fn hash(&self, start: usize) -> (Kind, usize) {
        let rest = &self.template[start..];
        for kind in ErrorKind::ALL {
            let text = kind.as_str().as_bytes();
            if rest.len() >= text.len() && rest[..text.len()].eq_ignore_ascii_case(text) {
                return (Kind::Error(kind), start + text.len());
            }
        }
        (Kind::Hash, start + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Result<Vec<Kind>, SyntaxError> {
        let mut lexer = Lexer::new(text.as_bytes());
        let mut kinds = Vec::new();
        loop {
            match lexer.next()?.kind {
                Kind::End => return Ok(kinds),
                kind => kinds.push(kind),
            }
        }
    }

    #[test]
    fn numbers_are_read_to_the_last_digit() {
        for (text, number) in
            [("1", 1.0), (".5", 0.5), ("1.", 1.0), ("1e5", 1e5), ("1E-5", 1e-5), ("0.1", 0.1)]
        {
            assert_eq!(kinds(text), Ok(vec![Kind::Number(number)]));
        }
        assert!(kinds("1e999").unwrap_err().message.contains("too large"));
        assert!(kinds(".").unwrap_err().message.contains("no number"));
    }

    #[test]
    fn error_literals_are_told_from_spills() {
        for kind in ErrorKind::ALL {
            assert_eq!(kinds(kind.as_str()), Ok(vec![Kind::Error(kind)]));
        }
        assert_eq!(kinds("#n/a"), Ok(vec![Kind::Error(ErrorKind::NotAvailable)]));
        assert_eq!(kinds("x#"), Ok(vec![Kind::Identifier, Kind::Hash]));
    }

    #[test]
    fn strange_characters_are_named() {
        assert!(kinds("a\u{a0}b").unwrap_err().message.contains("U+00A0"));
        assert!(kinds("$").unwrap_err().message.contains("`$`"));
        assert!(kinds("\u{0}").unwrap_err().message.contains("does not belong"));
    }
}

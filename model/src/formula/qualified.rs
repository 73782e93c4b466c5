//! What a `!` or a bracket qualifies: references on other sheets and books, and parts of tables.

use super::lexer::{Kind, Span};
use super::parser::Parser;
use super::structured::{TableColumns, parse_structured};
use super::{BinaryOperator, Node, SheetName, StringId, Structured, SyntaxError};

impl Parser<'_> {
    /// `Sheet1:Sheet3!`: takes `:Sheet3` and returns where `Sheet3` stands, if that is what comes.
    pub(super) fn span_of_sheets(&mut self) -> Option<Span> {
        let mut ahead = self.lexer;
        ahead.next().ok()?;
        let last = ahead.next().ok()?;
        let fits = last.kind == Kind::Identifier && !last.after_space && ahead.next_byte() == Some(b'!');
        if fits {
            self.lexer = ahead;
        }
        fits.then_some(last.span)
    }

    /// `'It''s'!`, `'A:C'!` or `'[Book.xlsx]Sheet 1'!`
    pub(super) fn quoted(&mut self, span: Span) -> Result<(), SyntaxError> {
        if self.lexer.next_byte() != Some(b'!') {
            return Err(SyntaxError::new(span.end, "a ! is missing behind the name of the sheet"));
        }
        let inner = self.lexer.text(Span { start: span.start + 1, end: span.end - 1 }).replace("''", "'");
        if inner.is_empty() {
            return Err(SyntaxError::new(span.start, "the name of the sheet is empty"));
        }
        let sheet = if inner.contains(['[', '\\', '/']) {
            SheetName::External(self.span_string(span))
        } else if let Some((first, last)) = inner.split_once(':') {
            SheetName::Span(self.tree.add_string(first.to_owned()), self.tree.add_string(last.to_owned()))
        } else {
            SheetName::One(self.tree.add_string(inner))
        };
        self.qualified(sheet, span.start)
    }

    /// `[1]Sheet1!A1` and `[1]!Name`, or a structured reference inside its own table.
    pub(super) fn bracket(&mut self, span: Span) -> Result<(), SyntaxError> {
        let mut ahead = self.lexer;
        let mut end = span.end;
        // Sheet1, or Sheet1:Sheet3.
        while matches!(ahead.next_byte(), Some(byte) if byte != b'!') {
            let Ok(token) = ahead.next() else { break };
            if token.after_space
                || !matches!(token.kind, Kind::Identifier | Kind::Operator(BinaryOperator::Range))
            {
                break;
            }
            end = token.span.end;
        }
        if ahead.next_byte() != Some(b'!') {
            return self.structured(None, span);
        }
        self.lexer = ahead;
        let prefix = self.span_string(Span { start: span.start, end });
        self.qualified(SheetName::External(prefix), span.start)
    }

    /// What stands behind the `!` that comes next.
    pub(super) fn qualified(&mut self, sheet: SheetName, start: usize) -> Result<(), SyntaxError> {
        let bang = self.lexer.next()?;
        let token = self.lexer.next()?;
        match token.kind {
            _ if token.after_space => {}
            Kind::Reference(mut reference) => {
                reference.sheet = sheet;
                self.tree.push(Node::Reference(reference));
                return Ok(());
            }
            Kind::Error(kind) => return self.error(kind),
            Kind::Identifier if self.lexer.next_byte() == Some(b'(') => {
                // A function of a macro or another workbook: kept with its origin, so that nobody takes it for ours.
                let prefix = self.lexer.text(Span { start, end: bang.span.end });
                let name = self.lexer.text(token.span).to_uppercase();
                return self.open_call(prefix + &name, start);
            }
            Kind::Identifier if self.lexer.next_byte() != Some(b'[') => {
                let sheet = match sheet {
                    SheetName::One(id) | SheetName::External(id) => id,
                    SheetName::Own | SheetName::Span(..) => {
                        let message = "a name belongs to one sheet, not to several";
                        return Err(SyntaxError::new(start, message));
                    }
                };
                let name = self.span_string(token.span);
                self.tree.push(Node::Name { sheet: Some(sheet), name });
                return Ok(());
            }
            _ => {}
        }
        let message = format!("a reference or a name is missing before {}", self.shown(token));
        Err(SyntaxError::new(token.span.start, message))
    }

    pub(super) fn structured(&mut self, table: Option<StringId>, bracket: Span) -> Result<(), SyntaxError> {
        let inner = self.lexer.text(Span { start: bracket.start + 1, end: bracket.end - 1 });
        let (rows, columns) =
            parse_structured(&inner).map_err(|message| SyntaxError::new(bracket.start, message))?;
        let columns = match columns {
            TableColumns::All => None,
            TableColumns::One(column) => {
                let column = self.tree.add_string(column);
                Some((column, column))
            }
            TableColumns::Span(first, last) => {
                Some((self.tree.add_string(first), self.tree.add_string(last)))
            }
        };
        self.tree.push(Node::Structured(Structured { table, rows, columns }));
        Ok(())
    }

    pub(super) fn span_string(&mut self, span: Span) -> StringId {
        let text = self.lexer.text(span);
        self.tree.add_string(text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::outline::check_in_c3;

    #[test]
    fn sheets() {
        check_in_c3(&[
            ("Sheet1!C3", "Sheet1!R[0]C[0]"),
            ("'It''s 1'!C3:D4", "It's 1!R[0]C[0]:R[1]C[1]"),
            ("Sheet1!C3:Sheet1!D4", "Sheet1!R[0]C[0]:R[1]C[1]"),
            ("Sheet1!C3:Sheet2!D4", "(: Sheet1!R[0]C[0] Sheet2!R[1]C[1])"),
            ("Übersicht!C3", "Übersicht!R[0]C[0]"),
            ("Jan.2024!C3", "Jan.2024!R[0]C[0]"),
            ("FY24!C3", "FY24!R[0]C[0]"),
            ("Jan!B:B", "Jan!C[-1]:C[-1]"),
            ("Jan!2:2", "Jan!R[-1]:R[-1]"),
            ("Jan:Mar!C3", "Jan:Mar!R[0]C[0]"),
            ("SUM(Sheet1:Sheet3!C3:D4)", "SUM(Sheet1:Sheet3!R[0]C[0]:R[1]C[1])"),
            ("'A B:C'!C3", "A B:C!R[0]C[0]"),
            ("[1]Sheet1!C3", "external [1]Sheet1!R[0]C[0]"),
            ("[1]Sheet1:Sheet3!C3", "external [1]Sheet1:Sheet3!R[0]C[0]"),
            ("'[Book.xlsx]Sheet 1'!C3", "external '[Book.xlsx]Sheet 1'!R[0]C[0]"),
            ("'C:\\x\\[B.xlsx]S'!C3", "external 'C:\\x\\[B.xlsx]S'!R[0]C[0]"),
            ("Sheet1!#REF!", "#REF!"),
            ("#REF!A1+#REF!#REF!", "(+ #REF! #REF!)"),
            ("Sheet1!rate+[1]!rate", "(+ Sheet1!rate [1]!rate)"),
        ]);
    }

    #[test]
    fn structured_references() {
        check_in_c3(&[
            ("SUM(Sales[Net])", "SUM(Sales[data;Net])"),
            ("Sales[[#Totals],[Net]]", "Sales[totals;Net]"),
            ("Sales[[#This Row],[A]:[B]]", "Sales[this;A:B]"),
            ("Sales[@Net]*Sales[@[My Net]]", "(* Sales[this;Net] Sales[this;My Net])"),
            ("[@Net]-[Net]", "(- [this;Net] [data;Net])"),
            ("Sales[]", "Sales[data]"),
            ("Sales[#All]", "Sales[all]"),
            ("Sales[[#Headers],[#Data],[A1]]", "Sales[headers+data;A1]"),
            ("Sales[a'[b'] '#'' c]", "Sales[data;a[b] #' c]"),
        ]);
    }
}

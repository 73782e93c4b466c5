//! What stands between operators: literals, references, names, calls.

use super::lexer::{Kind, Span, Token};
use super::parser::Parser;
use super::structured::{TableColumns, parse_structured};
use super::{BinaryOperator, Node, NodeId, SheetName, Structured, SyntaxError};
use crate::value::ErrorKind;

/// What Excel writes before the parameters of LET and LAMBDA.
const PARAMETER_PREFIX: &str = "_xlpm.";

impl Parser<'_> {
    /// Completes the operand that begins with `token`, or opens a call.
    pub(super) fn primary(&mut self, token: Token) -> Result<(), SyntaxError> {
        match token.kind {
            Kind::Number(number) => self.tree.push(Node::Number(number)),
            Kind::Text => {
                let node = self.text(token.span);
                self.tree.push(node);
            }
            Kind::Reference(reference) => self.tree.push(Node::Reference(reference)),
            Kind::Error(kind) => self.error(kind)?,
            Kind::OpenBrace => self.array(token)?,
            Kind::Identifier => self.identifier(token.span)?,
            Kind::Quoted => self.quoted(token.span)?,
            Kind::Bracket => self.bracket(token.span)?,
            Kind::End if token.span.start == 0 => return Err(SyntaxError::new(0, "the formula is empty")),
            _ => {
                let message = format!("a value or a reference is missing before {}", self.shown(token));
                return Err(SyntaxError::new(token.span.start, message));
            }
        }
        Ok(())
    }

    fn text(&mut self, span: Span) -> Node {
        let inner = self.lexer.text(Span { start: span.start + 1, end: span.end - 1 });
        Node::Text(self.tree.add_string(inner.replace("\"\"", "\"")))
    }

    /// An error literal. `#REF!A1` is what remains of a reference to a deleted sheet: the error alone.
    fn error(&mut self, kind: ErrorKind) -> Result<(), SyntaxError> {
        if kind == ErrorKind::Ref {
            let next = self.lexer.peek()?;
            if !next.after_space
                && matches!(next.kind, Kind::Reference(_) | Kind::Identifier | Kind::Error(_))
            {
                self.lexer.next()?;
            }
        }
        self.tree.push(Node::Error(kind));
        Ok(())
    }

    /// A sheet, a table, a function, a constant or a name, as what follows tells.
    fn identifier(&mut self, span: Span) -> Result<(), SyntaxError> {
        match self.lexer.next_byte() {
            Some(b'!') => {
                let sheet = SheetName::One(self.span_string(span));
                return self.qualified(sheet, span.start);
            }
            Some(b'[') => {
                let table = self.span_string(span);
                let bracket = self.lexer.next()?;
                return self.structured(Some(table), bracket.span);
            }
            Some(b':') => {
                if let Some(last) = self.span_of_sheets() {
                    let (first, last) = (self.span_string(span), self.span_string(last));
                    return self.qualified(SheetName::Span(first, last), span.start);
                }
            }
            _ => {}
        }
        let name = self.lexer.text(span);
        if self.lexer.peek()?.kind == Kind::OpenParenthesis {
            return self.open_call(name.to_uppercase(), span.start);
        }
        let node = if name.eq_ignore_ascii_case("TRUE") {
            Node::Bool(true)
        } else if name.eq_ignore_ascii_case("FALSE") {
            Node::Bool(false)
        } else {
            let name = name.strip_prefix(PARAMETER_PREFIX).unwrap_or(&name).to_owned();
            Node::Name { sheet: None, name: self.tree.add_string(name) }
        };
        self.tree.push(node);
        Ok(())
    }

    /// `Sheet1:Sheet3!`: takes `:Sheet3` and returns where `Sheet3` stands, if that is what comes.
    fn span_of_sheets(&mut self) -> Option<Span> {
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
    fn quoted(&mut self, span: Span) -> Result<(), SyntaxError> {
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
    fn bracket(&mut self, span: Span) -> Result<(), SyntaxError> {
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
    fn qualified(&mut self, sheet: SheetName, start: usize) -> Result<(), SyntaxError> {
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

    fn structured(&mut self, table: Option<u32>, bracket: Span) -> Result<(), SyntaxError> {
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

    /// `{1,2;3,4}`, from behind its brace.
    fn array(&mut self, brace: Token) -> Result<(), SyntaxError> {
        let mut elements = Vec::new();
        let mut rows = 1;
        let mut columns = None;
        loop {
            elements.push(self.array_element()?);
            let token = self.lexer.next()?;
            if token.kind == Kind::Comma {
                continue;
            }
            // A row ends here: each ends at a multiple of the first row's length.
            let width = *columns.get_or_insert(elements.len());
            if elements.len() != rows * width {
                return Err(SyntaxError::new(brace.span.start, "the rows of this array differ in length"));
            }
            match token.kind {
                Kind::Semicolon => rows += 1,
                Kind::CloseBrace => {
                    self.tree.push_array(&elements, rows);
                    return Ok(());
                }
                Kind::End => return Err(SyntaxError::new(brace.span.start, "this { is never closed")),
                _ => {
                    let message = format!("a comma or semicolon is missing before {}", self.shown(token));
                    return Err(SyntaxError::new(token.span.start, message));
                }
            }
        }
    }

    fn array_element(&mut self) -> Result<NodeId, SyntaxError> {
        let token = self.lexer.next()?;
        let node = match token.kind {
            Kind::Number(number) => Node::Number(number),
            Kind::Text => self.text(token.span),
            Kind::Error(kind) => Node::Error(kind),
            Kind::Identifier if self.lexer.text(token.span).eq_ignore_ascii_case("TRUE") => Node::Bool(true),
            Kind::Identifier if self.lexer.text(token.span).eq_ignore_ascii_case("FALSE") => {
                Node::Bool(false)
            }
            Kind::Operator(sign @ (BinaryOperator::Add | BinaryOperator::Subtract)) => {
                let operand = self.lexer.next()?;
                match operand.kind {
                    Kind::Number(number) if sign == BinaryOperator::Add => Node::Number(number),
                    Kind::Number(number) => Node::Number(-number),
                    _ => return Err(self.no_constant(operand)),
                }
            }
            _ => return Err(self.no_constant(token)),
        };
        Ok(self.tree.add_node(node))
    }

    fn no_constant(&self, token: Token) -> SyntaxError {
        let message = format!("an array in braces holds constants only, not {}", self.shown(token));
        SyntaxError::new(token.span.start, message)
    }

    fn span_string(&mut self, span: Span) -> u32 {
        let text = self.lexer.text(span);
        self.tree.add_string(text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::outline::outline;
    use super::super::{Formulas, Syntax};
    use crate::cell::Position;

    fn parse(text: &str) -> Syntax {
        let mut formulas = Formulas::default();
        let id = formulas.intern(text, Position::parse("C3").unwrap());
        formulas.syntax(id).unwrap_or_else(|error| panic!("{text}: {error}")).clone()
    }

    /// Each formula stands in C3.
    fn check(cases: &[(&str, &str)]) {
        for (text, tree) in cases {
            assert_eq!(outline(&parse(text)), *tree, "{text}");
        }
    }

    #[test]
    fn literals() {
        check(&[
            ("\"a\"\"b\"&\"\"", "(& \"a\\\"b\" \"\")"),
            ("TRUE=false", "(= TRUE FALSE)"),
            ("TRUE()=False( )", "(= TRUE FALSE)"),
            ("#REF!+#n/a", "(+ #REF! #N/A)"),
            ("1E-5+.5", "(+ 0.00001 0.5)"),
            ("{1,-2;+3,4}", "{1,-2;3,4}"),
            ("{\"a\",TRUE,#N/A}", "{\"a\",TRUE,#N/A}"),
        ]);
    }

    #[test]
    fn cells_and_ranges() {
        check(&[
            ("A1", "R[-2]C[-2]"),
            ("$D$4", "R3C3"),
            ("D$4:$A1", "R3C[1]:R[-2]C0"),
            ("c3:C3", "R[0]C[0]:R[0]C[0]"),
            ("A:$C", "C[-2]:C2"),
            ("$1:4", "R0:R[1]"),
            ("XFD1048576", "R[1048573]C[16381]"),
            ("A1:B2:C3", "(: R[-2]C[-2]:R[-1]C[-1] R[0]C[0])"),
            ("A1:INDEX(B:B,3)", "(: R[-2]C[-2] INDEX(C[-1]:C[-1],3))"),
            ("(A1):(B2)", "R[-2]C[-2]:R[-1]C[-1]"),
            ("A1 : B2", "R[-2]C[-2]:R[-1]C[-1]"),
            ("A1:A5 A3:C3", "(^^ R[-2]C[-2]:R[2]C[-2] R[0]C[-2]:R[0]C[0])"),
            ("SUM((A1,B1))", "SUM((u R[-2]C[-2] R[-2]C[-1]))"),
            ("@A1:A3", "(@ R[-2]C[-2]:R[0]C[-2])"),
            ("A1#", "(# R[-2]C[-2])"),
            ("_xlfn.ANCHORARRAY(A1)", "(# R[-2]C[-2])"),
            ("_xlfn.SINGLE(A1:A3)", "(@ R[-2]C[-2]:R[0]C[-2])"),
        ]);
    }

    #[test]
    fn sheets() {
        check(&[
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
    fn names_and_functions() {
        check(&[
            ("tax.rate_2?+\\x+_y+Été", "(+ (+ (+ tax.rate_2? \\x) _y) Été)"),
            ("R1C1+ABCD1+A1B", "(+ (+ R1C1 ABCD1) A1B)"),
            ("LOG10(1)+atan2(1,2)+DEC2BIN(3)", "(+ (+ LOG10(1) ATAN2(1,2)) DEC2BIN(3))"),
            ("_xlfn.STDEV.S(A1:A2)", "STDEV.S(R[-2]C[-2]:R[-1]C[-2])"),
            ("_xlfn._xlws.SORT(x)+_xll.RiskNormal(1,2)", "(+ SORT(x) RISKNORMAL(1,2))"),
            ("IF(x,,2)+IF(x,)", "(+ IF(x,_,2) IF(x,_))"),
            ("PI()+F(,)+G( )", "(+ (+ PI() F(_,_)) G())"),
            ("sum (1, 2)", "SUM(1,2)"),
            ("_xlfn.LET(_xlpm.x,1,_xlpm.x+1)", "LET(x,1,(+ x 1))"),
            ("LAMBDA(a,b,a*b)", "LAMBDA(a,b,(* a b))"),
            ("[1]!custom(1)", "[1]!CUSTOM(1)"),
        ]);
    }

    #[test]
    fn structured_references() {
        check(&[
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

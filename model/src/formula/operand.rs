//! What stands between operators: literals, references, names, calls.

use super::lexer::{Kind, Span, Token};
use super::parser::Parser;
use super::{BinaryOperator, Node, NodeId, SheetName, SyntaxError};
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
    pub(super) fn error(&mut self, kind: ErrorKind) -> Result<(), SyntaxError> {
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
}

#[cfg(test)]
mod tests {
    use super::super::outline::check_in_c3;

    #[test]
    fn literals() {
        check_in_c3(&[
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
        check_in_c3(&[
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
    fn names_and_functions() {
        check_in_c3(&[
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
}

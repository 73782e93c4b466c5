//! From tokens to a syntax tree, by operator precedence.
//!
//! What is still open (a sign, an operator waiting for its right operand, a parenthesis, a call) stands on a
//! stack of its own, never on the program's, so that no formula overflows it. Excel's precedences, the strongest
//! first: `:`, space, then signs and `@`, `%`, `^`, `* /`, `+ -`, `&`, comparisons. All associate to the left.

use super::lexer::{Kind, Lexer, Token};
use super::tree::Tree;
use super::{BinaryOperator, Node, Syntax, SyntaxError, UnaryOperator};

/// How deep parentheses and calls may stand inside each other. Excel's limit is 64.
pub const MAX_NESTING: usize = 256;

const SIGN_STRENGTH: u8 = 8;
const PERCENT_STRENGTH: u8 = 7;
/// Takes all that is open up to a parenthesis. The comma of a union is as weak: it stands only in parentheses.
const WEAKEST: u8 = 1;

/// Parses a template. Offsets of errors count in the template.
pub(super) fn parse(template: &[u8]) -> Result<Syntax, SyntaxError> {
    let mut parser = Parser::new(template);
    loop {
        parser.operand()?;
        if parser.operators()? == Next::End {
            break;
        }
    }
    Ok(parser.tree.complete())
}

pub(super) struct Parser<'t> {
    pub(super) lexer: Lexer<'t>,
    pub(super) tree: Tree,
    open: Vec<Open>,
    nesting: usize,
}

/// What has begun and is not complete.
enum Open {
    Sign(UnaryOperator),
    /// Waits for its right operand.
    Operator(BinaryOperator, usize),
    Parenthesis(usize),
    /// A call whose arguments are the operands from `first_operand` on.
    Call {
        name: String,
        start: usize,
        first_operand: usize,
    },
}

#[derive(PartialEq, Eq)]
enum Next {
    Operand,
    End,
}

impl<'t> Parser<'t> {
    fn new(template: &'t [u8]) -> Parser<'t> {
        Parser { lexer: Lexer::new(template), tree: Tree::default(), open: Vec::new(), nesting: 0 }
    }

    /// Reads up to the end of one operand: signs, opening parentheses and calls, and what stands in them.
    fn operand(&mut self) -> Result<(), SyntaxError> {
        let complete = self.tree.waiting();
        while self.tree.waiting() == complete {
            let before = self.lexer;
            let token = self.lexer.next()?;
            match token.kind {
                Kind::Operator(BinaryOperator::Add) => self.open.push(Open::Sign(UnaryOperator::Plus)),
                Kind::Operator(BinaryOperator::Subtract) => self.open.push(Open::Sign(UnaryOperator::Negate)),
                Kind::At => self.open.push(Open::Sign(UnaryOperator::Intersect)),
                Kind::OpenParenthesis => self.nest(Open::Parenthesis(token.span.start), token.span.start)?,
                Kind::Comma | Kind::CloseParenthesis if self.in_call() => {
                    self.lexer = before;
                    self.tree.push(Node::Missing);
                }
                _ => self.primary(token)?,
            }
        }
        Ok(())
    }

    /// Reads what may follow an operand: `%`, `#`, closing parentheses, then an operator, a comma or the end.
    fn operators(&mut self) -> Result<Next, SyntaxError> {
        loop {
            let before = self.lexer;
            let token = self.lexer.next()?;
            match token.kind {
                Kind::End => return self.finish().map(|()| Next::End),
                Kind::Percent => {
                    self.reduce(PERCENT_STRENGTH)?;
                    self.tree.wrap(UnaryOperator::Percent);
                }
                Kind::Hash => self.tree.wrap(UnaryOperator::Spill),
                Kind::CloseParenthesis => self.close(token.span.start)?,
                Kind::Comma => return self.comma(token.span.start).map(|()| Next::Operand),
                Kind::Operator(operator) => {
                    return self.operator(operator, token.span.start).map(|()| Next::Operand);
                }
                kind if token.after_space && begins_reference(kind) && self.tree.last_may_be_reference() => {
                    self.lexer = before;
                    let start = token.span.start;
                    return self.operator(BinaryOperator::Intersection, start).map(|()| Next::Operand);
                }
                _ => {
                    let message = format!("an operator is missing before {}", self.shown(token));
                    return Err(SyntaxError::new(token.span.start, message));
                }
            }
        }
    }

    fn operator(&mut self, operator: BinaryOperator, start: usize) -> Result<(), SyntaxError> {
        self.reduce(strength(operator))?;
        self.open.push(Open::Operator(operator, start));
        Ok(())
    }

    /// A comma parts the arguments of a call; in plain parentheses it unites references.
    fn comma(&mut self, start: usize) -> Result<(), SyntaxError> {
        self.reduce(WEAKEST)?;
        match self.open.last() {
            Some(Open::Call { .. }) => Ok(()),
            Some(Open::Parenthesis(_)) => self.operator(BinaryOperator::Union, start),
            _ => Err(SyntaxError::new(start, "a comma stands only between arguments or inside parentheses")),
        }
    }

    fn close(&mut self, start: usize) -> Result<(), SyntaxError> {
        self.reduce(WEAKEST)?;
        match self.open.pop() {
            Some(Open::Call { name, first_operand, .. }) => self.tree.complete_call(name, first_operand),
            Some(_) => {}
            None => return Err(SyntaxError::new(start, "this ) closes nothing")),
        }
        self.nesting -= 1;
        Ok(())
    }

    fn finish(&mut self) -> Result<(), SyntaxError> {
        self.reduce(WEAKEST)?;
        match self.open.last() {
            Some(Open::Parenthesis(start)) => Err(SyntaxError::new(*start, "this ( is never closed")),
            Some(Open::Call { name, start, .. }) => {
                Err(SyntaxError::new(*start, format!("the parenthesis of {name} is never closed")))
            }
            _ => Ok(()),
        }
    }

    /// Completes every open sign and operator that binds at least as strongly as `least`, the last one first.
    fn reduce(&mut self, least: u8) -> Result<(), SyntaxError> {
        loop {
            match self.open.last() {
                Some(Open::Sign(sign)) if SIGN_STRENGTH >= least => {
                    let sign = *sign;
                    self.open.pop();
                    self.tree.wrap(sign);
                }
                Some(Open::Operator(operator, start)) if strength(*operator) >= least => {
                    let (operator, start) = (*operator, *start);
                    self.open.pop();
                    self.tree.combine(operator, start)?;
                }
                _ => return Ok(()),
            }
        }
    }

    /// Opens the call of a function whose `(` comes next.
    pub(super) fn open_call(&mut self, name: String, start: usize) -> Result<(), SyntaxError> {
        self.lexer.next()?;
        let first_operand = self.tree.waiting();
        if self.lexer.peek()?.kind == Kind::CloseParenthesis {
            self.lexer.next()?;
            self.tree.complete_call(name, first_operand);
            return Ok(());
        }
        self.nest(Open::Call { name, start, first_operand }, start)
    }

    fn nest(&mut self, open: Open, start: usize) -> Result<(), SyntaxError> {
        if self.nesting == MAX_NESTING {
            let message = format!("more than {MAX_NESTING} parentheses and calls stand inside each other");
            return Err(SyntaxError::new(start, message));
        }
        self.nesting += 1;
        self.open.push(open);
        Ok(())
    }

    /// How a token reads in a message.
    pub(super) fn shown(&self, token: Token) -> String {
        match token.kind {
            Kind::End => "the end".to_owned(),
            Kind::Reference(_) => "this reference".to_owned(),
            _ => {
                let text = self.lexer.text(token.span);
                if text.chars().count() > 40 {
                    format!("`{}…`", text.chars().take(40).collect::<String>())
                } else {
                    format!("`{text}`")
                }
            }
        }
    }

    fn in_call(&self) -> bool {
        matches!(self.open.last(), Some(Open::Call { .. }))
    }
}

fn begins_reference(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Reference(_)
            | Kind::Identifier
            | Kind::Quoted
            | Kind::Bracket
            | Kind::Error(_)
            | Kind::OpenParenthesis
    )
}

fn strength(operator: BinaryOperator) -> u8 {
    use BinaryOperator::*;
    match operator {
        Range => 10,
        Intersection => 9,
        Power => 6,
        Multiply | Divide => 5,
        Add | Subtract => 4,
        Concatenate => 3,
        Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual => 2,
        Union => WEAKEST,
    }
}

#[cfg(test)]
mod tests {
    use super::super::outline::outline;
    use super::*;

    fn read(text: &str) -> String {
        outline(&parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}")))
    }

    fn refusal(text: &str) -> SyntaxError {
        parse(text.as_bytes()).expect_err(text)
    }

    #[test]
    fn precedence_is_excels() {
        for (text, tree) in [
            ("-2^2", "(^ (- 2) 2)"),
            ("2^-2^2", "(^ (^ 2 (- 2)) 2)"),
            ("2^3^2", "(^ (^ 2 3) 2)"),
            ("-5%", "(% (- 5))"),
            ("5%^2", "(^ (% 5) 2)"),
            ("2^5%", "(^ 2 (% 5))"),
            ("2^-5%%", "(^ 2 (% (% (- 5))))"),
            ("a*b+c*d-e/f", "(- (+ (* a b) (* c d)) (/ e f))"),
            ("a-b-c", "(- (- a b) c)"),
            ("a/b*c", "(* (/ a b) c)"),
            ("a&b+c&d", "(& (& a (+ b c)) d)"),
            ("a&b=c&d", "(= (& a b) (& c d))"),
            ("a<b=c>=d<>e", "(<> (>= (= (< a b) c) d) e)"),
            ("--+a", "(- (- (+ a)))"),
            ("a--b", "(- a (- b))"),
            ("-a:b", "(- (: a b))"),
            ("a:b c:d", "(^^ (: a b) (: c d))"),
            ("-a b^2", "(^ (- (^^ a b)) 2)"),
            ("@a:b*2", "(* (@ (: a b)) 2)"),
            ("a#:b", "(: (# a) b)"),
            ("-a#%", "(% (- (# a)))"),
            ("(a,b c,d)", "(u (u a (^^ b c)) d)"),
            ("(a+b)*c", "(* (+ a b) c)"),
            ("f((a,b),c)", "F((u a b),c)"),
            (" a\n+ b ", "(+ a b)"),
        ] {
            assert_eq!(read(text), tree, "{text}");
        }
    }

    #[test]
    fn long_formulas_do_not_use_the_stack() {
        let chain = format!("a{}", "+a".repeat(4_095));
        assert_eq!(parse(chain.as_bytes()).unwrap().nodes.len(), 2 * 4_096 - 1);
        assert_eq!(parse(format!("{}1", "-".repeat(8_191)).as_bytes()).unwrap().nodes.len(), 8_192);
        assert_eq!(parse(format!("1{}", "%".repeat(8_191)).as_bytes()).unwrap().nodes.len(), 8_192);
        assert_eq!(parse(format!("f({})", ",".repeat(8_000)).as_bytes()).unwrap().children.len(), 8_001);
    }

    #[test]
    fn nesting_is_bounded() {
        for open in ["(", "f(", "-(1+f(2,"] {
            let close = ")".repeat(open.matches('(').count());
            let depth = MAX_NESTING / close.len();
            let fits = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            assert!(parse(fits.as_bytes()).is_ok(), "{open}");
            assert!(refusal(&format!("({fits})")).message.contains("256"), "{open}");
        }
        assert!(refusal(&"f(".repeat(4_096)).message.contains("256"));
    }

    #[test]
    fn a_refusal_says_what_and_where() {
        for (text, offset, message) in [
            ("", 0, "empty"),
            ("1+", 2, "before the end"),
            ("1+*2", 2, "before `*`"),
            ("(1+2", 0, "never closed"),
            ("1+SUM(2", 2, "SUM is never closed"),
            ("1)", 1, "closes nothing"),
            ("1,2", 1, "comma"),
            ("1 2", 2, "an operator is missing before `2`"),
            ("a\"b\"", 1, "an operator is missing"),
            ("\"a", 0, "never closed"),
            ("'a", 0, "never closed"),
            ("'a'", 3, "! is missing"),
            ("a[b", 1, "never closed"),
            ("{1,2;3}", 0, "differ in length"),
            ("{1,a}", 3, "constants only"),
            ("{}", 1, "constants only"),
            ("{1", 0, "never closed"),
            ("1:2", 1, "must be references"),
            ("(a+1):b", 5, "must be references"),
            ("a:-b", 1, "must be references"),
            ("(a,1)", 2, "must be references"),
            ("(a+1) b", 6, "an operator is missing"),
            ("()", 1, "missing before `)`"),
            ("F(1)(2)", 4, "an operator is missing"),
            ("a!", 2, "missing before the end"),
            ("a! b", 3, "missing before `b`"),
            ("a:b!c", 0, "belongs to one sheet"),
            ("1e999", 0, "too large"),
            ("1;2", 1, "an operator is missing"),
            ("#UNHEARD!", 0, "missing before `#`"),
        ] {
            let error = refusal(text);
            assert!(error.message.contains(message), "{text}: {error}");
            assert_eq!(error.offset, offset, "{text}: {error}");
        }
    }

    #[test]
    fn floods_of_one_character_are_refused_in_words() {
        for flood in
            ["(", "-", "+", "@", "%", "#", "\"", "'", "[", "]", "{", ",", ":", "!", " ", "$", "\\(", "<"]
        {
            assert!(!refusal(&flood.repeat(8_191)).message.is_empty());
        }
    }
}

//! Well-formed formulas of every function and operator, a few levels deep.

use super::choices::Choices;
use super::departures::{self, SHARED_CRITERIA, SHARED_NUMBERS, SHARED_TEXTS};
use super::functions::{CHOOSING, CONDITIONAL, Kind, NUMERIC, Signature};
use super::literals::{CRITERIA, ERRORS, NUMBERS, PLACES, PROBABILITIES, RATES, TEXTS};
use super::sheet::{COLUMNS, FORMULAS, ROWS, Sheet};

/// Formulas in a sheet.
const FORMULAS_IN_A_SHEET: usize = 4;

/// What formulas are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    All,
    /// What ironcalc and Excel understand alike; see [`super::departures`].
    Shared,
}

impl Scope {
    fn of(self, all: usize, shared: usize) -> usize {
        if self == Scope::Shared { shared } else { all }
    }

    /// How many of the numbers.
    pub fn numbers(self) -> usize {
        self.of(NUMBERS.len(), SHARED_NUMBERS)
    }

    /// How many of the texts.
    pub fn texts(self) -> usize {
        self.of(TEXTS.len(), SHARED_TEXTS)
    }

    fn criteria(self) -> usize {
        self.of(CRITERIA.len(), SHARED_CRITERIA)
    }
}

/// A sheet of constants with formulas.
pub fn sheet(choices: &mut Choices<'_>, scope: Scope) -> Sheet {
    let mut sheet = Sheet::constants(choices, scope);
    for above in 0..FORMULAS_IN_A_SHEET {
        let kind = choices.pick(&[Kind::Number, Kind::Any, Kind::Condition]);
        let depth = choices.below(4);
        let formula = Writer { choices, scope, above }.write(kind, depth);
        sheet.formulas.push(format!("={formula}"));
    }
    sheet
}

/// Writes one formula.
struct Writer<'c, 'w> {
    choices: &'c mut Choices<'w>,
    scope: Scope,
    /// How many formulas stand above it.
    above: usize,
}

impl Writer<'_, '_> {
    /// A part of a formula, with at most `depth` calls and operators inside each other.
    fn write(&mut self, kind: Kind, depth: usize) -> String {
        match kind {
            _ if self.scope == Scope::Shared && departures::is_narrowed(kind) => self.narrowed(kind),
            Kind::Number => self.number(depth),
            Kind::Condition => self.condition(depth),
            Kind::Text => self.text(depth),
            Kind::Any => self.any(depth),
            Kind::Place => self.special(&PLACES, depth),
            Kind::Position => self.position(depth),
            Kind::Probability => self.special(&PROBABILITIES, depth),
            Kind::Rate => self.special(&RATES, depth),
            Kind::Range => self.range(),
            Kind::Corner => self.range(),
            Kind::Exponent | Kind::NumberKey => self.number(depth),
            Kind::Single => self.beside_ranges(Kind::Number, depth),
            Kind::TextKey => self.text(depth),
            Kind::Line | Kind::Digits => self.special(&PLACES, depth),
            Kind::Numbers | Kind::Flows => self.numbers(depth),
            Kind::Rank => self.special(&PLACES, depth),
            Kind::Guess => self.special(&RATES, depth),
            Kind::Joined => self.joined(depth),
            Kind::Column => self.column(),
            Kind::Criterion => self.criterion(),
            Kind::Ascending => "D1:D6".to_owned(),
            Kind::AscendingTexts => "E1:E6".to_owned(),
            Kind::Table => "D1:E6".to_owned(),
            Kind::Rows => self.choices.pick(&["D1:E6", "A1:D6", "B1:E6", "C1:D6", "E1:E6"]).to_owned(),
            Kind::Mapped => self.mapped(depth),
            Kind::Across => self.choices.pick(&["A1:E1", "B2:E4", "A3:E3"]).to_owned(),
            Kind::OneRow => self.choices.pick(&["A1:E1", "A3:E3"]).to_owned(),
            Kind::Exactly => self.choices.pick(&["0", "FALSE"]).to_owned(),
            Kind::Nearly => self.choices.pick(&["1", "TRUE"]).to_owned(),
            Kind::Missing => String::new(),
        }
    }

    fn call(&mut self, table: &[Signature], depth: usize) -> String {
        let mut signature = self.choices.pick(table);
        while self.scope == Scope::Shared && departures::is_left_out(signature) {
            signature = *table.iter().skip_while(|each| **each != signature).nth(1).unwrap_or(&table[0]);
        }
        let (name, kinds) = signature;
        let arguments: Vec<String> = kinds.iter().map(|kind| self.write(*kind, depth - 1)).collect();
        format!("{name}({})", arguments.join(","))
    }

    /// What is wanted, or once in a while anything.
    fn number(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.choices.below(8) {
                0..4 => self.number_literal(),
                4..7 => self.cell(&['A', 'D', FORMULAS]),
                _ => self.leaf(),
            };
        }
        match self.choices.below(12) {
            0 => self.number(0),
            1..5 => self.call(NUMERIC, depth),
            5..9 => {
                let operator = self.choices.pick(&["+", "-", "*", "/", "^"]);
                let right = if operator == "^" { Kind::Exponent } else { Kind::Number };
                let (left, right) = (self.number(depth - 1), self.write(right, depth - 1));
                format!("({left}{operator}{right})")
            }
            9 => format!("(-{})", self.number(depth - 1)),
            10 => format!("({})%", self.number(depth - 1)),
            _ => self.any(depth - 1),
        }
    }

    fn condition(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.choices.below(6) {
                0..3 => self.choices.pick(&["TRUE", "FALSE"]).to_owned(),
                3..5 => self.cell(&['A', 'C', FORMULAS]),
                _ => self.leaf(),
            };
        }
        match self.choices.below(10) {
            0 => self.condition(0),
            1..5 => self.comparison(depth),
            5..9 => self.call(CONDITIONAL, depth),
            _ => self.any(depth - 1),
        }
    }

    fn comparison(&mut self, depth: usize) -> String {
        let operator = self.choices.pick(&["=", "<>", "<", "<=", ">", ">="]);
        let kind = self.choices.pick(&[Kind::Number, Kind::Number, Kind::Any, Kind::Text]);
        // Numbers that come to the same but for rounding are equal to ironcalc.
        let kind = if self.scope == Scope::Shared && kind != Kind::Text { Kind::NumberKey } else { kind };
        let (left, right) = (self.write(kind, depth - 1), self.write(kind, depth - 1));
        format!("({left}{operator}{right})")
    }

    fn text(&mut self, depth: usize) -> String {
        match self.choices.below(if depth == 0 { 5 } else { 8 }) {
            0..3 => self.text_literal(),
            3 => self.cell(&['B', 'E', FORMULAS]),
            4 => self.leaf(),
            5 | 6 if self.scope == Scope::Shared => {
                format!("({}&{})", self.cell(&['B', 'E']), self.text_literal())
            }
            5 | 6 => format!("({}&{})", self.any(depth - 1), self.text(depth - 1)),
            _ => self.any(depth - 1),
        }
    }

    fn any(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.leaf();
        }
        match self.choices.below(8) {
            0..3 => self.number(depth),
            3 => self.condition(depth),
            4 => self.text(depth),
            _ => self.call(CHOOSING, depth),
        }
    }

    /// A literal or a cell of any kind.
    fn leaf(&mut self) -> String {
        match self.choices.below(12) {
            0..4 => self.number_literal(),
            4..9 => self.cell(&['A', 'B', 'C', 'D', 'E', FORMULAS]),
            9 => self.text_literal(),
            10 => self.choices.pick(&["TRUE", "FALSE"]).to_owned(),
            _ => self.choices.pick(&ERRORS).to_owned(),
        }
    }

    fn number_literal(&mut self) -> String {
        self.choices.pick(&NUMBERS[..self.scope.numbers()]).to_owned()
    }

    fn text_literal(&mut self) -> String {
        format!("\"{}\"", self.choices.pick(&TEXTS[..self.scope.texts()]))
    }

    fn special(&mut self, literals: &[&'static str], depth: usize) -> String {
        if self.choices.one_in(4) { self.number(depth) } else { self.choices.pick(literals).to_owned() }
    }

    /// Never 0, which means a whole row or column: known it is a range, uncertain it is refused.
    fn position(&mut self, depth: usize) -> String {
        match self.choices.below(4) {
            0..2 => self.choices.pick(&["1", "2", "3", "6", "7", "-1", "1.5", "2.9"]).to_owned(),
            2 => format!("MAX(1,{})", self.number(depth)),
            _ => format!("MAX(1,{})", self.cell(&['D'])),
        }
    }

    /// A cell of one of `columns`; in the column of formulas, one above.
    fn cell(&mut self, columns: &[char]) -> String {
        let column = self.choices.pick(columns);
        let row = match (column, self.above) {
            (FORMULAS, 0) => return format!("A{}", self.choices.below(ROWS as usize) + 1),
            (FORMULAS, above) => self.choices.below(above),
            _ => self.choices.below(ROWS as usize),
        };
        format!("{column}{}", row + 1)
    }

    fn numbers(&mut self, depth: usize) -> String {
        match self.choices.below(10) {
            0..7 => self.range(),
            7 => self.beside_ranges(Kind::Number, depth),
            8 => format!("INDEX(A1:D6,MIN(6,MAX(1,{})),0)", self.cell(&['D'])),
            _ => self.array(),
        }
    }

    fn joined(&mut self, depth: usize) -> String {
        if self.choices.one_in(3) { self.numbers(depth) } else { self.beside_ranges(Kind::Condition, depth) }
    }

    /// What stands beside ranges. IF and CHOOSE may give a cell in some trials and a text in others; SUM and AND, which
    /// pass over the text of a cell alone, then see one kind of argument in all trials.
    fn beside_ranges(&mut self, kind: Kind, depth: usize) -> String {
        let written = self.write(kind, depth);
        if written.starts_with("IF(") || written.starts_with("CHOOSE(") { self.range() } else { written }
    }

    /// The part of a kind on which both engines are alike.
    fn narrowed(&mut self, kind: Kind) -> String {
        match kind {
            Kind::Corner => self.cell(&['A', 'B', 'C', 'D', 'E']),
            Kind::Exponent => self.choices.pick(&["2", "0.5", "-1", "3", "0", "(1/3)", "1"]).to_owned(),
            Kind::Rank => self.choices.pick(&["1", "2", "3", "0", "-1", "7"]).to_owned(),
            Kind::Position => self.choices.pick(&["1", "2", "3", "6", "7", "-1", "2.9"]).to_owned(),
            Kind::Line => self.choices.pick(&["1", "2"]).to_owned(),
            Kind::Digits => self.choices.pick(&["1", "2", "4", "12"]).to_owned(),
            Kind::Rate => self.choices.pick(&RATES).to_owned(),
            Kind::Rows => "D1:E6".to_owned(),
            Kind::Flows => "D1:D6".to_owned(),
            Kind::NumberKey if self.choices.one_in(2) => self.cell(&['D']),
            Kind::NumberKey => self.number_literal(),
            Kind::TextKey => {
                self.choices.pick(&["\"a\"", "\"apple\"", "\"PEAR\"", "\"fig\"", "E4"]).to_owned()
            }
            Kind::Guess => self.choices.pick(&["0.1", "0.05", "0.2"]).to_owned(),
            Kind::Single => self.choices.pick(&NUMBERS[..SHARED_NUMBERS]).to_owned(),
            Kind::Joined => {
                let operator = self.choices.pick(&["<", ">=", "="]);
                format!("({}{operator}{})", self.cell(&['D']), self.choices.pick(&["1", "0", "2.5"]))
            }
            _ => self.range(),
        }
    }

    fn array(&mut self) -> String {
        let item = |choices: &mut Choices<'_>| match choices.below(8) {
            0..6 => choices.pick(&NUMBERS).to_owned(),
            6 => choices.pick(&["TRUE", "FALSE"]).to_owned(),
            _ => format!("\"{}\"", choices.pick(&TEXTS)),
        };
        let items: Vec<String> = (0..=self.choices.below(3)).map(|_| item(self.choices)).collect();
        format!("{{{}}}", items.join(self.choices.pick(&[",", ";"])))
    }

    /// A rectangle of constants, or the formulas above.
    fn range(&mut self) -> String {
        if self.above > 0 && self.choices.one_in(4) {
            return format!("{FORMULAS}1:{FORMULAS}{}", self.above);
        }
        let last = COLUMNS.len() - 1;
        let (first, width) = (self.choices.below(last), self.choices.below(3));
        let (top, height) = (self.choices.below(ROWS as usize), self.choices.below(ROWS as usize));
        let bottom = (top + height).min(ROWS as usize - 1);
        format!("{}{}:{}{}", COLUMNS[first], top + 1, COLUMNS[(first + width).min(last)], bottom + 1)
    }

    fn column(&mut self) -> String {
        self.choices.pick(&["A1:A6", "B1:B6", "C1:C6", "D1:D6", "E1:E6", "A1:A6"]).to_owned()
    }

    fn criterion(&mut self) -> String {
        match self.choices.below(6) {
            0..5 => self.choices.pick(&CRITERIA[..self.scope.criteria()]).to_owned(),
            _ if self.scope == Scope::Shared => self.cell(&['A', 'D']),
            _ => self.cell(&['A', 'B', 'C', 'D', 'E']),
        }
    }

    fn mapped(&mut self, depth: usize) -> String {
        let column = self.column();
        let other = if self.choices.one_in(2) { self.column() } else { self.number(depth.min(1)) };
        match self.choices.below(5) {
            0 => format!("({column}>{other})*D1:D6"),
            1 => format!("--({column}={other})"),
            2 => format!("{column}*{other}"),
            3 => format!("IF({column}>{other},D1:D6,A1:A6)"),
            _ => format!("ABS({column})+IFERROR({other},1)"),
        }
    }
}

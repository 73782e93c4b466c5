//! Laws of templates and of the parser, over generated formulas.

use proptest::prelude::*;

use super::outline::{binary_sign, outline, unary_sign};
use super::{BinaryOperator, Dialect, FormulaId, Formulas, UnaryOperator};
use crate::cell::{Position, column_letters};

/// A formula before it is written.
#[derive(Debug, Clone)]
enum Tree {
    Number(u32),
    Text(String),
    Name(&'static str),
    Cell(Coordinates),
    Area(Option<&'static str>, Coordinates, Coordinates),
    Unary(UnaryOperator, Box<Tree>),
    Binary(BinaryOperator, Box<Tree>, Box<Tree>),
    Call(&'static str, Vec<Tree>),
}

/// Row and column: the sign says nothing, `true` makes it absolute.
#[derive(Debug, Clone, Copy)]
struct Coordinates {
    row: (bool, i32),
    column: (bool, i32),
}

impl Coordinates {
    fn written(self, at: Position) -> String {
        let row = if self.row.0 { self.row.1.abs() } else { at.row as i32 + self.row.1 };
        let column = if self.column.0 { self.column.1.abs() } else { at.column as i32 + self.column.1 };
        let dollar = |absolute| if absolute { "$" } else { "" };
        let letters = column_letters(column as u32);
        format!("{}{letters}{}{}", dollar(self.column.0), dollar(self.row.0), row + 1)
    }

    fn outlined(self) -> String {
        let axis = |letter, (absolute, value): (bool, i32)| {
            if absolute { format!("{letter}{}", value.abs()) } else { format!("{letter}[{value}]") }
        };
        axis('R', self.row) + &axis('C', self.column)
    }
}

impl Tree {
    /// How strongly the operator at the top binds.
    fn strength(&self) -> u8 {
        use BinaryOperator::*;
        match self {
            Tree::Unary(UnaryOperator::Percent, _) => 7,
            Tree::Unary(..) => 8,
            Tree::Binary(Power, ..) => 6,
            Tree::Binary(Multiply | Divide, ..) => 5,
            Tree::Binary(Add | Subtract, ..) => 4,
            Tree::Binary(Concatenate, ..) => 3,
            Tree::Binary(..) => 2,
            _ => 9,
        }
    }

    /// The formula in the cell `at`, with as few parentheses as can be.
    fn written(&self, at: Position) -> String {
        let inside = |tree: &Tree, least: u8| {
            if tree.strength() < least { format!("({})", tree.written(at)) } else { tree.written(at) }
        };
        match self {
            Tree::Number(number) => number.to_string(),
            Tree::Text(text) => format!("\"{}\"", text.replace('"', "\"\"")),
            Tree::Name(name) => (*name).to_owned(),
            Tree::Cell(cell) => cell.written(at),
            Tree::Area(sheet, first, last) => {
                let sheet = sheet.map_or(String::new(), |sheet| format!("'{}'!", sheet.replace('\'', "''")));
                format!("{sheet}{}:{}", first.written(at), last.written(at))
            }
            Tree::Unary(UnaryOperator::Percent, operand) => inside(operand, 7) + "%",
            Tree::Unary(operator, operand) => unary_sign(*operator).to_owned() + &inside(operand, 8),
            Tree::Binary(operator, left, right) => {
                // A sign at the right needs no parentheses, however strong the operator.
                let least = if matches!(**right, Tree::Unary(_, _)) { 7 } else { self.strength() + 1 };
                inside(left, self.strength()) + binary_sign(*operator) + &inside(right, least)
            }
            Tree::Call(function, arguments) => {
                let arguments: Vec<String> = arguments.iter().map(|argument| argument.written(at)).collect();
                format!("{function}({})", arguments.join(","))
            }
        }
    }

    fn outlined(&self) -> String {
        match self {
            Tree::Number(number) => number.to_string(),
            Tree::Text(text) => format!("{text:?}"),
            Tree::Name(name) => (*name).to_owned(),
            Tree::Cell(cell) => cell.outlined(),
            Tree::Area(sheet, first, last) => {
                let sheet = sheet.map_or(String::new(), |sheet| format!("{sheet}!"));
                format!("{sheet}{}:{}", first.outlined(), last.outlined())
            }
            Tree::Unary(operator, operand) => format!("({} {})", unary_sign(*operator), operand.outlined()),
            Tree::Binary(operator, left, right) => {
                format!("({} {} {})", binary_sign(*operator), left.outlined(), right.outlined())
            }
            Tree::Call(function, arguments) => {
                let arguments: Vec<String> = arguments.iter().map(Tree::outlined).collect();
                format!("{function}({})", arguments.join(","))
            }
        }
    }
}

fn coordinates() -> impl Strategy<Value = Coordinates> {
    (any::<bool>(), -40..40i32, any::<bool>(), -40..40i32)
        .prop_map(|(a, row, b, column)| Coordinates { row: (a, row), column: (b, column) })
}

fn trees() -> impl Strategy<Value = Tree> {
    use BinaryOperator::*;
    let leaf = prop_oneof![
        any::<u32>().prop_map(Tree::Number),
        "[ -~é]{0,6}".prop_map(Tree::Text),
        prop::sample::select(vec!["rate", "_x", "tax.2024", "R1C1", "A1_b", "é7"]).prop_map(Tree::Name),
        coordinates().prop_map(Tree::Cell),
        (prop::option::of(prop::sample::select(vec!["It's A1", "Q1", "a\"b"])), coordinates(), coordinates())
            .prop_map(|(sheet, first, last)| Tree::Area(sheet, first, last)),
    ];
    let unary = vec![UnaryOperator::Negate, UnaryOperator::Plus, UnaryOperator::Percent];
    let binary = vec![
        Add,
        Subtract,
        Multiply,
        Divide,
        Power,
        Concatenate,
        Equal,
        NotEqual,
        Less,
        LessEqual,
        Greater,
        GreaterEqual,
    ];
    leaf.prop_recursive(5, 24, 3, move |inner| {
        let (unary, binary) = (prop::sample::select(unary.clone()), prop::sample::select(binary.clone()));
        prop_oneof![
            (unary, inner.clone()).prop_map(|(operator, tree)| Tree::Unary(operator, Box::new(tree))),
            (binary, inner.clone(), inner.clone()).prop_map(|(operator, left, right)| Tree::Binary(
                operator,
                Box::new(left),
                Box::new(right)
            )),
            (prop::sample::select(vec!["SUM", "LOG10", "STDEV.S"]), prop::collection::vec(inner, 0..3))
                .prop_map(|(function, arguments)| Tree::Call(function, arguments)),
        ]
    })
}

fn positions() -> impl Strategy<Value = Position> {
    (40..1_000u32, 40..1_000u32).prop_map(|(row, column)| Position { row, column })
}

fn outline_of(formulas: &Formulas, id: FormulaId) -> String {
    outline(&formulas.syntax(id).unwrap_or_else(|error| panic!("{error}")))
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(tree in trees(), at in positions()) {
        let mut formulas = Formulas::default();
        let text = tree.written(at);
        let id = formulas.intern(&text, at);
        prop_assert_eq!(outline_of(&formulas, id), tree.outlined(), "{}", text);
        prop_assert_eq!(formulas.text(id, at), format!("={text}"));
    }

    #[test]
    fn two_cells_share_an_id_just_where_one_is_a_copy_of_the_other(
        one in trees(), other in trees(), here in positions(), there in positions()
    ) {
        let mut formulas = Formulas::default();
        let id = formulas.intern(&one.written(here), here);
        prop_assert_eq!(formulas.intern(&one.written(there), there), id);
        prop_assert_eq!(formulas.text(id, there), format!("={}", one.written(there)));
        let other_id = formulas.intern(&other.written(there), there);
        prop_assert_eq!(other_id == id, one.outlined() == other.outlined());
    }

    #[test]
    fn one_wrong_piece_changes_the_id(tree in trees(), here in positions(), there in positions()) {
        // The same text in another cell is another formula if anything in it moves.
        let mut formulas = Formulas::default();
        let text = tree.written(here);
        let (id, moved) = (formulas.intern(&text, here), formulas.intern(&text, there));
        prop_assert_eq!(id == moved, tree.written(there) == text);
    }

    #[test]
    fn no_text_panics(text in any::<String>(), at in positions()) {
        survives(&text, at);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..60), at in positions()) {
        survives(&String::from_utf8_lossy(&bytes), at);
    }

    #[test]
    fn no_scrap_of_a_formula_panics(
        scraps in prop::collection::vec(prop::sample::select(SCRAPS.to_vec()), 0..16), at in positions()
    ) {
        survives(&scraps.concat(), at);
    }

    #[test]
    fn no_damaged_formula_panics(
        tree in trees(), cut in any::<prop::sample::Index>(), length in 0..4usize,
        scrap in prop::sample::select(SCRAPS.to_vec()), at in positions()
    ) {
        let characters: Vec<char> = tree.written(at).chars().collect();
        let start = cut.index(characters.len() + 1);
        let end = (start + length).min(characters.len());
        let damaged = [&characters[..start], &scrap.chars().collect::<Vec<_>>(), &characters[end..]].concat();
        survives(&damaged.iter().collect::<String>(), at);
    }
}

const SCRAPS: [&str; 52] = [
    "A1",
    "$B$2",
    "XFD1048576",
    "A:C",
    "$1:3",
    "1",
    ".5",
    "1e5",
    "\"x\"",
    "\"",
    "'S t'",
    "'",
    "Sheet1",
    "!",
    "T[",
    "[",
    "]",
    "@",
    "#",
    "#REF!",
    "#N/A",
    "{",
    "}",
    ";",
    ",",
    "(",
    ")",
    "SUM(",
    "_xlfn.",
    "_xlws.",
    "_xlpm.",
    " ",
    "\n",
    ":",
    "+",
    "-",
    "*",
    "/",
    "^",
    "&",
    "=",
    "<",
    ">",
    "<>",
    "%",
    "TRUE",
    "[1]",
    "[@Net]",
    "[[#Totals],[Net]]",
    "é",
    "$",
    "\\",
];

/// Interned, parsed, shown and interned again, whatever it is.
fn survives(text: &str, at: Position) {
    for dialect in [Dialect::Cells, Dialect::Names] {
        let mut formulas = Formulas::with_dialect(dialect);
        let id = formulas.intern(text, at);
        let shown = formulas.text(id, at);
        if let Err(error) = formulas.syntax(id) {
            assert!(
                error.offset < shown.len() && shown.is_char_boundary(error.offset + 1),
                "{text:?}: {error}"
            );
        }
        assert_eq!(formulas.intern(&shown, at), id, "{text:?} shown as {shown:?}");
    }
}

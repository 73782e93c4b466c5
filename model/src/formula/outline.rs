//! Syntax trees as text, for tests to read.

use super::{
    Axis, BinaryOperator, Corner, Formulas, Node, Reference, SheetName, StringId, Syntax, TableRows,
    UnaryOperator,
};
use crate::cell::Position;

/// `A1*(1+$B$2)` in C1 is `(* R[0]C[-2] (+ 1 R1C1))`: operators first, offsets in brackets, the rest from zero.
pub(super) fn outline(syntax: &Syntax) -> String {
    let mut done: Vec<String> = Vec::new();
    for node in &syntax.nodes {
        let line = node_outline(syntax, node, &done);
        done.push(line);
    }
    done.pop().unwrap_or_default()
}

/// Each formula stands in C3 and must have the outline behind it.
pub(super) fn check_in_c3(cases: &[(&str, &str)]) {
    let mut formulas = Formulas::default();
    for (text, expected) in cases {
        let id = formulas.intern(text, Position { row: 2, column: 2 });
        let syntax = formulas.syntax(id).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(outline(&syntax), *expected, "{text}");
    }
}

fn node_outline(syntax: &Syntax, node: &Node, done: &[String]) -> String {
    let string = |id: StringId| syntax.strings[id as usize].as_str();
    let listed = |first: u32, count: u32| -> Vec<&str> {
        let ids = &syntax.children[first as usize..(first + count) as usize];
        ids.iter().map(|id| done[*id as usize].as_str()).collect()
    };
    match *node {
        Node::Number(number) => format!("{number}"),
        Node::Text(id) => format!("{:?}", string(id)),
        Node::Bool(truth) => truth.to_string().to_uppercase(),
        Node::Error(kind) => kind.to_string(),
        Node::Missing => "_".to_owned(),
        Node::Reference(reference) => reference_outline(syntax, &reference),
        Node::Name { sheet, name } => match sheet {
            Some(sheet) => format!("{}!{}", string(sheet), string(name)),
            None => string(name).to_owned(),
        },
        Node::Structured(structured) => {
            let table = structured.table.map_or("", string);
            let columns = match structured.columns {
                None => String::new(),
                Some((first, last)) if first == last => format!(";{}", string(first)),
                Some((first, last)) => format!(";{}:{}", string(first), string(last)),
            };
            format!("{table}[{}{columns}]", rows_outline(structured.rows))
        }
        Node::Unary(operator, operand) => format!("({} {})", unary_sign(operator), done[operand as usize]),
        Node::Binary(operator, left, right) => {
            format!("({} {} {})", binary_sign(operator), done[left as usize], done[right as usize])
        }
        Node::Call { function, first, count } => {
            format!("{}({})", string(function), listed(first, count).join(","))
        }
        Node::Array { first, rows, columns } => {
            let rows: Vec<String> =
                (0..rows).map(|row| listed(first + row * columns, columns).join(",")).collect();
            format!("{{{}}}", rows.join(";"))
        }
    }
}

fn reference_outline(syntax: &Syntax, reference: &Reference) -> String {
    let string = |id: StringId| syntax.strings[id as usize].as_str();
    let sheet = match reference.sheet {
        SheetName::Own => String::new(),
        SheetName::One(id) => format!("{}!", string(id)),
        SheetName::Span(first, last) => format!("{}:{}!", string(first), string(last)),
        SheetName::External(id) => format!("external {}!", string(id)),
    };
    let first = corner_outline(reference.first);
    if reference.single {
        assert_eq!(reference.first, reference.last);
        return format!("{sheet}{first}");
    }
    format!("{sheet}{first}:{}", corner_outline(reference.last))
}

fn corner_outline(corner: Corner) -> String {
    let axis = |letter, axis| match axis {
        Axis::Absolute(index) => format!("{letter}{index}"),
        Axis::Relative(offset) => format!("{letter}[{offset}]"),
        Axis::Edge => String::new(),
    };
    axis('R', corner.row) + &axis('C', corner.column)
}

fn rows_outline(rows: TableRows) -> &'static str {
    match rows {
        TableRows::Data => "data",
        TableRows::All => "all",
        TableRows::Headers => "headers",
        TableRows::Totals => "totals",
        TableRows::ThisRow => "this",
        TableRows::HeadersAndData => "headers+data",
        TableRows::DataAndTotals => "data+totals",
    }
}

pub(super) fn unary_sign(operator: UnaryOperator) -> &'static str {
    match operator {
        UnaryOperator::Plus => "+",
        UnaryOperator::Negate => "-",
        UnaryOperator::Percent => "%",
        UnaryOperator::Intersect => "@",
        UnaryOperator::Spill => "#",
    }
}

pub(super) fn binary_sign(operator: BinaryOperator) -> &'static str {
    match operator {
        BinaryOperator::Add => "+",
        BinaryOperator::Subtract => "-",
        BinaryOperator::Multiply => "*",
        BinaryOperator::Divide => "/",
        BinaryOperator::Power => "^",
        BinaryOperator::Concatenate => "&",
        BinaryOperator::Equal => "=",
        BinaryOperator::NotEqual => "<>",
        BinaryOperator::Less => "<",
        BinaryOperator::LessEqual => "<=",
        BinaryOperator::Greater => ">",
        BinaryOperator::GreaterEqual => ">=",
        BinaryOperator::Range => ":",
        BinaryOperator::Intersection => "^^",
        BinaryOperator::Union => "u",
    }
}

//! The syntax tree of a formula: nodes in an array, children before parents, so that no walk needs recursion.

use crate::value::ErrorKind;

/// The index of a node in [`Syntax::nodes`].
pub type NodeId = u32;

/// A parsed formula, relative to the cell it stands in.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Syntax {
    /// Children before parents; the last is the root.
    pub nodes: Vec<Node>,
    /// Children of calls and array literals.
    pub children: Vec<NodeId>,
    /// Strings of the formula: texts, sheet names, function names, defined names.
    pub strings: Vec<String>,
}

/// An index of [`Syntax::strings`].
pub type StringId = u32;

/// One node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Node {
    /// A number literal.
    Number(f64),
    /// A text literal, quotes removed.
    Text(StringId),
    /// TRUE or FALSE.
    Bool(bool),
    /// An error literal such as `#N/A`.
    Error(ErrorKind),
    /// An argument left out, as in `IF(A1,,2)`.
    Missing,
    /// A reference to a cell or a range.
    Reference(Reference),
    /// A defined name, perhaps with the sheet (or workbook) it is looked up in.
    Name {
        /// `Sheet1!` in front, if any.
        sheet: Option<StringId>,
        /// The name as written.
        name: StringId,
    },
    /// A structured reference such as `Sales[[#Totals],[Net]]` or `[@Net]`.
    Structured(Structured),
    /// A sign or a percent.
    Unary(UnaryOperator, NodeId),
    /// Two operands.
    Binary(BinaryOperator, NodeId, NodeId),
    /// A function call; the name is upper case without `_xlfn.`, `_xlws.` and `_xll.` prefixes.
    Call {
        /// The name.
        function: StringId,
        /// First argument in [`Syntax::children`].
        first: u32,
        /// How many arguments; `F()` has none.
        count: u32,
    },
    /// `{1,2;3,4}`, row by row: literals only (numbers, signed numbers folded, texts, booleans, errors).
    Array {
        /// First element in [`Syntax::children`].
        first: u32,
        /// Rows.
        rows: u32,
        /// Columns.
        columns: u32,
    },
}

/// A reference to a cell or range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reference {
    /// The sheet named in front, if any.
    pub sheet: SheetName,
    /// What is referred to.
    pub first: Corner,
    /// The other corner; equal to `first` for a single cell.
    pub last: Corner,
    /// A single cell (`A1`), not a range (`A1:A1`).
    pub single: bool,
}

/// What stands before the `!` of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SheetName {
    /// Nothing: the formula's own sheet.
    Own,
    /// One sheet.
    One(StringId),
    /// `Sheet1:Sheet3!`, a 3-D reference.
    Span(StringId, StringId),
    /// `[2]Sheet1!`, another workbook; the whole prefix as written.
    External(StringId),
}

/// A corner of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Corner {
    /// Row, or the edge for a whole column (`B:B`).
    pub row: Axis,
    /// Column, or the edge for a whole row (`3:3`).
    pub column: Axis,
}

/// One coordinate of a corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Axis {
    /// `$`: counted from zero.
    Absolute(u32),
    /// Minus the formula's own cell.
    Relative(i32),
    /// The first or last row or column of the sheet, of a whole-column or whole-row reference.
    Edge,
}

/// A structured reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Structured {
    /// The table, or none inside the table itself.
    pub table: Option<StringId>,
    /// Which rows.
    pub rows: TableRows,
    /// Column names (escapes resolved): none (all), one, or a span.
    pub columns: Option<(StringId, StringId)>,
}

/// Which rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TableRows {
    /// The data rows, the default.
    Data,
    /// `#All`.
    All,
    /// `#Headers`.
    Headers,
    /// `#Totals`.
    Totals,
    /// `#This Row` or `@`.
    ThisRow,
    /// `[#Headers],[#Data]`.
    HeadersAndData,
    /// `[#Data],[#Totals]`.
    DataAndTotals,
}

/// Operators with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOperator {
    /// `+a`, which changes nothing, not even a text.
    Plus,
    /// `-a`.
    Negate,
    /// `a%`.
    Percent,
    /// `@a`: implicit intersection (also written `_xlfn.SINGLE(a)`).
    Intersect,
    /// `a#`: the spilled range of a (also written `_xlfn.ANCHORARRAY(a)`).
    Spill,
}

/// Operators with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `^`, left associative, below unary minus: `-2^2` is 4.
    Power,
    /// `&`
    Concatenate,
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `:` between expressions other than plain cells, such as `A1:INDEX(B:B,3)`.
    Range,
    /// A space: the intersection of two references.
    Intersection,
    /// `,` between references in parentheses.
    Union,
}

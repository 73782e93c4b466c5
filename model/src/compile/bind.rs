//! Formulas with their names looked up: sheets, defined names, tables and functions become what they stand for.
//!
//! A formula is bound once for each sheet it stands in, however many cells share it.

use std::rc::Rc;

use super::address::{Address, Directory};
use super::argument::Place;
use super::functions::{self, Function};
use crate::cell::{Area, MAX_COLUMNS, MAX_ROWS, Position};
use crate::formula::{
    Axis, BinaryOperator, Corner, FormulaId, Formulas, Node, Reference, SheetName, StringId, Structured,
    Syntax, TableRows, UnaryOperator,
};
use crate::value::{ErrorKind, Texts, Value};
use crate::workbook::{Table, Workbook};

/// How deep names may stand for formulas with names.
const MAX_NAME_DEPTH: usize = 16;

/// A formula bound in a sheet.
#[derive(Debug)]
pub struct Bound {
    /// Children before parents; the last is the root.
    pub nodes: Vec<BoundNode>,
    /// Children of calls and arrays.
    pub children: Vec<u32>,
    /// For each node, whether it is evaluated for every cell of a range rather than for one.
    pub array_context: Vec<bool>,
    /// Every reference of the formula, those of its names included.
    pub targets: Vec<Target>,
}

/// A node whose names are looked up.
#[derive(Debug, Clone)]
pub enum BoundNode {
    /// A literal.
    Value(Value),
    /// An argument left out.
    Missing,
    /// Cells.
    Target(Target),
    /// A defined name that stands for a formula.
    Formula(Rc<Bound>),
    /// One operand.
    Unary(UnaryOperator, u32),
    /// Two operands.
    Binary(BinaryOperator, u32, u32),
    /// A call.
    Call {
        /// The function.
        function: &'static Function,
        /// First argument in [`Bound::children`].
        first: u32,
        /// How many arguments.
        count: u32,
    },
    /// A rectangle of literals.
    Array {
        /// First element in [`Bound::children`].
        first: u32,
        /// Rows.
        rows: u32,
        /// Columns.
        columns: u32,
    },
    /// What cannot be computed.
    Unsupported(Obstacle),
}

/// Something in a formula that this program cannot compute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The function or construct, in words.
    pub what: String,
    /// Whether it may depend on cells that its formula does not name, so that the value stored in the file is
    /// no substitute even where no input reaches the cells that are named.
    pub sees_unnamed_cells: bool,
}

impl Obstacle {
    fn plain(what: impl Into<String>) -> BoundNode {
        BoundNode::Unsupported(Obstacle { what: what.into(), sees_unnamed_cells: false })
    }

    fn far_seeing(what: impl Into<String>) -> BoundNode {
        BoundNode::Unsupported(Obstacle { what: what.into(), sees_unnamed_cells: true })
    }
}

/// Functions whose value hangs on cells that the formula does not name, or on chance.
const FAR_SEEING: [&str; 8] =
    ["INDIRECT", "OFFSET", "GETPIVOTDATA", "CELL", "RAND", "RANDBETWEEN", "RANDARRAY", "EVALUATE"];

/// The cells of a reference, relative to the formula's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The sheet, or the formula's own.
    pub sheet: Option<u32>,
    /// One corner.
    pub first: Corner,
    /// The other.
    pub last: Corner,
}

impl Target {
    /// The place that a formula in `at` means; `None` where it falls off the sheet.
    pub fn place(&self, at: Address) -> Option<Place> {
        let resolve = |axis: Axis, own: u32, limit: u32, edge: u32| match axis {
            Axis::Absolute(index) => (index < limit).then_some(index),
            // Copies of a formula wrap around the sheet's edges, as in the files that Excel writes.
            Axis::Relative(offset) => {
                Some((i64::from(own) + i64::from(offset)).rem_euclid(i64::from(limit)) as u32)
            }
            Axis::Edge => Some(edge),
        };
        let rows = [
            resolve(self.first.row, at.position.row, MAX_ROWS, 0)?,
            resolve(self.last.row, at.position.row, MAX_ROWS, MAX_ROWS - 1)?,
        ];
        let columns = [
            resolve(self.first.column, at.position.column, MAX_COLUMNS, 0)?,
            resolve(self.last.column, at.position.column, MAX_COLUMNS, MAX_COLUMNS - 1)?,
        ];
        Some(Place {
            sheet: self.sheet.unwrap_or(at.sheet),
            area: Area {
                first: Position { row: rows[0].min(rows[1]), column: columns[0].min(columns[1]) },
                last: Position { row: rows[0].max(rows[1]), column: columns[0].max(columns[1]) },
            },
        })
    }

    fn area(sheet: u32, area: Area) -> Target {
        let corner = |position: Position| Corner {
            row: Axis::Absolute(position.row),
            column: Axis::Absolute(position.column),
        };
        Target { sheet: Some(sheet), first: corner(area.first), last: corner(area.last) }
    }
}

/// Binds formulas and remembers what it bound.
#[derive(Debug, Default)]
pub struct Binder {
    /// By formula: the few sheets it stands in, and whether as an array formula.
    bound: Vec<Vec<(u32, bool, Rc<Bound>)>>,
}

/// What binding looks things up in.
pub struct Scope<'a> {
    /// The workbook, its formulas and texts set apart.
    pub workbook: &'a Workbook,
    /// Its sheets and names.
    pub directory: &'a Directory,
}

impl Binder {
    /// The formula as it stands in cells of `sheet`; `array` where it is an array formula.
    pub fn bind(
        &mut self,
        scope: &Scope<'_>,
        stores: &mut Stores<'_>,
        formula: FormulaId,
        at: Address,
        array: bool,
    ) -> Rc<Bound> {
        let index = formula.0 as usize;
        let known = self.bound.get(index).and_then(|sheets| {
            sheets.iter().find(|(sheet, as_array, _)| *sheet == at.sheet && *as_array == array)
        });
        if let Some((_, _, bound)) = known {
            return Rc::clone(bound);
        }
        let bound = Rc::new(bind_formula(scope, stores, formula, at, array, 0));
        if self.bound.len() <= index {
            self.bound.resize_with(index + 1, Vec::new);
        }
        self.bound[index].push((at.sheet, array, Rc::clone(&bound)));
        bound
    }
}

/// The parts of a workbook that grow while it is bound.
pub struct Stores<'a> {
    /// Distinct formulas; those of defined names are added.
    pub formulas: &'a mut Formulas,
    /// Texts; those of formulas are added.
    pub texts: &'a mut Texts,
}

fn bind_formula(
    scope: &Scope<'_>,
    stores: &mut Stores<'_>,
    formula: FormulaId,
    at: Address,
    array: bool,
    depth: usize,
) -> Bound {
    let syntax = match stores.formulas.syntax(formula) {
        Ok(syntax) => syntax.clone(),
        Err(error) => {
            let nodes = vec![Obstacle::far_seeing(format!("a formula that cannot be read: {error}"))];
            return Bound { nodes, children: Vec::new(), array_context: vec![array], targets: Vec::new() };
        }
    };
    let mut targets = Vec::new();
    let nodes: Vec<BoundNode> = syntax
        .nodes
        .iter()
        .map(|node| bind_node(scope, stores, &syntax, node, at, depth, &mut targets))
        .collect();
    let array_context = array_context(&nodes, &syntax.children, array);
    Bound { nodes, children: syntax.children, array_context, targets }
}

fn bind_node(
    scope: &Scope<'_>,
    stores: &mut Stores<'_>,
    syntax: &Syntax,
    node: &Node,
    at: Address,
    depth: usize,
    targets: &mut Vec<Target>,
) -> BoundNode {
    let string = |id: StringId| syntax.strings[id as usize].as_str();
    let bound = match *node {
        Node::Number(number) => BoundNode::Value(Value::Number(number)),
        Node::Text(id) => BoundNode::Value(Value::Text(stores.texts.intern(string(id)))),
        Node::Bool(truth) => BoundNode::Value(Value::Bool(truth)),
        Node::Error(kind) => BoundNode::Value(Value::Error(kind)),
        Node::Missing => BoundNode::Missing,
        Node::Reference(reference) => bind_reference(scope, syntax, reference),
        Node::Name { sheet, name } => {
            let sheet = sheet.map(string);
            bind_name(scope, stores, sheet, string(name), at, depth, targets)
        }
        Node::Structured(structured) => bind_structured(scope, syntax, structured, at),
        Node::Unary(operator, child) => BoundNode::Unary(operator, child),
        Node::Binary(operator, left, right) => BoundNode::Binary(operator, left, right),
        Node::Call { function, first, count } => bind_call(string(function), first, count),
        Node::Array { first, rows, columns } => BoundNode::Array { first, rows, columns },
    };
    if let BoundNode::Target(target) = bound {
        targets.push(target);
    }
    bound
}

fn bind_call(name: &str, first: u32, count: u32) -> BoundNode {
    match functions::find(name) {
        Some(function) if (function.least..=function.most).contains(&count) => {
            BoundNode::Call { function, first, count }
        }
        Some(function) => {
            Obstacle::plain(format!("{name} with {count} arguments ({})", function.arity_in_words()))
        }
        None if FAR_SEEING.contains(&name) => Obstacle::far_seeing(name),
        None => Obstacle::plain(name),
    }
}

fn bind_reference(scope: &Scope<'_>, syntax: &Syntax, reference: Reference) -> BoundNode {
    let string = |id: StringId| syntax.strings[id as usize].as_str();
    let sheet = match reference.sheet {
        SheetName::Own => None,
        SheetName::One(id) => match scope.directory.sheet(string(id)) {
            Some(sheet) => Some(sheet),
            None => return BoundNode::Value(Value::Error(ErrorKind::Ref)),
        },
        SheetName::Span(first, last) => {
            return Obstacle::far_seeing(format!("3-D reference {}:{}!", string(first), string(last)));
        }
        SheetName::External(id) => {
            return Obstacle::plain(format!("reference to another workbook {}", string(id)));
        }
    };
    BoundNode::Target(Target { sheet, first: reference.first, last: reference.last })
}

fn bind_name(
    scope: &Scope<'_>,
    stores: &mut Stores<'_>,
    sheet: Option<&str>,
    name: &str,
    at: Address,
    depth: usize,
    targets: &mut Vec<Target>,
) -> BoundNode {
    let seen_from = match sheet {
        None => at.sheet,
        Some(external) if external.starts_with('[') => {
            return Obstacle::plain(format!("name {name} of another workbook {external}"));
        }
        Some(sheet) => match scope.directory.sheet(sheet) {
            Some(sheet) => sheet,
            None => return BoundNode::Value(Value::Error(ErrorKind::Ref)),
        },
    };
    let Some(index) = scope.directory.name(name, seen_from) else {
        if let Some(table) = find_table(scope, name) {
            return BoundNode::Target(Target::area(table.sheet, data_rows(table)));
        }
        return Obstacle::far_seeing(format!("unknown name {name}"));
    };
    let defined = &scope.workbook.names[index];
    if let Some(area) = Area::parse(&defined.text) {
        // A JSON model names the cells of its only sheet.
        return BoundNode::Target(Target::area(0, area));
    }
    if depth >= MAX_NAME_DEPTH {
        return Obstacle::far_seeing(format!(
            "name {name}: names stand for each other more than {MAX_NAME_DEPTH} deep"
        ));
    }
    let formula = stores.formulas.intern(&defined.text, Position { row: 0, column: 0 });
    let bound = bind_formula(scope, stores, formula, at, true, depth + 1);
    targets.extend(&bound.targets);
    BoundNode::Formula(Rc::new(bound))
}

fn find_table<'a>(scope: &Scope<'a>, name: &str) -> Option<&'a Table> {
    scope.workbook.tables.iter().find(|table| table.name.eq_ignore_ascii_case(name))
}

/// The table that a reference without a table name means. Files name the table; where one does not, only a sheet
/// with a single table leaves no doubt.
fn only_table<'a>(scope: &Scope<'a>, sheet: u32) -> Option<&'a Table> {
    let mut tables = scope.workbook.tables.iter().filter(|table| table.sheet == sheet);
    let table = tables.next()?;
    tables.next().is_none().then_some(table)
}

fn data_rows(table: &Table) -> Area {
    let mut area = table.area;
    area.first.row = (area.first.row + table.header_rows).min(area.last.row);
    area.last.row = area.last.row.saturating_sub(table.totals_rows).max(area.first.row);
    area
}

fn bind_structured(scope: &Scope<'_>, syntax: &Syntax, structured: Structured, at: Address) -> BoundNode {
    let string = |id: StringId| syntax.strings[id as usize].as_str();
    let table = match structured.table {
        Some(id) => find_table(scope, string(id)),
        None => only_table(scope, at.sheet),
    };
    let Some(table) = table else {
        let name = structured.table.map_or("(this table)", string);
        return Obstacle::far_seeing(format!("unknown table {name}"));
    };
    let mut area = table.area;
    if let Some((first, last)) = structured.columns {
        let place = |name: &str| table.columns.iter().position(|column| column.eq_ignore_ascii_case(name));
        let (Some(first), Some(last)) = (place(string(first)), place(string(last))) else {
            return BoundNode::Value(Value::Error(ErrorKind::Ref));
        };
        area.last.column = table.area.first.column + first.max(last) as u32;
        area.first.column = table.area.first.column + first.min(last) as u32;
    }
    let data = data_rows(table);
    let absent = BoundNode::Value(Value::Error(ErrorKind::Ref));
    let (top, bottom) = match structured.rows {
        TableRows::All => (table.area.first.row, table.area.last.row),
        TableRows::Data => (data.first.row, data.last.row),
        TableRows::HeadersAndData => (table.area.first.row, data.last.row),
        TableRows::DataAndTotals => (data.first.row, table.area.last.row),
        TableRows::Headers if table.header_rows > 0 => (table.area.first.row, table.area.first.row),
        TableRows::Totals if table.totals_rows > 0 => (table.area.last.row, table.area.last.row),
        TableRows::Headers | TableRows::Totals => return absent,
        TableRows::ThisRow => return BoundNode::Target(this_row(table.sheet, area)),
    };
    (area.first.row, area.last.row) = (top, bottom);
    BoundNode::Target(Target::area(table.sheet, area))
}

/// The columns of `area` in the formula's own row.
fn this_row(sheet: u32, area: Area) -> Target {
    let corner = |column: u32| Corner { row: Axis::Relative(0), column: Axis::Absolute(column) };
    Target { sheet: Some(sheet), first: corner(area.first.column), last: corner(area.last.column) }
}

/// Which nodes are evaluated for every cell of their ranges: all under an array formula, and the arguments of
/// functions that take arrays.
fn array_context(nodes: &[BoundNode], children: &[u32], array: bool) -> Vec<bool> {
    let mut context = vec![false; nodes.len()];
    if let Some(root) = context.last_mut() {
        *root = array;
    }
    for index in (0..nodes.len()).rev() {
        let inherited = context[index];
        match &nodes[index] {
            BoundNode::Unary(_, child) => context[*child as usize] = inherited,
            BoundNode::Binary(_, left, right) => {
                context[*left as usize] = inherited;
                context[*right as usize] = inherited;
            }
            BoundNode::Call { function, first, count } => {
                for child in &children[*first as usize..(*first + *count) as usize] {
                    context[*child as usize] = inherited || function.takes_arrays;
                }
            }
            BoundNode::Value(_)
            | BoundNode::Missing
            | BoundNode::Target(_)
            | BoundNode::Formula(_)
            | BoundNode::Array { .. }
            | BoundNode::Unsupported(_) => {}
        }
    }
    context
}

//! Structured references: the cells of a table by the names of its columns.

use super::{BoundNode, Obstacle, Scope, Target};
use crate::cell::Area;
use crate::compile::address::Address;
use crate::formula::{Axis, Corner, StringId, Structured, Syntax, TableRows};
use crate::value::{ErrorKind, Value};
use crate::workbook::Table;

pub(super) fn bind_structured(
    scope: &Scope<'_>,
    syntax: &Syntax,
    structured: Structured,
    at: Address,
) -> BoundNode {
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

pub(super) fn find_table<'a>(scope: &Scope<'a>, name: &str) -> Option<&'a Table> {
    scope.workbook.tables.iter().find(|table| table.name.eq_ignore_ascii_case(name))
}

/// The table that a reference without a table name means. Files name the table; where one does not, only a sheet
/// with a single table leaves no doubt.
fn only_table<'a>(scope: &Scope<'a>, sheet: u32) -> Option<&'a Table> {
    let mut tables = scope.workbook.tables.iter().filter(|table| table.sheet == sheet);
    let table = tables.next()?;
    tables.next().is_none().then_some(table)
}

pub(super) fn data_rows(table: &Table) -> Area {
    let mut area = table.area;
    area.first.row = (area.first.row + table.header_rows).min(area.last.row);
    area.last.row = area.last.row.saturating_sub(table.totals_rows).max(area.first.row);
    area
}

//! References and defined names.

use std::rc::Rc;

use super::table::{data_rows, find_table};
use super::{BoundNode, Obstacle, Scope, Stores, Target, bind_formula};
use crate::cell::{Area, Position};
use crate::compile::address::Address;
use crate::formula::{Reference, SheetName, StringId, Syntax};
use crate::value::{ErrorKind, Value};

/// How deep names may stand for formulas with names.
const MAX_NAME_DEPTH: usize = 16;

pub(super) fn bind_reference(scope: &Scope<'_>, syntax: &Syntax, reference: Reference) -> BoundNode {
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

pub(super) fn bind_name(
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
    if let Some(bound) = stores.names.get(&(index, at.sheet)) {
        targets.extend(&bound.targets);
        return BoundNode::Formula(Rc::clone(bound));
    }
    let formula = stores.formulas.intern(&defined.text, Position { row: 0, column: 0 });
    let bound = Rc::new(bind_formula(scope, stores, formula, at, true, depth + 1));
    targets.extend(&bound.targets);
    stores.names.insert((index, at.sheet), Rc::clone(&bound));
    BoundNode::Formula(bound)
}

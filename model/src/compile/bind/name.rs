//! References and defined names.

use std::collections::HashMap;
use std::rc::Rc;

use super::table::{data_rows, find_table};
use super::{Bound, BoundNode, Obstacle, Scope, Stores, Target, bind_formula};
use crate::cell::{Area, Position};
use crate::compile::address::Address;
use crate::formula::{Reference, SheetName, StringId, Syntax};
use crate::value::{ErrorKind, Value};

/// How deep names may stand for formulas with names.
const MAX_NAME_DEPTH: usize = 16;
/// Parts of the formulas of all names that are used, and references that they bring into formulas, counted each time:
/// names of names of many references would multiply.
const MAX_SIZE_OF_NAMES: usize = 1_000_000;

/// Names whose formulas are bound.
#[derive(Debug, Default)]
pub(super) struct BoundNames {
    /// By the name's index and the sheet in which it is used. `None` while it is being bound.
    bound: HashMap<(usize, u32), Option<Rc<Bound>>>,
    depth: usize,
    size: usize,
}

/// A name in a formula.
#[derive(Debug, Clone, Copy)]
pub(super) struct NameUse<'n> {
    /// The sheet written before it.
    pub sheet: Option<&'n str>,
    /// The name.
    pub name: &'n str,
    /// Where the formula stands.
    pub at: Address,
}

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
    names: &mut BoundNames,
    used: NameUse<'_>,
    targets: &mut Vec<Target>,
) -> BoundNode {
    let NameUse { sheet, name, at } = used;
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
    let bound = match bind_defined(scope, stores, names, index, at) {
        Ok(bound) => bound,
        Err(reason) => return Obstacle::far_seeing(format!("name {name}: {reason}")),
    };
    names.size += bound.targets.len();
    if names.size > MAX_SIZE_OF_NAMES {
        return Obstacle::far_seeing(format!("name {name}: the names of the workbook stand for too much"));
    }
    targets.extend(&bound.targets);
    BoundNode::Formula(bound)
}

/// The formula that a defined name stands for, bound once for each sheet.
fn bind_defined(
    scope: &Scope<'_>,
    stores: &mut Stores<'_>,
    names: &mut BoundNames,
    index: usize,
    at: Address,
) -> Result<Rc<Bound>, String> {
    match names.bound.get(&(index, at.sheet)) {
        Some(Some(bound)) => return Ok(Rc::clone(bound)),
        Some(None) => return Err("names stand for each other in a circle".to_owned()),
        None if names.depth >= MAX_NAME_DEPTH => {
            return Err(format!("names stand for each other more than {MAX_NAME_DEPTH} deep"));
        }
        None if names.size > MAX_SIZE_OF_NAMES => {
            return Err("the names of the workbook stand for too much".to_owned());
        }
        None => {}
    }
    names.bound.insert((index, at.sheet), None);
    names.depth += 1;
    let text = &scope.workbook.names[index].text;
    let formula = stores.formulas.intern(text, Position { row: 0, column: 0 });
    let bound = Rc::new(bind_formula(scope, stores, names, formula, at, true));
    names.depth -= 1;
    names.size += bound.nodes.len();
    names.bound.insert((index, at.sheet), Some(Rc::clone(&bound)));
    Ok(bound)
}

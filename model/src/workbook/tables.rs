//! `xl/tables/*.xml`: what structured references refer to.

use super::Table;
use super::error::{ReadError, excerpt};
use super::escapes::unescape;
use super::xml::Events;
use crate::cell::Area;

/// Longer names (255 characters) are no honest ones.
const NAME_BYTES: usize = 4_096;

/// Reads the table of the sheet with index `sheet`; at most `columns_left` columns may still come, of
/// `columns_limit` in all tables.
pub(super) fn read(
    events: &mut Events<'_>,
    sheet: u32,
    columns_left: u64,
    columns_limit: u64,
) -> Result<Table, ReadError> {
    events.expect_root("table")?;
    let name = match events.attribute("displayName")? {
        Some(name) => name,
        None => events.attribute("name")?.ok_or_else(|| events.damaged("the table has no name"))?,
    };
    let area = events.attribute("ref")?.unwrap_or_default();
    let area = Area::parse(&area)
        .ok_or_else(|| events.damaged(format!("the table covers {:?}, which is no area", excerpt(&area))))?;
    let header_rows = rows(events, "headerRowCount", 1)?;
    let totals_rows = rows(events, "totalsRowCount", 0)?;
    if header_rows + totals_rows > area.rows() {
        return Err(events.damaged("the table has more headers and totals than rows"));
    }
    let name = bounded(events, unescape(&name).into_owned())?;
    let mut columns = Vec::new();
    while events.next_child()? {
        if events.name() != "tableColumns" {
            events.skip()?;
            continue;
        }
        while events.next_child()? {
            if events.name() == "tableColumn" {
                if columns.len() as u64 >= columns_left {
                    return Err(events.too_large("table columns", columns_limit));
                }
                let column = events.attribute("name")?.unwrap_or_default();
                columns.push(bounded(events, unescape(&column).into_owned())?);
            }
            events.skip()?;
        }
    }
    if columns.len() as u64 != u64::from(area.columns()) {
        let (named, wide) = (columns.len(), area.columns());
        return Err(events.damaged(format!("the table names {named} columns and is {wide} wide")));
    }
    Ok(Table { name, sheet, area, header_rows, totals_rows, columns })
}

fn rows(events: &Events<'_>, attribute: &str, default: u32) -> Result<u32, ReadError> {
    match events.attribute(attribute)?.as_deref() {
        None => Ok(default),
        Some("0") => Ok(0),
        Some("1") => Ok(1),
        Some(other) => Err(events.damaged(format!("the table has {attribute} {:?}", excerpt(other)))),
    }
}

fn bounded(events: &Events<'_>, name: String) -> Result<String, ReadError> {
    match name.len() <= NAME_BYTES {
        true => Ok(name),
        false => Err(events.damaged("the table has an overlong name")),
    }
}

//! How the parts of a package refer to each other.

use std::collections::HashMap;

use super::error::{ReadError, excerpt};
use super::limits::Limits;
use super::xml::Events;

/// A longer name is no honest part.
const TARGET_BYTES: usize = 1_024;

/// What a part refers to.
#[derive(Debug, Default)]
pub(super) struct Relationships {
    by_id: HashMap<String, Relationship>,
}

/// A reference from one part to another.
#[derive(Debug)]
pub(super) struct Relationship {
    /// The last step of its type's address, such as `worksheet`.
    pub kind: String,
    /// The part's name in the package, or an address outside of it.
    pub target: String,
    /// The target is outside of the package.
    pub external: bool,
}

impl Relationships {
    /// The part that is called `id`.
    pub fn part(&self, id: &str) -> Option<&Relationship> {
        self.by_id.get(id).filter(|found| !found.external)
    }

    /// The name of a part of this kind.
    pub fn target_of_kind(&self, kind: &str) -> Option<&str> {
        let found = self.by_id.values().find(|found| found.kind == kind && !found.external);
        found.map(|found| found.target.as_str())
    }

    /// How many are of this kind.
    pub fn count_of_kind(&self, kind: &str) -> usize {
        self.by_id.values().filter(|found| found.kind == kind).count()
    }
}

/// The part that holds the relationships of the part `name`.
pub(super) fn part_of(name: &str) -> String {
    match name.rsplit_once('/') {
        Some((folder, file)) => format!("{folder}/_rels/{file}.rels"),
        None => format!("_rels/{name}.rels"),
    }
}

/// Reads the relationships of the part `name`.
pub(super) fn read(events: &mut Events<'_>, name: &str, limits: &Limits) -> Result<Relationships, ReadError> {
    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut found = Relationships::default();
    events.expect_root("Relationships")?;
    while events.next_child()? {
        if events.name() == "Relationship" {
            if found.by_id.len() as u64 >= limits.relationships {
                return Err(events.too_large("relationships", limits.relationships));
            }
            let (id, relationship) = relationship(events, folder)?;
            found.by_id.insert(id, relationship);
        }
        events.skip()?;
    }
    Ok(found)
}

fn relationship(events: &Events<'_>, folder: &str) -> Result<(String, Relationship), ReadError> {
    let required = |name: &str| -> Result<String, ReadError> {
        let value = events.attribute(name)?;
        let value = value.ok_or_else(|| events.damaged(format!("a relationship has no {name}")))?;
        match value.len() <= TARGET_BYTES {
            true => Ok(value),
            false => Err(events.damaged(format!("a relationship has an overlong {name}"))),
        }
    };
    let external = events.attribute("TargetMode")?.is_some_and(|mode| mode == "External");
    let target = required("Target")?;
    let target = match external {
        true => target,
        false => resolve(folder, &target)
            .ok_or_else(|| events.damaged(format!("it refers to {:?}", excerpt(&target))))?,
    };
    let kind = required("Type")?;
    let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
    Ok((required("Id")?, Relationship { kind, target, external }))
}

/// The name of the part that `target` means, said by a part in `folder`; `None` where it leaves the package.
fn resolve(folder: &str, target: &str) -> Option<String> {
    let target = target.replace('\\', "/");
    let mut steps: Vec<&str> = match target.starts_with('/') {
        true => Vec::new(),
        false => folder.split('/').filter(|step| !step.is_empty()).collect(),
    };
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                steps.pop()?;
            }
            step => steps.push(step),
        }
    }
    Some(steps.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_relative_to_the_folder_of_the_part() {
        assert_eq!(resolve("xl", "worksheets/sheet1.xml").as_deref(), Some("xl/worksheets/sheet1.xml"));
        assert_eq!(resolve("xl/worksheets", "../tables/table1.xml").as_deref(), Some("xl/tables/table1.xml"));
        assert_eq!(resolve("xl", "/xl/styles.xml").as_deref(), Some("xl/styles.xml"));
        assert_eq!(resolve("xl", "../../etc/passwd"), None);
    }

    #[test]
    fn relationships_of_a_part_lie_beside_it() {
        assert_eq!(part_of("xl/worksheets/sheet1.xml"), "xl/worksheets/_rels/sheet1.xml.rels");
        assert_eq!(part_of(""), "_rels/.rels");
    }
}

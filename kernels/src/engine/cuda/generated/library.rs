//! The functions that generated code calls, and what of them one kernel takes along.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// `cuda/functions.cu`, compiled: a head, then tables and functions.
pub const FUNCTIONS: &str = include_str!("../../../../cuda/functions.ptx");

/// What a line begins with that begins a declaration.
const BEGINNINGS: [&str; 3] = [".visible .func", ".func", ".global"];

/// The library as its head and its declarations, in their order.
#[derive(Debug)]
pub(super) struct Library {
    head: &'static str,
    declarations: Vec<Declaration>,
    /// Their places.
    by_name: BTreeMap<&'static str, Vec<usize>>,
}

/// The text of a table or a function, or that there is such a function.
#[derive(Debug)]
struct Declaration(&'static str);

impl Library {
    fn read() -> Library {
        let starts: Vec<usize> = line_starts(FUNCTIONS)
            .filter(|start| BEGINNINGS.iter().any(|beginning| FUNCTIONS[*start..].starts_with(beginning)))
            .collect();
        let ends = starts.iter().skip(1).copied().chain([FUNCTIONS.len()]);
        let texts = starts.iter().zip(ends).map(|(start, end)| &FUNCTIONS[*start..end]);
        // A comment behind each announces the next.
        let texts = texts.map(|text| text.split_once("\t// .globl").map_or(text, |(text, _)| text));
        let declarations: Vec<Declaration> = texts.map(Declaration).collect();
        // A function may be declared before it is defined.
        let mut by_name: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (place, declaration) in declarations.iter().enumerate() {
            by_name.entry(name_of(declaration.0)).or_default().push(place);
        }
        let head = &FUNCTIONS[..starts.first().copied().unwrap_or(FUNCTIONS.len())];
        Library { head, declarations, by_name }
    }

    /// The one there is, read when it is first asked for.
    pub(super) fn get() -> &'static Library {
        static LIBRARY: LazyLock<Library> = LazyLock::new(Library::read);
        &LIBRARY
    }

    /// The text of a function.
    ///
    /// # Panics
    /// If there is none of this name.
    pub(super) fn definition(&self, name: &str) -> &'static str {
        let places = self.by_name.get(name).and_then(|places| places.last());
        self.declarations[*places.expect("the library has what is called")].0
    }

    /// The head, and as much else as the kernel needs, directly or not.
    pub(super) fn needed_by(&self, kernel: &str) -> String {
        let mut needed = BTreeSet::new();
        let mut unread = vec![kernel];
        while let Some(text) = unread.pop() {
            for place in words(text).filter_map(|word| self.by_name.get(word)).flatten() {
                if needed.insert(*place) {
                    unread.push(self.declarations[*place].0);
                }
            }
        }
        let mut all = self.head.to_owned();
        for place in needed {
            // Nobody else calls them: the assembler may put them in place and leave them out.
            let text = self.declarations[place].0;
            all.push_str(text.strip_prefix(".visible ").unwrap_or(text));
        }
        all
    }
}

fn line_starts(text: &str) -> impl Iterator<Item = usize> {
    [0].into_iter().chain(text.match_indices('\n').map(|(end, _)| end + 1))
}

/// What a declaration declares: the first word that is no directive, nor of what a function returns.
fn name_of(text: &'static str) -> &'static str {
    let line = text.lines().next().unwrap_or(text);
    let named = line.split_once(") ").filter(|_| line.contains(".func  (")).map_or(line, |(_, named)| named);
    let mut name = named.split([' ', '(', '[', ';']).filter(|word| !word.is_empty());
    name.find(|word| !word.starts_with('.') && word.parse::<u32>().is_err()).unwrap_or(line)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && !['_', '$'].contains(&letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_takes_along_what_it_calls_and_what_that_needs_and_nothing_else() {
        let library = Library::get();
        let exp = library.needed_by("call (%f1), fermiac_exp, (%words, %f0);");
        assert!(exp.contains("\n.func  (.param .b64 func_retval0) fermiac_exp("), "{exp}");
        assert_eq!(exp.matches("\n.func").count(), 1, "{exp}");
        assert!(!exp.contains(".global"), "{exp}");
        let round = library.needed_by("call (%f1), fermiac_round, (%words, %f0, %f0);");
        assert!(round.contains("rounded_at") && round.contains(" POWERS_OF_TEN["), "{round}");
        assert!(library.needed_by("").lines().all(|line| !line.starts_with(".func")));
    }
}

//! The README names every function that there is, and no other.

#[test]
fn the_readme_names_every_function_and_no_other() {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("\n## Functions\n").expect("the README has a chapter on functions");
    let (chapter, _) = rest.split_once("\n## ").expect("a chapter follows");
    let is_name = |word: &&str| {
        word.len() > 1
            && word.starts_with(|first: char| first.is_ascii_uppercase())
            && word.chars().all(|each| each.is_ascii_uppercase() || each.is_ascii_digit() || each == '.')
    };
    let words = chapter.split(|each: char| !each.is_ascii_alphanumeric() && each != '.' && each != '_');
    let mut named: Vec<&str> = words.filter(is_name).collect();
    named.sort_unstable();
    named.dedup();
    // A file name in capitals, not a function.
    named.retain(|name| *name != "ARCHITECTURE.");
    assert_eq!(named, fermiac_model::compile::function_names());
}

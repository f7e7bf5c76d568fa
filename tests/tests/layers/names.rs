//! No two types of one name in one folder of the server: whoever reads there need not ask
//! which is meant.

use std::collections::BTreeMap;

use super::order::{Sources, sample, sources};

/// Names that each file may have one of, as callers qualify them: `tls::Error`.
const OF_EACH_FILE: &[&str] = &["Error"];

#[test]
fn no_folder_of_the_server_has_two_types_of_one_name() {
    let sources = sources("server");
    let count = types(&sources).len();
    assert!(count > 500, "only {count} types were found");
    let twice = twice(&sources);
    assert!(twice.is_empty(), "{twice:#?}");
}

#[test]
fn a_second_type_of_one_name_is_found() {
    let one = ("http/a", "pub(crate) struct Wanted;\n\nenum Error {}");
    for (other, want) in [
        (("http/b/c", "trait Wanted {}"), 1),
        (("http/b/c", "type Wanted = u8;"), 1),
        (("http/b/c", "impl Wanted {\n    type Wanted = u8;\n}"), 0),
        (("http/b/c", "pub enum Error {}"), 0),
        (("app/b", "struct Wanted<T>(T);"), 0),
    ] {
        let found = twice(&sample(&[one, other]));
        assert_eq!(found.len(), want, "{other:?}: {found:?}");
    }
}

/// Returns `folder: name` with its files, for each name that a folder has twice.
fn twice(sources: &Sources) -> BTreeMap<String, Vec<String>> {
    let mut by_name: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (folder, name, file) in types(sources) {
        if !OF_EACH_FILE.contains(&name.as_str()) {
            by_name
                .entry(format!("{folder}: {name}"))
                .or_default()
                .push(file);
        }
    }
    by_name.retain(|_, files| files.len() > 1);
    by_name
}

/// Returns folder, name and file of each type that is not part of another item.
fn types(sources: &Sources) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for (module, code) in sources {
        for line in code.lines() {
            let words = line.split_inclusive(' ').map(str::trim_end);
            let mut words = words.skip_while(|word| word.starts_with("pub"));
            let is_type = |word| ["struct", "enum", "trait", "type", "union"].contains(&word);
            if words.next().is_some_and(is_type)
                && let Some(rest) = words.next()
            {
                let is_letter = |letter: &char| letter.is_alphanumeric() || *letter == '_';
                let name = rest.chars().take_while(is_letter).collect();
                found.push((module[0].clone(), name, module.join("/")));
            }
        }
    }
    found
}

//! The order of the folders of the server and of the verifier: each knows those above it
//! in its table, and none below. Inside a folder the files beside each other know each
//! other in one direction only.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use testkit::environment::checkout;

/// The order inside one crate.
struct Order {
    /// The crate's folder.
    of: &'static str,
    /// The folders (and single files) directly under its `src`, top of the table first:
    /// what nobody may know anything of comes last.
    folders: &'static [&'static str],
    /// There are at least as many files, or the wrong folder was read.
    files_min: usize,
}

const SERVER: Order = Order {
    of: "server",
    folders: &[
        "args",
        "config",
        "flight",
        "standing",
        "metrics",
        "output",
        "progress",
        "step",
        "systemd",
        "telemetry",
        "blocking",
        "serve",
        "store",
        "evidence",
        "ledger",
        "journal",
        "data",
        "shelf",
        "source",
        "ask",
        "own",
        "sumdb",
        "witness",
        "modules",
        "maintain",
        "bundle",
        "http",
        "app",
        "command",
    ],
    files_min: 150,
};

const VERIFIER: Order = Order {
    of: "verifier",
    folders: &[
        "durable",
        "exit",
        "opening",
        "progress",
        "schemas",
        "host",
        "input",
        "image",
        "container",
        "dwarf",
        "goinfo",
        "artifact",
        "recipe",
        "diff",
        "hashlog",
        "mask",
        "members",
        "cause",
        "linkflags",
        "fix",
        "cluster",
        "compare",
        "args",
        "report",
        "manual",
        "output",
        "lint",
        "toolchain",
        "gocache",
        "cacheprog",
        "rebuild",
        "key",
        "observe",
        "matrix",
        "reproduce",
        "attest",
        "doctor",
        "config",
    ],
    files_min: 300,
};

const ORDERS: [Order; 2] = [SERVER, VERIFIER];

/// A module's place below a crate's `src`: `["http", "refusal"]`.
pub(super) type Module = Vec<String>;

/// Modules and their code without comments and tests.
pub(super) type Sources = BTreeMap<Module, String>;

#[test]
fn folders_know_only_those_above_them_in_the_table() {
    for order in ORDERS {
        let sources = sources(order.of);
        assert!(sources.len() > order.files_min, "only {}", sources.len());
        let faults = faults_of_order(&order, &sources);
        assert!(faults.is_empty(), "{}: {}", order.of, faults.join("\n"));
    }
}

#[test]
fn every_folder_is_in_the_table_and_the_crate_lists_them_in_its_order() {
    for order in ORDERS {
        let sources = sources(order.of);
        let folders: BTreeSet<_> = sources.keys().map(|module| module[0].as_str()).collect();
        let table: BTreeSet<_> = order.folders.iter().copied().collect();
        assert_eq!(folders, table);
        let lib = checkout().join(order.of).join("src/lib.rs");
        let text = std::fs::read_to_string(lib).unwrap();
        let listed: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_suffix(';')?.rsplit_once("mod "))
            .map(|(_, name)| name)
            .collect();
        assert_eq!(listed, order.folders, "{}", order.of);
    }
}

#[test]
fn files_beside_each_other_know_each_other_in_one_direction() {
    for order in ORDERS {
        let circles = circles(&sources(order.of));
        assert!(circles.is_empty(), "{}: {circles:?}", order.of);
    }
}

#[test]
fn a_line_against_the_order_is_found_however_it_is_written() {
    for line in [
        "use crate::http::refusal::Refusal;",
        "use crate::{blocking, http};",
        "use crate::{\n    blocking,\n    http::refusal::{Refusal},\n};",
        "pub(crate) use crate::modules;",
        "let x = crate::app::build();",
        "use super::super::http::Site;",
        "use super::super::{http::Site, blocking};",
    ] {
        let faults = faults_of_order(&SERVER, &sample(&[("store/local", line)]));
        assert_eq!(faults.len(), 1, "{line}: {faults:?}");
    }
    let unknown = faults_of_order(
        &SERVER,
        &sample(&[("util", ""), ("http", "use crate::util;")]),
    );
    assert_eq!(unknown.len(), 1, "{unknown:?}");
}

#[test]
fn lines_within_the_order_are_not_complained_of() {
    for line in [
        "use crate::blocking;\nuse crate::store::Key;\nuse super::content::Content;",
        "// use crate::http;",
        "/// See [`crate::http`].",
        "#[cfg(test)]\nmod tests {\n    use crate::http::Site;\n}",
        "#[cfg(test)]\nuse crate::http::Site;\nuse crate::blocking;",
        "use http::StatusCode;",
    ] {
        let sources = sample(&[("store/local", line), ("store/content", "")]);
        let faults = faults_of_order(&SERVER, &sources);
        assert!(faults.is_empty(), "{line}: {faults:?}");
    }
}

#[test]
fn what_follows_a_test_item_is_still_read() {
    let text = "#[cfg(test)]\nmod tests;\n#[cfg(test)]\nfn f() { if a { b } }\nuse crate::http;";
    assert_eq!(
        faults_of_order(&SERVER, &sample(&[("store", text)])).len(),
        1
    );
}

#[test]
fn a_circle_of_files_is_found() {
    let one_way = [
        ("http/a", "use super::b::B;"),
        ("http/b", "use super::c::C;"),
        ("http/c", ""),
        ("http", "mod a;"),
    ];
    assert!(circles(&sample(&one_way)).is_empty());
    for back in ["use super::a;", "use crate::http::a::A;", "super::a::go()"] {
        let mut files = one_way;
        files[2].1 = back;
        let found = circles(&sample(&files));
        let http: Vec<_> = found["http"].iter().map(String::as_str).collect();
        assert_eq!(http, ["a", "b", "c"], "{back}");
    }
}

/// Returns what is known of modules further down, or not in the table.
fn faults_of_order(order: &Order, sources: &Sources) -> Vec<String> {
    let place = |name: &str| order.folders.iter().position(|other| *other == name);
    let mut faults = BTreeSet::new();
    for (from, to) in known(sources, |_| true) {
        let is_below = match (place(&from[0]), place(&to[0])) {
            (Some(from), Some(to)) => to > from,
            _ => true,
        };
        if from[0] != to[0] && is_below {
            faults.insert(format!("{} knows {}", from.join("/"), to[0]));
        }
    }
    faults.into_iter().collect()
}

/// Returns by folder the files in it that know themselves through others beside them.
fn circles(sources: &Sources) -> BTreeMap<String, BTreeSet<String>> {
    let mut beside: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for (from, to) in known(sources, |path| sources.contains_key(path)) {
        let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
        // A folder and the files in it are not neighbours.
        if common > 0 && common < from.len() && common < to.len() {
            let pair = (from[common].clone(), to[common].clone());
            beside
                .entry(from[..common].join("/"))
                .or_default()
                .insert(pair);
        }
    }
    let mut found = BTreeMap::new();
    for (folder, pairs) in beside {
        let names = pairs.iter().map(|(from, _)| from);
        let circle: BTreeSet<_> = names
            .filter(|name| reached(name, &pairs).contains(name.as_str()))
            .cloned()
            .collect();
        if !circle.is_empty() {
            found.insert(folder, circle);
        }
    }
    found
}

fn reached<'a>(from: &'a str, pairs: &'a BTreeSet<(String, String)>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(name) = waiting.pop() {
        for (_, to) in pairs.iter().filter(|(from, _)| from == name) {
            if reached.insert(to.as_str()) {
                waiting.push(to);
            }
        }
    }
    reached
}

/// Returns who knows whom: each path that begins with `crate` or `super`, down to the
/// last part for which `is_module` holds.
fn known(sources: &Sources, is_module: impl Fn(&Module) -> bool) -> Vec<(Module, Module)> {
    let mut pairs = Vec::new();
    for (module, code) in sources {
        for mut path in paths(module, code) {
            while path.len() > 1 && !is_module(&path) {
                path.pop();
            }
            if !path.is_empty() && path != *module {
                pairs.push((module.clone(), path));
            }
        }
    }
    pairs
}

/// Returns the paths in a module's code from the root of the crate on.
fn paths(module: &Module, code: &str) -> Vec<Module> {
    let mut found = Vec::new();
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let starts = code
        .match_indices("crate")
        .chain(code.match_indices("super"));
    for (at, keyword) in starts {
        let before = &code[..at];
        let rest = &code[at + keyword.len()..];
        // `pub(crate)`, and the second part of `super::super`.
        let is_inside = before.ends_with(is_word) || before.ends_with("::");
        if is_inside || !rest.starts_with("::") {
            continue;
        }
        let mut base = match keyword {
            "crate" => Vec::new(),
            _ => module[..module.len() - 1].to_vec(),
        };
        let mut rest = &rest[2..];
        while let Some(further) = rest.strip_prefix("super::") {
            base.pop();
            rest = further;
        }
        tree(&base, rest, &mut found);
    }
    found
}

/// Reads `a::{b, c::d}` and adds each path in it, below `base`. Returns how much of the
/// text that was.
fn tree(base: &Module, text: &str, found: &mut Vec<Module>) -> usize {
    let mut path = base.clone();
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let word: String = text[at..]
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
            .collect();
        at += word.len();
        if !word.is_empty() {
            if word != "self" {
                path.push(word);
            }
            if text[at..].starts_with("::") {
                at += 2;
                continue;
            }
        } else if text[at..].starts_with('{') {
            at += 1;
            while let Some(letter) = text[at..].chars().next() {
                match letter {
                    '}' => return at + 1,
                    ',' => at += 1,
                    letter if letter.is_whitespace() => at += letter.len_utf8(),
                    _ => at += tree(&path, &text[at..], found).max(1),
                }
            }
        }
        found.push(path);
        return at;
    }
}

/// Reads the sources of a crate, tests left out.
pub(super) fn sources(of: &str) -> Sources {
    let folder = checkout().join(of).join("src");
    let mut sources = Sources::new();
    for file in crate::rust_files(&folder) {
        let module = module(file.strip_prefix(&folder).unwrap());
        let is_tests = module.iter().any(|part| part == "tests");
        if !is_tests && !["lib", "main"].contains(&module[0].as_str()) {
            let text = std::fs::read_to_string(&file).unwrap();
            sources.insert(module, without_tests(&without_comments(&text)));
        }
    }
    sources
}

fn module(path: &Path) -> Module {
    let path = path.with_extension("");
    let parts = path.iter().map(|part| part.to_str().unwrap().to_owned());
    parts.collect()
}

pub(super) fn sample(files: &[(&str, &str)]) -> Sources {
    let files = files.iter().map(|(name, text)| {
        let code = without_tests(&without_comments(text));
        (module(Path::new(name)), code)
    });
    files.collect()
}

fn without_comments(text: &str) -> String {
    let code = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    text.lines().map(code).collect::<Vec<_>>().join("\n")
}

/// Leaves out each item behind `#[cfg(test)]`: up to its `;` or `,`, or its last brace.
fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut kept = String::new();
    let mut rest = code;
    while let Some((before, item)) = rest.split_once(MARK) {
        kept.push_str(before);
        let mut depth = 0_usize;
        let mut end = item.len();
        for (at, letter) in item.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                ';' | ',' if depth == 0 => {}
                _ => continue,
            }
            if depth == 0 {
                end = at + 1;
                break;
            }
        }
        rest = &item[end..];
    }
    kept.push_str(rest);
    kept
}

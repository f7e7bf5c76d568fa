//! The lines of a preimage, by what they are about.
//!
//! Source: cmd/go/internal/work/exec.go buildActionID, linkActionID,
//! printLinkerConfig

use std::collections::BTreeMap;

use super::Block;

/// What a line is about. Two preimages are compared key by key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The kind of line: `file`, `import`, `packagefile`, `CC`, `GOAMD64`, …;
    /// [`GO_COMMAND`] for the go command's version.
    pub word: String,
    /// Of what: a file's name, an import path; mostly empty.
    pub subject: String,
}

/// The word of a preimage's first line, the version of the go command.
pub const GO_COMMAND: &str = "go command";

/// The line that names an imported package and its content.
pub const IMPORT: &str = "import";

/// The line of a link that names a package and its content.
pub const PACKAGE_FILE: &str = "packagefile";

/// The line of a link that names package main's whole build ID.
pub const PACKAGE_MAIN: &str = "packagemain";

/// One key at which two preimages differ, with the whole lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What the lines are about.
    pub key: Key,
    /// The first preimage's line; `None` when it has none.
    pub a: Option<String>,
    /// The second one's.
    pub b: Option<String>,
}

/// Returns the keys at which two preimages differ, in order.
pub fn differences(a: &Block, b: &Block) -> Vec<Difference> {
    let (a, b) = (lines(a), lines(b));
    let mut keys: Vec<&Key> = a.keys().chain(b.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter()
        .filter(|key| a.get(*key) != b.get(*key))
        .map(|key| Difference {
            key: key.clone(),
            a: a.get(key).cloned(),
            b: b.get(key).cloned(),
        })
        .collect()
}

/// Returns the lines of a preimage by key, without line ends. Where a key comes
/// twice, the lines stand together.
pub fn lines(block: &Block) -> BTreeMap<Key, String> {
    let mut lines: BTreeMap<Key, String> = BTreeMap::new();
    for (index, line) in block.lines.iter().enumerate() {
        let text = line.strip_suffix('\n').unwrap_or(line);
        let key = if index == 0 {
            Key::new(GO_COMMAND, "")
        } else {
            Key::of(text)
        };
        lines
            .entry(key)
            .and_modify(|known| {
                known.push('\n');
                known.push_str(text);
            })
            .or_insert_with(|| text.to_owned());
    }
    lines
}

impl Key {
    fn new(word: &str, subject: &str) -> Self {
        Self {
            word: word.to_owned(),
            subject: subject.to_owned(),
        }
    }

    /// Tells what a line is about.
    fn of(line: &str) -> Self {
        let Some((word, rest)) = line.split_once(' ') else {
            // CC=["gcc"] without flags has no space; GOAMD64=v1 neither.
            let word = line.split_once('=').map_or(line, |(word, _)| word);
            return Self::new(word, if word == line { BARE } else { "" });
        };
        match word {
            // File names may hold spaces; hashes do not.
            "file" => Self::new(word, rest.rsplit_once(' ').map_or(rest, |(name, _)| name)),
            // The package's own path is quoted, those of imports are not.
            IMPORT if !rest.starts_with('"') => {
                Self::new(word, rest.rsplit_once(' ').map_or(rest, |(path, _)| path))
            }
            PACKAGE_FILE | "packageshlib" => {
                Self::new(word, rest.rsplit_once('=').map_or(rest, |(path, _)| path))
            }
            "magic" => Self::new(word, rest.split_once('=').map_or(rest, |(name, _)| name)),
            _ => match line.split_once('=') {
                Some((name, _)) if is_name(name) => Self::new(name, ""),
                _ => Self::new(word, ""),
            },
        }
    }
}

/// The subject of a line that is one word, such as `trimpath`: `compile` is the
/// first line of a compile action, and begins another one.
const BARE: &str = "-";

/// `GOAMD64`, `CC`, `CC ID`, `CXX ID ERROR`.
fn is_name(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b" _".contains(&byte))
}

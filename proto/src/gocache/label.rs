//! What stands beside a package in the cache, under keys derived from its
//! action.
//!
//! No log is needed to tell these entries apart: derive the key, look whether
//! it is there.

use super::Id;
use super::kind::Kind;

/// The descriptions under which the go command keeps something for every
/// package, and what it is.
///
/// Source: cmd/go/internal/work/{buildid,exec}.go
pub const FIXED: [(&str, Kind); 5] = [
    ("stdout", Kind::Printed),
    ("link-stdout", Kind::Printed),
    ("srcfiles", Kind::SourceList),
    ("_cgo_install.h", Kind::Generated),
    ("fix.zip", Kind::Other),
];

/// The most names taken from one source list.
pub const NAMES_MAX: usize = 10_000;

/// The longest name taken from a source list, in bytes.
const NAME_LEN_MAX: usize = 4096;

/// Returns the keys derived from an action that are the same for every package.
pub fn fixed(action: &Id) -> impl Iterator<Item = (Id, &'static str, Kind)> {
    FIXED
        .iter()
        .map(|&(description, kind)| (action.subkey(description), description, kind))
}

/// Returns the generated files that a source list names: those without `./`.
/// Each has an entry under the key derived from the package's action by its
/// name.
///
/// Source: cmd/go/internal/work/exec.go cacheSrcFiles
pub fn generated(source_list: &[u8]) -> impl Iterator<Item = &str> {
    lines(source_list).filter(|line| !line.starts_with("./"))
}

/// Returns the source files that a source list names, without `./`.
pub fn sources(source_list: &[u8]) -> impl Iterator<Item = &str> {
    lines(source_list).filter_map(|line| line.strip_prefix("./"))
}

fn lines(source_list: &[u8]) -> impl Iterator<Item = &str> {
    source_list
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty() && line.len() <= NAME_LEN_MAX)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .take(NAMES_MAX)
}

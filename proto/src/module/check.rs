//! What module paths, import paths and the names of files in a module may hold.

use std::fmt;

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};

use super::Error;

/// The rule that a path breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// There is no text.
    Empty,
    /// It starts with `-`, and would be taken for an option.
    LeadingDash,
    /// It starts with `/`.
    LeadingSlash,
    /// It ends in `/`.
    TrailingSlash,
    /// It has `//` in it.
    DoubleSlash,
    /// An element is nothing but dots.
    Dots(String),
    /// An element starts with a dot.
    LeadingDot(String),
    /// An element ends in a dot.
    TrailingDot(String),
    /// A character that is not allowed here.
    Character(char),
    /// An element that Windows keeps for devices: `con`, `aux.go`, `COM1`.
    Reserved(String),
    /// An element that reads as a Windows short name: `longna~1`.
    ShortName(String),
    /// The first element is not a domain name: it has no dot.
    NoDot,
    /// A character that a domain name cannot hold in the first element.
    FirstElement(char),
    /// The end reads as a major version and is not one: `/v1`, `/v02`, or a
    /// gopkg.in path without `.vN`.
    Major,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty string"),
            Self::LeadingDash => f.write_str("leading dash"),
            Self::LeadingSlash => f.write_str("leading slash"),
            Self::TrailingSlash => f.write_str("trailing slash"),
            Self::DoubleSlash => f.write_str("double slash"),
            Self::Dots(element) => write!(f, "invalid path element {element:?}"),
            Self::LeadingDot(element) => write!(f, "leading dot in path element {element:?}"),
            Self::TrailingDot(element) => write!(f, "trailing dot in path element {element:?}"),
            Self::Character(c) => write!(f, "invalid char {c:?}"),
            Self::Reserved(element) => {
                write!(f, "{element:?} disallowed as path element on Windows")
            }
            Self::ShortName(element) => {
                write!(f, "trailing tilde and digits in path element {element:?}")
            }
            Self::NoDot => f.write_str("missing dot in first path element"),
            Self::FirstElement(c) => write!(f, "invalid char {c:?} in first path element"),
            Self::Major => f.write_str("invalid major version suffix"),
        }
    }
}

/// Checks a module path: elements of ASCII letters, digits and `-._~`, the
/// first a lower-case domain name, the end no malformed major version.
///
/// # Errors
/// [`Error::Path`] with the rule broken.
pub fn check_path(path: &str) -> Result<(), Error> {
    module_path(path).map_err(|fault| Error::Path {
        path: path.to_owned(),
        fault,
    })
}

/// Checks the path of a package inside a module: as [`check_path`], but without
/// a domain name in front, with `+`, and with elements that start with a dot.
///
/// # Errors
/// [`Error::ImportPath`] with the rule broken.
pub fn check_import_path(path: &str) -> Result<(), Error> {
    elements(path, Kind::Import).map_err(|fault| Error::ImportPath {
        path: path.to_owned(),
        fault,
    })
}

/// Checks the name of a file in a module: slash-separated elements of Unicode
/// letters, ASCII digits, space and most punctuation.
///
/// # Errors
/// [`Error::FilePath`] with the rule broken.
pub fn check_file_path(path: &str) -> Result<(), Error> {
    file_path(path).map_err(|fault| Error::FilePath {
        path: path.to_owned(),
        fault,
    })
}

/// As [`check_file_path`], for those who name the file themselves.
pub(crate) fn file_path(path: &str) -> Result<(), Fault> {
    elements(path, Kind::File)
}

/// Splits a path's major version suffix off: (`rsc.io/quote`, `/v3`),
/// (`gopkg.in/yaml`, `.v3`), or an empty suffix. `None` when the end reads as a
/// major version and is not one.
pub fn split_major(path: &str) -> Option<(&str, &str)> {
    if path.starts_with("gopkg.in/") {
        return split_gopkg_in(path);
    }
    let stem = path.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    if stem.len() == path.len() || !stem.ends_with("/v") {
        return Some((path, ""));
    }
    let (prefix, suffix) = path.split_at(stem.len() - 2);
    let number = suffix.strip_prefix("/v")?;
    let fits = !number.contains('.') && !number.starts_with('0') && number != "1";
    fits.then_some((prefix, suffix))
}

/// gopkg.in names the major version of every path, v0 and v1 too.
fn split_gopkg_in(path: &str) -> Option<(&str, &str)> {
    let stable = path.strip_suffix("-unstable").unwrap_or(path);
    let stem = stable.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = stable.get(stem.len()..)?;
    if !stem.ends_with(".v") || number.is_empty() || (number.starts_with('0') && number != "0") {
        return None;
    }
    if number == "0" && stable.len() != path.len() {
        return None;
    }
    Some(path.split_at(stem.len() - 2))
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Module,
    Import,
    File,
}

fn module_path(path: &str) -> Result<(), Fault> {
    elements(path, Kind::Module)?;
    let first = path.split('/').next().unwrap_or_default();
    if first.is_empty() {
        return Err(Fault::LeadingSlash);
    }
    if !first.contains('.') {
        return Err(Fault::NoDot);
    }
    let stray = |c: &char| !matches!(c, 'a'..='z' | '0'..='9' | '-' | '.');
    if let Some(c) = first.chars().find(stray) {
        return Err(Fault::FirstElement(c));
    }
    split_major(path).map(|_| ()).ok_or(Fault::Major)
}

fn elements(path: &str, kind: Kind) -> Result<(), Fault> {
    if path.is_empty() {
        return Err(Fault::Empty);
    }
    if path.starts_with('-') && kind != Kind::File {
        return Err(Fault::LeadingDash);
    }
    if path.contains("//") {
        return Err(Fault::DoubleSlash);
    }
    if path.starts_with('/') {
        return Err(Fault::LeadingSlash);
    }
    if path.ends_with('/') {
        return Err(Fault::TrailingSlash);
    }
    path.split('/').try_for_each(|one| element(one, kind))
}

pub(super) fn element(element: &str, kind: Kind) -> Result<(), Fault> {
    if element.is_empty() {
        return Err(Fault::Empty);
    }
    if element.bytes().all(|byte| byte == b'.') {
        return Err(Fault::Dots(element.to_owned()));
    }
    if element.starts_with('.') && kind == Kind::Module {
        return Err(Fault::LeadingDot(element.to_owned()));
    }
    if element.ends_with('.') {
        return Err(Fault::TrailingDot(element.to_owned()));
    }
    if let Some(c) = element.chars().find(|&c| !is_allowed(c, kind)) {
        return Err(Fault::Character(c));
    }
    // Windows takes the name up to the first dot, whatever follows.
    let stem = element.split('.').next().unwrap_or(element);
    if is_reserved_on_windows(stem) {
        return Err(Fault::Reserved(stem.to_owned()));
    }
    // Such names are common among files, and harmless there.
    if kind != Kind::File
        && let Some((_, digits)) = stem.rsplit_once('~')
        && !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Err(Fault::ShortName(element.to_owned()));
    }
    Ok(())
}

fn is_allowed(c: char, kind: Kind) -> bool {
    if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~') {
        return true;
    }
    match kind {
        Kind::Module => false,
        Kind::Import => c == '+',
        Kind::File if c.is_ascii() => "!#$%&()+,=@[]^{} ".contains(c),
        Kind::File => is_letter(c),
    }
}

/// Letters are those of general category L: not marks, not letter-like numbers.
fn is_letter(c: char) -> bool {
    GeneralCategoryGroup::Letter.contains(CodePointMapData::<GeneralCategory>::new().get(c))
}

fn is_reserved_on_windows(stem: &str) -> bool {
    let (head, tail) = stem.split_at_checked(3).unwrap_or((stem, ""));
    let any = |names: &[&str]| names.iter().any(|name| head.eq_ignore_ascii_case(name));
    match tail.as_bytes() {
        [] => any(&["con", "prn", "aux", "nul"]),
        [b'1'..=b'9'] => any(&["com", "lpt"]),
        _ => false,
    }
}

//! Tree heads as signed text: the log's origin, the number of records and the tree's
//! hash in base64, each on its line.
//!
//! Go's checksum databases all have the origin [`GO_ORIGIN`]; lines after the third
//! mean nothing to their clients. Elsewhere the origin names the log, most often in
//! the form of a host and a path, and lines that follow are not empty.
//!
//! ```
//! use proto::tlog::checkpoint::Checkpoint;
//!
//! let text = "log.example.com/builds\n3\npvJ9os+vE0vP+7hh6qZiLfVRE/3x0ykeoq2hInDrjfw=\n";
//! let checkpoint = Checkpoint::parse(text)?;
//! assert_eq!((checkpoint.origin.as_str(), checkpoint.tree.size), ("log.example.com/builds", 3));
//! assert_eq!(checkpoint.to_string(), text);
//! # Ok::<(), proto::tlog::Error>(())
//! ```
//!
//! Source: golang.org/x/mod/sumdb/tlog, c2sp.org/tlog-checkpoint

use std::fmt;

use super::{Error, Hash, Tree, check_size};

/// The origin of every checksum database of Go.
pub const GO_ORIGIN: &str = "go.sum database tree";

/// Lines that say what a tree head says. More may follow.
pub const LINES: usize = 3;

/// Returns the three lines that say `tree`, as Go's databases have them.
pub fn format(tree: &Tree) -> String {
    format_of(GO_ORIGIN, tree)
}

/// Returns the three lines that say `tree` of the log with this origin, which is one line
/// of text. Every Go checksum database has the same one, and witnesses know logs by theirs.
pub fn format_of(origin: &str, tree: &Tree) -> String {
    format!("{origin}\n{}\n{}\n", tree.size, tree.hash)
}

/// Parses a tree head of a Go checksum database. Lines after the third are ignored.
///
/// # Errors
///
/// [`Error::MalformedCheckpoint`], [`Error::MalformedHash`], [`Error::TreeTooLarge`].
pub fn parse(text: &str) -> Result<Tree, Error> {
    let (origin, tree, _) = parse_lines(text)?;
    if origin != GO_ORIGIN {
        return Err(Error::MalformedCheckpoint("not a go.sum database tree"));
    }
    if tree.size == 0 && tree.hash != Hash::of_empty_tree() {
        return Err(Error::MalformedCheckpoint("a tree of nothing has a hash"));
    }
    Ok(tree)
}

/// What the text of a C2SP checkpoint says. [`Checkpoint::parse`] and `Display` are
/// inverses.
///
/// Source: c2sp.org/tlog-checkpoint
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name: one line, not empty.
    pub origin: String,
    /// Size and hash. That an empty tree has its hash is not checked here: a witness
    /// has an answer of its own to a log that says otherwise.
    pub tree: Tree,
    /// Lines after the third, none of them empty.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// Parses the text of a checkpoint, its signatures cut off.
    ///
    /// # Errors
    ///
    /// As [`parse`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (origin, tree, rest) = parse_lines(text)?;
        if origin.is_empty() {
            return Err(Error::MalformedCheckpoint("origin is empty"));
        }
        if !rest.is_empty() && !rest.ends_with('\n') {
            return Err(Error::MalformedCheckpoint("does not end in a newline"));
        }
        let extensions: Vec<String> = rest.split_terminator('\n').map(str::to_owned).collect();
        if extensions.iter().any(String::is_empty) {
            return Err(Error::MalformedCheckpoint("empty line"));
        }
        Ok(Self {
            origin: origin.to_owned(),
            tree,
            extensions,
        })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_of(&self.origin, &self.tree))?;
        for line in &self.extensions {
            writeln!(f, "{line}")?;
        }
        Ok(())
    }
}

/// Parses the three lines and returns the rest after them.
fn parse_lines(text: &str) -> Result<(&str, Tree, &str), Error> {
    let mut rest = text;
    let mut next = || {
        let (line, after) = rest
            .split_once('\n')
            .ok_or(Error::MalformedCheckpoint("fewer than three lines"))?;
        rest = after;
        Ok::<_, Error>(line)
    };
    let (origin, size, hash) = (next()?, next()?, next()?);
    let size = parse_decimal(size).ok_or(Error::MalformedCheckpoint("size is not a number"))?;
    check_size(size)?;
    let hash = Hash::parse(hash)?;
    Ok((origin, Tree { size, hash }, rest))
}

/// Parses a number that is written in the one way: digits, no leading zero.
pub(crate) fn parse_decimal(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let one_way = text == "0" || !text.starts_with('0');
    (digits && one_way).then(|| text.parse().ok()).flatten()
}

//! Tree heads as signed text: `go.sum database tree`, the number of records and
//! the tree's hash in base64, each on its line; more lines may follow and mean
//! nothing here.
//!
//! Source: golang.org/x/mod/sumdb/tlog, c2sp.org/tlog-checkpoint

use super::{Error, Hash, Tree, check_size};

const ORIGIN: &str = "go.sum database tree";

/// Lines that say what a tree head says. More may follow.
pub const LINES: usize = 3;

/// Returns the three lines that say `tree`.
pub fn format(tree: &Tree) -> String {
    format_of(ORIGIN, tree)
}

/// Returns the three lines that say `tree` of the log with this origin, which is one line
/// of text. Every Go checksum database has the same one, and witnesses know logs by theirs.
pub fn format_of(origin: &str, tree: &Tree) -> String {
    format!("{origin}\n{}\n{}\n", tree.size, tree.hash)
}

/// Parses a tree head. Lines after the third are ignored.
///
/// # Errors
///
/// [`Error::MalformedCheckpoint`], [`Error::MalformedHash`], [`Error::TreeTooLarge`].
pub fn parse(text: &str) -> Result<Tree, Error> {
    let mut lines = text
        .split_inclusive('\n')
        .map(|line| line.strip_suffix('\n'));
    let mut next = || {
        lines
            .next()
            .flatten()
            .ok_or(Error::MalformedCheckpoint("fewer than three lines"))
    };
    if next()? != ORIGIN {
        return Err(Error::MalformedCheckpoint("not a go.sum database tree"));
    }
    let size = parse_decimal(next()?).ok_or(Error::MalformedCheckpoint("size is not a number"))?;
    check_size(size)?;
    let hash = Hash::parse(next()?)?;
    if size == 0 && hash != Hash::of_empty_tree() {
        return Err(Error::MalformedCheckpoint("a tree of nothing has a hash"));
    }
    Ok(Tree { size, hash })
}

/// Parses a number that is written in the one way: digits, no leading zero.
pub(crate) fn parse_decimal(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let one_way = text == "0" || !text.starts_with('0');
    (digits && one_way).then(|| text.parse().ok()).flatten()
}

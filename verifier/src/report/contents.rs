//! What an inspected container holds.

use serde::Serialize;

use super::Setting;

/// One container and its members.
#[derive(Debug, Clone, Serialize)]
pub struct Contents {
    /// The index of the container in `files`.
    pub file: usize,
    /// What it is, in words: `tar archive in gzip`.
    pub kind: String,
    /// How many members it has.
    pub count: usize,
    /// What their files hold together, in bytes.
    pub size: u64,
    /// The members in its order.
    pub members: Vec<Entry>,
    /// How many members are left out of the list.
    pub omitted: usize,
    /// What it says about itself: times, versions, how it was packed.
    pub says: Vec<Setting>,
    /// What a reader should know.
    pub notes: Vec<String>,
    /// Why it could not be read, or not to its end.
    pub reason: Option<String>,
}

/// One member.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// Its path.
    pub path: String,
    /// `file`, `folder`, `link` or `other`.
    pub kind: &'static str,
    /// What it is, in words: its format, the target of a link.
    pub what: String,
    /// The size of a file in bytes.
    pub size: Option<u64>,
    /// SHA-256 of a file, in hexadecimal.
    pub sha256: Option<String>,
    /// Permission bits in octal digits; null where the container has none.
    pub mode: Option<String>,
    /// When it was last changed, RFC 3339.
    pub modified: Option<String>,
    /// Its index in `files`, where it was looked into.
    pub file: Option<usize>,
    /// Why it was not, where it would have been.
    pub reason: Option<String>,
}

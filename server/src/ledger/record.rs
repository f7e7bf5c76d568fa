//! The types of records.

use std::fmt;

use proto::dirhash::H1;
use serde::{Deserialize, Serialize};

/// What is known of one file of the module tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileRecord {
    /// SHA-256 of the file, in hex: its ETag, and what fsck compares.
    pub(crate) sha256: String,
    /// Bytes of the file.
    pub(crate) size: u64,
    /// The `h1:` of a zip or go.mod; `None` for `.info`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) h1: Option<String>,
    /// Why it may be served.
    pub(crate) standing: Standing,
    /// When it was stored, in seconds since 1970.
    pub(crate) stored_at: u64,
    /// When its bytes were let go for want of room, in seconds since 1970. They are
    /// fetched again when they are asked for, and must be what they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) evicted_at: Option<u64>,
}

impl FileRecord {
    /// Tells whether it says the same of a file as `other`, but for the time and the
    /// words.
    pub(crate) fn tells(&self, other: &Self) -> bool {
        (&self.sha256, self.size, &self.h1) == (&other.sha256, other.size, &other.h1)
            && std::mem::discriminant(&self.standing) == std::mem::discriminant(&other.standing)
    }

    /// Returns the h1 of a file with this SHA-256, in hex, where it is the recorded one's.
    pub(crate) fn h1_of(&self, sha256: &str) -> Option<H1> {
        let h1 = self.h1.as_deref().filter(|_| self.sha256 == sha256)?;
        H1::parse(h1).ok()
    }
}

/// Why a file may be served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "kebab-case")]
pub(crate) enum Standing {
    /// Its h1 is in a record proved under a signed head of the database.
    Proved {
        /// The database's name.
        database: String,
        /// The record's number in it.
        record: u64,
        /// The key's hash, 8 hex digits. Empty in records of before it was kept,
        /// which are no proof: the file is judged again.
        #[serde(default)]
        key: String,
        /// The RFC 6962 leaf hash of the record, in base64; empty as `key` is.
        #[serde(default)]
        record_hash: String,
    },
    /// A pattern of `proof.exempt` names its module.
    Exempt,
    /// It could not be proved and `proof: report` or `off` let it through.
    Unproved {
        /// What stood in the way.
        reason: String,
    },
    /// No database covers this kind of file (`.info`).
    Uncovered,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proved {
                database, record, ..
            } => write!(f, "proved by record {record} of {database}"),
            Self::Exempt => f.write_str("exempt"),
            Self::Unproved { reason } => write!(f, "not proved: {reason}"),
            Self::Uncovered => f.write_str("not covered by any proof"),
        }
    }
}

/// Upstream's word that something does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Absence {
    /// 404 or 410.
    pub(crate) status: u16,
    /// Upstream's own words.
    pub(crate) text: String,
    /// Who said it, without secrets.
    pub(crate) upstream: String,
    /// When it was last said, in seconds since 1970.
    pub(crate) seen_at: u64,
}

/// The files of a proved zip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Contents {
    /// The zip's h1, which is over these.
    pub(crate) h1: String,
    /// Names as the h1 has them (`module@version/file`), and SHA-256 in hex.
    pub(crate) files: Vec<(String, String)>,
}

/// When something was last asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Use {
    /// In seconds since 1970, exact to a day.
    pub(crate) last: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_h1_is_told_of_the_recorded_bytes_alone() {
        let h1 = format!("h1:{}=", "A".repeat(43));
        let mut record = FileRecord {
            sha256: "00".repeat(32),
            size: 7,
            h1: Some(h1.clone()),
            standing: Standing::Exempt,
            stored_at: 0,
            evicted_at: None,
        };
        let told = record.h1_of(&"00".repeat(32));
        assert_eq!(told.map(|it| it.to_string()), Some(h1));
        assert_eq!(record.h1_of(&"01".repeat(32)), None);
        record.h1 = None;
        assert_eq!(record.h1_of(&"00".repeat(32)), None);
    }
}

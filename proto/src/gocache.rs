//! The go command's build cache (`GOCACHE`): names of files, the line that
//! joins an action to its output, and how other keys are derived from one.
//!
//! ```text
//! README  trim.txt  testexpire.txt  fuzz/
//! 00/ … ff/                      the first byte of the names within
//!   <64 hex of an action>-a      one line: which output the action had
//!   <64 hex of an output>-d      the output; or, since Go 1.24, a folder that
//!                                holds one program under its own name
//! ```
//!
//! An *action* is the SHA-256 of what is declared to go into a step, an
//! *output* the SHA-256 of the bytes that came out. Actions are salted with the
//! version of the go command, so those of two versions never meet.
//!
//! The index line has 175 bytes, both numbers padded with spaces to 20:
//!
//! ```
//! use proto::gocache::{Id, Index};
//!
//! let action = Id::of(b"some action");
//! let index = Index { action, output: Id::of(b"hello\n"), size: 6, time_ns: 1_700_000_000_000_000_000 };
//! let line = index.to_string();
//! assert_eq!(line.len(), Index::LEN);
//! assert!(line.starts_with("v1 ") && line.ends_with("                    6  1700000000000000000\n"));
//! assert_eq!(Index::parse(line.as_bytes())?, index);
//! # Ok::<(), proto::gocache::Error>(())
//! ```
//!
//! Source: cmd/go/internal/cache/cache.go

pub mod closure;
pub mod kind;
pub mod label;
pub mod modindex;
pub mod name;

use std::fmt;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::buildid::Part;

/// Why an index line, a name or an ID is not one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// The line has another length than the go command writes.
    #[error("index line of {len} bytes, want {want}")]
    Length {
        /// Bytes found.
        len: usize,
        /// Bytes of every index line.
        want: usize,
    },
    /// A byte that is the same in every line is another one.
    #[error("index line has {found:?} at byte {offset}, want {want:?}")]
    Layout {
        /// Offset in the line.
        offset: usize,
        /// The byte found, as a character.
        found: char,
        /// The byte that belongs there.
        want: char,
    },
    /// A hash is not 64 lower or upper case hexadecimal digits.
    #[error("{text:?} is not the 64 hexadecimal digits of a hash")]
    NotAHash {
        /// The text in its place.
        text: String,
    },
    /// A number is not one that fits 63 bits.
    #[error("{field} {text:?} is not a number from 0 to 9223372036854775807")]
    Number {
        /// `size` or `time`.
        field: &'static str,
        /// The text in its place.
        text: String,
    },
}

/// An action or an output: a SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(pub [u8; 32]);

impl Id {
    /// Returns the output that these bytes are.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Parses 64 hexadecimal digits.
    ///
    /// # Errors
    /// `NotAHash`.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        let mut hash = [0; 32];
        match hex::decode_to_slice(text, &mut hash) {
            Ok(()) => Ok(Self(hash)),
            Err(_) => Err(Error::NotAHash { text: shown(text) }),
        }
    }

    /// Returns the action of something kept beside what `self` stands for:
    /// `"stdout"`, `"srcfiles"`, the name of a generated file.
    ///
    /// Source: cmd/go/internal/cache/hash.go Subkey
    pub fn subkey(&self, description: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"subkey:");
        hash.update(self.0);
        hash.update(description.as_bytes());
        Self(hash.finalize().into())
    }

    /// Returns the short form that build IDs hold.
    pub fn part(&self) -> Part {
        Part::from_sha256(&self.0)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({self})")
    }
}

/// The content of a `-a` file. `parse` and `Display` are inverses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// The action; equal to the one in the file's name, or the go command takes
    /// no notice of the line.
    pub action: Id,
    /// What came out of it.
    pub output: Id,
    /// Size of the output in bytes, below 2^63.
    pub size: u64,
    /// When the line was written, in nanoseconds since 1970, below 2^63.
    pub time_ns: u64,
}

impl Index {
    /// The length of every line, newline included.
    pub const LEN: usize = 175;

    /// Parses a whole `-a` file.
    ///
    /// Accepts what the go command accepts: that is more than it writes (upper
    /// case in hashes, a plus before a number).
    ///
    /// # Errors
    /// By what is wrong first, from left to right; `Length` before all others.
    pub fn parse(line: &[u8]) -> Result<Self, Error> {
        if line.len() != Self::LEN {
            return Err(Error::Length {
                len: line.len(),
                want: Self::LEN,
            });
        }
        for (offset, want) in FIXED {
            if line[offset] != want {
                return Err(Error::Layout {
                    offset,
                    found: line[offset].into(),
                    want: want.into(),
                });
            }
        }
        Ok(Self {
            action: Id::parse(&line[3..67])?,
            output: Id::parse(&line[68..132])?,
            size: number("size", &line[133..153])?,
            time_ns: number("time", &line[154..174])?,
        })
    }
}

/// The bytes that are the same in every line.
const FIXED: [(usize, u8); 7] = [
    (0, b'v'),
    (1, b'1'),
    (2, b' '),
    (67, b' '),
    (132, b' '),
    (153, b' '),
    (174, b'\n'),
];

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "v1 {} {} {:20} {:20}",
            self.action, self.output, self.size, self.time_ns
        )
    }
}

fn number(field: &'static str, text: &[u8]) -> Result<u64, Error> {
    let error = || Error::Number {
        field,
        text: shown(text),
    };
    let spaces = text.iter().take_while(|byte| **byte == b' ').count();
    let digits = &text[spaces..];
    // A leading plus is part of a number to the go command too.
    let digits = digits.strip_prefix(b"+").unwrap_or(digits);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(error());
    }
    std::str::from_utf8(digits)
        .ok()
        .and_then(|digits| digits.parse().ok())
        .filter(|number| *number <= i64::MAX as u64)
        .ok_or_else(error)
}

/// What stands in a message for bytes that ought to be text.
fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[..text.len().min(80)]).into_owned()
}

#[cfg(test)]
mod tests;

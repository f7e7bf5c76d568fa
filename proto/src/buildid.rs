//! Go build IDs: the text that the go command puts into everything it builds.
//!
//! A program carries four parts, a compiled package two, joined by slashes:
//!
//! ```text
//! program  A/B/C/D   A link action, B action of package main,
//!                    C content of package main's archive, D content of this file
//! package  B/C       action and content
//! ```
//!
//! An *action* is the SHA-256 of everything declared to go into a step, a
//! *content* the SHA-256 of what came out. Each part is the first 15 bytes of
//! its SHA-256 in URL-safe base64: 20 characters, no padding.
//!
//! ```
//! use proto::buildid::BuildId;
//! let text = "mPvEnY2-WZkQgMPfcM2r/1fRU7S5wiD8BPo5m9pBi/vn4ZmBzR8DU3nVx9D0zq/kMBxXHfnPXVLvOqZQMDH";
//! let BuildId::Program(program) = BuildId::parse(text)? else { panic!("four parts") };
//! assert_eq!(program.content.to_string(), "kMBxXHfnPXVLvOqZQMDH");
//! assert_eq!(BuildId::Program(program).to_string(), text);
//! # Ok::<(), proto::buildid::Error>(())
//! ```
//!
//! Source: cmd/internal/buildid, cmd/go/internal/work/buildid.go

pub mod content;
pub mod embedded;
pub mod gnu;
pub mod note;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

/// What can be wrong with a build ID or with the place it is read from.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// The text is longer than any build ID this crate accepts.
    #[error("build ID of {len} bytes is longer than {max}")]
    TooLong {
        /// Length found, in bytes.
        len: usize,
        /// Longest length accepted, in bytes.
        max: usize,
    },
    /// The text holds bytes that are not UTF-8 or control characters.
    #[error("build ID has a byte that is not printable text at offset {offset}")]
    NotText {
        /// Offset of the first bad byte within the ID.
        offset: usize,
    },
    /// A part is not 20 characters of URL-safe base64.
    #[error("{text:?} is not a build ID part: want 20 characters of URL-safe base64")]
    NotAPart {
        /// The text in the part's place.
        text: String,
    },
    /// The text form opens and never closes.
    #[error("build ID text at offset {offset} has no end")]
    Unterminated {
        /// Offset of the opening mark within the bytes searched.
        offset: usize,
    },
    /// The text form closes, but what it holds is not a quoted Go string.
    #[error("build ID text at offset {offset} is not a quoted Go string")]
    NotQuoted {
        /// Offset of the opening mark within the bytes searched.
        offset: usize,
    },
}

/// The longest build ID accepted, in bytes. The go command's own are 83 at most;
/// `-ldflags=-buildid=` takes any text.
pub const LEN_MAX: usize = 4096;

/// One part of a build ID: the first 15 bytes of a SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Part([u8; 15]);

impl Part {
    /// Parses the 20 characters of one part.
    ///
    /// # Errors
    /// `NotAPart` when the text is anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let not_a_part = || Error::NotAPart {
            text: text.chars().take(40).collect(),
        };
        if text.len() != 20 {
            return Err(not_a_part());
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| not_a_part())?;
        bytes.try_into().map(Self).map_err(|_| not_a_part())
    }

    /// Shortens a whole SHA-256 to the part that stands for it.
    ///
    /// Source: cmd/internal/buildid HashToString
    pub fn from_sha256(hash: &[u8; 32]) -> Self {
        let mut part = [0; 15];
        part.copy_from_slice(&hash[..15]);
        Self(part)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Part({self})")
    }
}

/// The four parts `A/B/C/D` of a linked program's build ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Program {
    /// A: the inputs of the link, among them the content of every package.
    pub link_action: Part,
    /// B: the inputs of compiling package main.
    pub main_action: Part,
    /// C: the content of package main's archive.
    pub main_content: Part,
    /// D: the content of the program file itself.
    pub content: Part,
}

impl Program {
    /// Returns the four parts in the order they are written.
    pub fn parts(&self) -> [Part; 4] {
        [
            self.link_action,
            self.main_action,
            self.main_content,
            self.content,
        ]
    }

    /// Returns the ID the linker was given, `A/B/C/A`: the content is not known
    /// until the file is written, so A stands in its place until then.
    pub fn placeholder(&self) -> Self {
        Self {
            content: self.link_action,
            ..*self
        }
    }

    /// Says part by part where two IDs agree.
    pub fn pattern(&self, other: &Self) -> Pattern {
        let (ours, theirs) = (self.parts(), other.parts());
        Pattern(std::array::from_fn(|part| ours[part] == theirs[part]))
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.parts();
        write!(f, "{a}/{b}/{c}/{d}")
    }
}

/// Which of the parts A, B, C and D two programs share; prints as `XX=X`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pattern(pub [bool; 4]);

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|same| f.write_str(if *same { "=" } else { "X" }))
    }
}

/// A build ID of any kind. `parse` and `Display` are inverses.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum BuildId {
    /// `A/B/C/D`, written by the go command into a program.
    Program(Program),
    /// `action/content`, written into a package archive.
    Package {
        /// The inputs of the compilation.
        action: Part,
        /// The archive's own content.
        content: Part,
    },
    /// The word `redacted`, written by Bazel's rules for Go.
    Redacted,
    /// Nothing: `-ldflags=-buildid=`.
    Empty,
    /// Text chosen by whoever built it: `-ldflags=-buildid=text`.
    Custom(String),
}

impl BuildId {
    /// Parses a build ID as it stands in a file.
    ///
    /// Text that is not in one of the go command's forms is `Custom`, not an
    /// error: the linker takes anything.
    ///
    /// # Errors
    /// `TooLong` past [`LEN_MAX`], `NotText` for control characters.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > LEN_MAX {
            return Err(Error::TooLong {
                len: text.len(),
                max: LEN_MAX,
            });
        }
        if let Some(offset) = text.find(|c: char| c.is_control()) {
            return Err(Error::NotText { offset });
        }
        let parts: Result<Vec<Part>, Error> = text.split('/').map(Part::parse).collect();
        Ok(match (text, parts.as_deref()) {
            ("", _) => Self::Empty,
            ("redacted", _) => Self::Redacted,
            (_, Ok(&[action, content])) => Self::Package { action, content },
            (_, Ok(&[link_action, main_action, main_content, content])) => Self::Program(Program {
                link_action,
                main_action,
                main_content,
                content,
            }),
            _ => Self::Custom(text.to_owned()),
        })
    }

    /// Parses the raw bytes of a note's description.
    ///
    /// # Errors
    /// As [`BuildId::parse`]; `NotText` also when the bytes are not UTF-8.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > LEN_MAX {
            return Err(Error::TooLong {
                len: bytes.len(),
                max: LEN_MAX,
            });
        }
        let text = std::str::from_utf8(bytes).map_err(|error| Error::NotText {
            offset: error.valid_up_to(),
        })?;
        Self::parse(text)
    }
}

impl fmt::Display for BuildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program(program) => program.fmt(f),
            Self::Package { action, content } => write!(f, "{action}/{content}"),
            Self::Redacted => f.write_str("redacted"),
            Self::Empty => Ok(()),
            Self::Custom(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests;

//! The signed manifest of a configuration: which files it is made of, and until when.
//!
//! The text of a signed note ([`crate::note`]). The first line says what it is, then come
//! the serial number, the times between which it holds, whom it is for where it is for one
//! alone, and a line for each file in the order in which the files are put over each
//! other: its layer, the SHA-256 of its bytes, its name.
//!
//! ```
//! let text = "sumward configuration v1\n\
//!     serial 7\n\
//!     not-before 2026-11-27T00:00:00Z\n\
//!     not-after 2027-02-28T23:59:59Z\n\
//!     for eu-west\n\
//!     base e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 sumward.yaml\n\
//!     feature e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 conf.d/10-gc.yaml\n";
//! let manifest = proto::manifest::Manifest::parse(text)?;
//! assert_eq!((manifest.serial, manifest.files.len()), (7, 2));
//! assert_eq!(manifest.to_string(), text);
//! # Ok::<(), proto::manifest::Error>(())
//! ```
//!
//! `not-before` and `for` may be left out. There is one way to write each manifest, so that
//! its hash names it. The signature of each file alone would let somebody mix files of
//! different days; one over all of them, with a serial number, does not.

mod judge;

use std::collections::BTreeSet;
use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::attest::digest::Digest;
use crate::note::{self, VerifierKey};
use crate::rfc3339;
use crate::tlog::checkpoint::parse_decimal;

pub use judge::{Accepted, Fault, Given, judge};

/// The first line: no text of a checksum database begins so.
const FIRST_LINE: &str = "sumward configuration v1";

/// The most files that a configuration is made of.
pub const FILES_MAX: usize = 100;

/// The longest name of a file, and of whom a manifest is for, in bytes.
pub const NAME_BYTES_MAX: usize = 1024;

/// What a configuration is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The number of this manifest, from 1: a later one has a higher one.
    pub serial: u64,
    /// The time, in seconds since 1970, before which it does not hold.
    pub not_before: Option<u64>,
    /// The last second since 1970 at which it holds.
    pub not_after: u64,
    /// The host or stage that it is for; any when `None`.
    pub audience: Option<String>,
    /// The files, each over those before it.
    pub files: Vec<File>,
}

/// A file of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// What it may say, and over what it lies.
    pub role: Role,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Its path with slashes: relative to the folder of the manifest, or absolute.
    pub name: String,
}

/// Which of the layers of a configuration a file belongs to; the order is theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// What all stages have in common.
    Base,
    /// What one stage or host says otherwise.
    Stage,
    /// What single features turn on or tune; only keys that cannot weaken anything.
    Feature,
}

/// A manifest whose signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// What was signed.
    pub manifest: Manifest,
    /// SHA-256 of the text that was signed.
    pub sha256: [u8; 32],
    /// The names of the trusted keys that signed it.
    pub signers: Vec<String>,
}

/// Why a manifest was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is not a signed note, or no trusted key has signed it.
    #[error(transparent)]
    Note(#[from] note::Error),
    /// A line is not what should stand there.
    #[error("line {line}: {what}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it, or should stand there.
        what: &'static str,
    },
}

impl Role {
    /// All of them, in the order in which they lie over each other.
    pub const ALL: [Self; 3] = [Self::Base, Self::Stage, Self::Feature];

    /// Returns its word in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Stage => "stage",
            Self::Feature => "feature",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl File {
    /// Describes a file by the bytes that were read of it.
    pub fn of(role: Role, name: impl Into<String>, bytes: &[u8]) -> Self {
        Self {
            role,
            sha256: Sha256::digest(bytes).into(),
            name: name.into(),
        }
    }
}

/// Says what keeps a path from being the name of a file in a manifest.
///
/// # Errors
/// What is wrong with it.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    let relative = name.strip_prefix('/').unwrap_or(name);
    if name.len() > NAME_BYTES_MAX {
        Err("the name is longer than 1024 bytes")
    } else if name.chars().any(char::is_control) {
        Err("the name has a control character")
    } else if relative
        .split('/')
        .any(|part| matches!(part, "" | "." | ".."))
    {
        Err("the name has an empty part, `.` or `..`")
    } else {
        Ok(())
    }
}

/// Says what keeps a word from being whom a manifest is for.
///
/// # Errors
/// What is wrong with it.
pub fn check_audience(word: &str) -> Result<(), &'static str> {
    if word.is_empty() || word.len() > NAME_BYTES_MAX {
        Err("want a name of 1 to 1024 bytes")
    } else if word.chars().any(|it| it.is_whitespace() || it.is_control()) {
        Err("the name has a space or a control character")
    } else {
        Ok(())
    }
}

impl Manifest {
    /// Opens a signed manifest: checks the signatures of the trusted keys, then parses it.
    ///
    /// # Errors
    /// [`Error::Note`] when no trusted key has signed these bytes, [`Error::Line`] when what
    /// one has signed is not a manifest.
    pub fn open(bytes: &[u8], trusted: &[VerifierKey]) -> Result<Signed, Error> {
        let note = note::open(bytes, trusted)?;
        Ok(Signed {
            manifest: Self::parse(&note.text)?,
            sha256: Sha256::digest(&note.text).into(),
            signers: note.signatures.into_iter().map(|it| it.name).collect(),
        })
    }

    /// Parses the text of a manifest; `Display` prints it so.
    ///
    /// # Errors
    /// [`Error::Line`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut lines = Lines { text, number: 0 };
        if lines.next()? != FIRST_LINE {
            return Err(lines.wrong("want `sumward configuration v1`"));
        }
        let serial = lines.field("serial")?.and_then(parse_decimal);
        let serial = serial
            .filter(|serial| *serial > 0)
            .ok_or_else(|| lines.wrong("want `serial` and a number from 1"))?;
        let not_before = lines.time("not-before")?;
        let not_after = lines
            .time("not-after")?
            .ok_or_else(|| lines.wrong_next("want `not-after` and a time"))?;
        let audience = lines.field("for")?.map(str::to_owned);
        if let Some(word) = &audience {
            check_audience(word).map_err(|what| lines.wrong(what))?;
        }
        let files = lines.files()?;
        Ok(Self {
            serial,
            not_before,
            not_after,
            audience,
            files,
        })
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}\nserial {}", self.serial)?;
        if let Some(time) = self.not_before {
            writeln!(f, "not-before {}", rfc3339::text(time))?;
        }
        writeln!(f, "not-after {}", rfc3339::text(self.not_after))?;
        if let Some(word) = &self.audience {
            writeln!(f, "for {word}")?;
        }
        for file in &self.files {
            let hash = hex::encode(file.sha256);
            writeln!(f, "{} {hash} {}", file.role, file.name)?;
        }
        Ok(())
    }
}

/// The lines that are left of a text.
struct Lines<'a> {
    text: &'a str,
    /// How many were taken.
    number: usize,
}

impl<'a> Lines<'a> {
    fn wrong(&self, what: &'static str) -> Error {
        let line = self.number;
        Error::Line { line, what }
    }

    /// Something is wrong with the line that was not taken.
    fn wrong_next(&self, what: &'static str) -> Error {
        let line = self.number + 1;
        Error::Line { line, what }
    }

    fn next(&mut self) -> Result<&'a str, Error> {
        self.number += 1;
        let (line, rest) = self
            .text
            .split_once('\n')
            .ok_or_else(|| self.wrong("want one more line"))?;
        self.text = rest;
        Ok(line)
    }

    /// Takes the next line when it begins with this word, and returns the rest of it.
    fn field(&mut self, word: &str) -> Result<Option<&'a str>, Error> {
        let rest = self.text.strip_prefix(word);
        if !rest.is_some_and(|rest| rest.starts_with(' ')) {
            return Ok(None);
        }
        Ok(self.next()?.get(word.len() + 1..))
    }

    /// Takes a line with a time where there is one.
    fn time(&mut self, word: &str) -> Result<Option<u64>, Error> {
        let Some(text) = self.field(word)? else {
            return Ok(None);
        };
        let seconds = rfc3339::seconds(text).filter(|it| rfc3339::text(*it) == text);
        let wrong = || self.wrong("want a time such as 2027-02-28T23:59:59Z");
        seconds.ok_or_else(wrong).map(Some)
    }

    fn files(&mut self) -> Result<Vec<File>, Error> {
        let mut files = Vec::new();
        let mut names = BTreeSet::new();
        while !self.text.is_empty() {
            let line = self.next()?;
            let file = file(line).map_err(|what| self.wrong(what))?;
            if files.len() == FILES_MAX {
                return Err(self.wrong("more than 100 files"));
            }
            if !names.insert(file.name.clone()) {
                return Err(self.wrong("the file is listed twice"));
            }
            let below: Option<&File> = files.last();
            if below.is_some_and(|below| below.role > file.role) {
                return Err(self.wrong("base comes before stage, stage before feature"));
            }
            files.push(file);
        }
        if files.is_empty() {
            return Err(self.wrong_next("want a file"));
        }
        Ok(files)
    }
}

fn file(line: &str) -> Result<File, &'static str> {
    let wrong = "want `base`, `stage` or `feature`, a SHA-256 in hex, and a name";
    let (role, rest) = line.split_once(' ').ok_or(wrong)?;
    let (hash, name) = rest.split_once(' ').ok_or(wrong)?;
    let role = Role::ALL.into_iter().find(|it| it.as_str() == role);
    let sha256 = Digest::parse(hash).map_err(|_| wrong)?.0;
    check_name(name)?;
    Ok(File {
        role: role.ok_or(wrong)?,
        sha256,
        name: name.to_owned(),
    })
}

#[cfg(test)]
mod tests;

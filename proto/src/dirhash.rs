//! The hash that names a module's content: `h1:` and the base64 of a SHA-256
//! over one line for each file, sorted by name.
//!
//! ```
//! use proto::dirhash::{self, Summary};
//!
//! let mut files = Summary::new();
//! files.add("rsc.io/x@v1.0.0/x.go", &b"package x\n"[..])?;
//! files.add("rsc.io/x@v1.0.0/go.mod", &b"module rsc.io/x\n"[..])?;
//! assert_eq!(files.finish().to_string(), "h1:/lwrad8jm+0aFkWLAYKiHQaRorn1in/11nBslS4x6VI=");
//! # Ok::<(), dirhash::Error>(())
//! ```
//!
//! A line is `<hexadecimal sha256>`, two spaces, the name, a newline: what
//! `sha256sum` prints. Neither compression nor order nor times of the zip count.
//!
//! Source: golang.org/x/mod/sumdb/dirhash.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::digest::Digest;

/// Why names or a hash were refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A name with a newline would make two lines of one.
    #[error("file name {name:?} has a newline in it")]
    Newline {
        /// The name.
        name: String,
    },
    /// The same name was added twice.
    #[error("file name {name:?} was added twice")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// Reading a file failed.
    #[error("reading {name:?}: {source}")]
    Read {
        /// The file's name.
        name: String,
        /// What the reader said.
        source: io::Error,
    },
    /// The text is not `h1:` and 32 bytes in base64.
    #[error("malformed hash {text:?}")]
    Malformed {
        /// The text as given.
        text: String,
    },
}

/// An `h1:` hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct H1(pub [u8; 32]);

impl H1 {
    /// Parses `h1:` and 44 characters of base64.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        text.strip_prefix("h1:")
            .filter(|encoded| encoded.len() == ENCODED_LEN)
            .and_then(|encoded| STANDARD.decode(encoded).ok())
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| Error::Malformed {
                text: text.chars().take(2 * ENCODED_LEN).collect(),
            })
    }
}

impl FromStr for H1 {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl fmt::Display for H1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "h1:{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for H1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Returns the hash of a go.mod file, as the `/go.mod` lines of go.sum hold it.
pub fn go_mod(bytes: &[u8]) -> H1 {
    let mut lines = Sha256::new();
    line(&mut lines, "go.mod", &Sha256::digest(bytes).into());
    H1(lines.finalize().into())
}

/// Gathers the files of a module, in any order, and hashes them.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    files: BTreeMap<Box<str>, [u8; 32]>,
}

impl Summary {
    /// Starts with no file.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a file to its end and adds it. Its name starts with
    /// `<path>@<version>/` and has slashes on every system.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::Newline`], [`Error::Duplicate`].
    pub fn add(&mut self, name: &str, file: impl Read) -> Result<(), Error> {
        let digest = Digest::of(file).map_err(|source| Error::Read {
            name: name.to_owned(),
            source,
        })?;
        self.add_hash(name, digest.sha256)
    }

    /// Adds a file whose SHA-256 is known.
    ///
    /// # Errors
    /// [`Error::Newline`], [`Error::Duplicate`].
    pub fn add_hash(&mut self, name: &str, sha256: [u8; 32]) -> Result<(), Error> {
        let owned = || name.to_owned();
        if name.contains('\n') {
            return Err(Error::Newline { name: owned() });
        }
        if self.files.insert(name.into(), sha256).is_some() {
            return Err(Error::Duplicate { name: owned() });
        }
        Ok(())
    }

    /// Names and hashes, in the order of the names' bytes.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8; 32])> {
        self.files.iter().map(|(name, sha256)| (&**name, sha256))
    }

    /// How many files were added.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether no file was added.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Hashes the lines of all files, sorted by the bytes of their names.
    pub fn finish(&self) -> H1 {
        let mut lines = Sha256::new();
        for (name, sha256) in &self.files {
            line(&mut lines, name, sha256);
        }
        H1(lines.finalize().into())
    }
}

/// Base64 of 32 bytes, padding included.
const ENCODED_LEN: usize = 44;

fn line(lines: &mut Sha256, name: &str, sha256: &[u8; 32]) {
    lines.update(hex::encode(sha256));
    lines.update("  ");
    lines.update(name);
    lines.update("\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_the_lines_that_sha256sum_prints() {
        let abc = hex::encode(Sha256::digest("data for abc"));
        let xyz = hex::encode(Sha256::digest("data for xyz"));
        let want = H1(Sha256::digest(format!("{abc}  abc\n{xyz}  xyz\n")).into());
        let mut files = Summary::new();
        files.add("xyz", &b"data for xyz"[..]).unwrap();
        files.add("abc", &b"data for abc"[..]).unwrap();
        assert_eq!(files.finish(), want);
        assert_eq!(files.len(), 2);
    }

    /// The record of rsc.io/quote v1.5.2 in sum.golang.org.
    #[test]
    fn hashes_a_real_go_mod() {
        let bytes = b"module \"rsc.io/quote\"\n\nrequire \"rsc.io/sampler\" v1.3.0\n";
        let want = "h1:LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe+TKr0=";
        assert_eq!(go_mod(bytes).to_string(), want);
    }

    #[test]
    fn parse_and_print_are_inverses() {
        let text = "h1:LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe+TKr0=";
        assert_eq!(H1::parse(text).unwrap().to_string(), text);
        for bad in [
            "",
            "h1:",
            "h2:LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe+TKr0=",
            "LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe+TKr0=",
            "h1:LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe+TKr0",
            "h1:LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe+TKr0= ",
            "h1:LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe-TKr0=",
            // Bits that stand for no byte must be zero, or one hash had two texts.
            "h1:LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe+TKr1=",
            "h1:LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe+TKr0=AAAA",
        ] {
            assert!(
                matches!(bad.parse::<H1>(), Err(Error::Malformed { .. })),
                "{bad}"
            );
        }
    }

    #[test]
    fn refuses_names_that_would_forge_lines() {
        let mut files = Summary::new();
        assert!(matches!(
            files.add_hash("a\nb", [0; 32]),
            Err(Error::Newline { .. })
        ));
        files.add_hash("a", [0; 32]).unwrap();
        assert!(matches!(
            files.add_hash("a", [0; 32]),
            Err(Error::Duplicate { .. })
        ));
    }

    #[test]
    fn reports_which_file_could_not_be_read() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("disk"))
            }
        }
        let error = Summary::new().add("x", Broken).unwrap_err();
        assert_eq!(error.to_string(), "reading \"x\": disk");
    }
}

//! The checksums of the files of a release, signed as a note.
//!
//! ```text
//! sumward.checksums/v1
//! 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  sumward-0.1.0-1.el9.x86_64.rpm
//!
//! — releases.example 4WdC0g…
//! ```
//!
//! After the first line, which keeps the signature from counting for anything else, come lines as
//! `sha256sum` prints them: the SHA-256 in hex, two spaces, the name of a file in the same folder.
//!
//! Source: c2sp.org/signed-note for the signature, GNU coreutils for the lines

use std::collections::HashSet;

use crate::attest::digest::Digest;
use crate::note::{self, SignerKey, VerifierKey};

/// The first line.
const KIND: &str = "sumward.checksums/v1";

/// One file that is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// Its name: no path, no control characters.
    pub name: String,
}

/// Why a list was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The note cannot be signed, or no known key has signed it.
    #[error(transparent)]
    Note(#[from] note::Error),
    /// The first line is another: it is a note of something else.
    #[error("the note is not a list of checksums: its first line is not {KIND}")]
    Kind,
    /// A line is none that `sha256sum` prints.
    #[error("line {line}: want the SHA-256 in lower-case hex, two spaces and a name")]
    Line {
        /// Its number in the list, from 1.
        line: usize,
    },
    /// A name would lead out of the folder, or cannot be shown.
    #[error("line {line}: {name:?} is not a name of a file in this folder")]
    Name {
        /// Its number in the list, from 1.
        line: usize,
        /// What stands there.
        name: String,
    },
    /// A name is listed twice.
    #[error("line {line}: {name} is listed twice")]
    Twice {
        /// The number of the second, from 1.
        line: usize,
        /// The name.
        name: String,
    },
    /// Nothing is listed.
    #[error("no file is listed")]
    Empty,
}

/// Reads the lines that `sha256sum` prints.
///
/// # Errors
/// The first line that is none, a name that is not a name or is there twice, no line at all.
pub fn parse(list: &str) -> Result<Vec<Entry>, Error> {
    let mut names = HashSet::new();
    let mut entries = Vec::new();
    for (number, text) in list.lines().enumerate() {
        let line = number + 1;
        let (digest, name) = text.split_once("  ").ok_or(Error::Line { line })?;
        let sha256 = Digest::parse(digest).map_err(|_| Error::Line { line })?.0;
        let name = name.to_owned();
        if !is_name(&name) {
            return Err(Error::Name { line, name });
        }
        if !names.insert(name.clone()) {
            return Err(Error::Twice { line, name });
        }
        entries.push(Entry { sha256, name });
    }
    if entries.is_empty() {
        return Err(Error::Empty);
    }
    Ok(entries)
}

/// Signs a list.
///
/// # Errors
/// Those of [`parse`]; a list that is too long for a note.
pub fn sign(list: &str, key: &SignerKey) -> Result<Vec<u8>, Error> {
    parse(list)?;
    let end = if list.ends_with('\n') { "" } else { "\n" };
    Ok(note::sign(&format!("{KIND}\n{list}{end}"), &[key])?)
}

/// Checks the signature of a list and reads it.
///
/// # Errors
/// A note that no key of `known` has signed, one of another kind, and those of [`parse`].
pub fn open(bytes: &[u8], known: &[VerifierKey]) -> Result<Vec<Entry>, Error> {
    let note = note::open(bytes, known)?;
    let (kind, list) = note.text.split_once('\n').ok_or(Error::Kind)?;
    if kind != KIND {
        return Err(Error::Kind);
    }
    parse(list)
}

fn is_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..")
        && !name.contains(['/', '\\'])
        && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(seed: u8) -> SignerKey {
        SignerKey::from_seed("releases.example", [seed; 32]).unwrap()
    }

    fn line(name: &str) -> String {
        format!("{}  {name}\n", "ab".repeat(32))
    }

    #[test]
    fn what_is_signed_is_read_back() {
        let list = line("a.rpm") + &line("b c.deb");
        let note = sign(&list, &key(1)).unwrap();
        let entries = open(&note, &[key(1).verifier()]).unwrap();
        assert_eq!(entries, parse(&list).unwrap());
        assert_eq!(entries[1].name, "b c.deb");
        assert_eq!(entries[0].sha256, [0xab; 32]);
    }

    #[test]
    fn another_key_and_another_kind_are_refused() {
        let note = sign(&line("a"), &key(1)).unwrap();
        assert!(matches!(
            open(&note, &[key(2).verifier()]),
            Err(Error::Note(_))
        ));
        let other = note::sign(&format!("sumward.bundle/v1\n{}", line("a")), &[&key(1)]).unwrap();
        assert_eq!(open(&other, &[key(1).verifier()]), Err(Error::Kind));
    }

    #[test]
    fn lines_that_are_none_are_refused() {
        let digest = "ab".repeat(32);
        for (list, want) in [
            (String::new(), Error::Empty),
            (format!("{digest} a\n"), Error::Line { line: 1 }),
            (
                line("a") + &format!("{}  b\n", "AB".repeat(32)),
                Error::Line { line: 2 },
            ),
            (format!("{}  a\n", "ab".repeat(31)), Error::Line { line: 1 }),
            (
                line("a") + &line("a"),
                Error::Twice {
                    line: 2,
                    name: "a".to_owned(),
                },
            ),
        ] {
            assert_eq!(parse(&list), Err(want), "{list:?}");
        }
        for name in ["..", ".", "a/b", "/etc/passwd", "a\\b", "a\u{7f}", ""] {
            assert!(
                matches!(parse(&line(name)), Err(Error::Name { line: 1, .. })),
                "{name:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_brings_it_down(text in "\\PC*", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(entries) = parse(&text) {
                prop_assert!(entries.iter().all(|entry| is_name(&entry.name)));
            }
            prop_assert!(open(&bytes, &[key(1).verifier()]).is_err());
        }

        #[test]
        fn a_changed_byte_is_noticed(at in 0_usize..80, bit in 0_u8..8) {
            let mut note = sign(&line("a.rpm"), &key(1)).unwrap();
            note[at] ^= 1 << bit;
            prop_assert!(open(&note, &[key(1).verifier()]).is_err());
        }
    }
}

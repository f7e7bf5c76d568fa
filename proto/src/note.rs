//! Signed notes: text that one or more keys have signed.
//!
//! A note is a text that ends in a newline, a blank line, and one line for
//! every signature: an em dash, a space, the signer's name, a space, and the
//! base64 of the four bytes of the key's hash followed by the signature.
//!
//! ```
//! let key = proto::note::VerifierKey::parse(
//!     "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
//! )?;
//! let note = "go.sum database tree\n\
//!     71909756\n\
//!     iHqVxqh8cyFgqTcentUiEjZ88MD/U2r6w+0h9y1wcFA=\n\
//!     \n\
//!     — sum.golang.org Az3gruqca1CkvBUmiVQwTbA/gaUFzmjGdeKsltdaxDjB0sALZnZFiokxoLeuELkWgcacVEQfWPJ8/AdDoOHPspHuDgk=\n";
//! let opened = proto::note::open(note.as_bytes(), &[key])?;
//! assert!(opened.text.starts_with("go.sum database tree\n71909756\n"));
//! # Ok::<(), proto::note::Error>(())
//! ```
//!
//! Source: golang.org/x/mod/sumdb/note, c2sp.org/signed-note

mod cosignature;
mod key;

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use cosignature::{Cosignature, Cosigner, CosignerKey, TIME_MAX_S, cosignatures};
pub use key::{SignerKey, VerifierKey};

/// The longest note that is read or written, in bytes.
pub const LEN_MAX: usize = 1_000_000;

/// The most signature lines that a note may carry.
pub const SIGNATURES_MAX: usize = 100;

const SIGNATURE_START: &str = "— ";

/// Why a note or a key was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The note has more bytes than [`LEN_MAX`].
    #[error("note of {len} bytes is longer than {max}")]
    TooLong {
        /// Bytes in the note.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// The note is not UTF-8.
    #[error("note is not UTF-8 at byte {offset}")]
    NotUtf8 {
        /// The first byte that is not.
        offset: usize,
    },
    /// The note has an ASCII control character other than a newline.
    #[error("note has a control character at byte {offset}")]
    ControlCharacter {
        /// Where the character stands.
        offset: usize,
    },
    /// The note has not the shape of text, blank line, signature lines.
    #[error("malformed note: {0}")]
    Malformed(&'static str),
    /// The note has more signature lines than [`SIGNATURES_MAX`].
    #[error("note has more than {max} signatures")]
    TooManySignatures {
        /// The limit.
        max: usize,
    },
    /// A known key's signature does not fit the text.
    #[error("invalid signature by {name}+{key_hash:08x}")]
    BadSignature {
        /// Name of the key.
        name: String,
        /// Hash of the key.
        key_hash: u32,
    },
    /// None of the known keys has signed the note.
    #[error("note has no signature by a known key")]
    Unverified,
    /// Two of the given keys have one name and one hash.
    #[error("two keys are called {name}+{key_hash:08x}")]
    AmbiguousKey {
        /// Name of both keys.
        name: String,
        /// Hash of both keys.
        key_hash: u32,
    },
    /// A key's text has not the shape of a key.
    #[error("malformed key: {0}")]
    MalformedKey(&'static str),
    /// The hash written in a key is not the hash of the key.
    #[error("key of {name} says its hash is {want:08x}, but it is {got:08x}")]
    KeyHash {
        /// Name in the key.
        name: String,
        /// The hash that the key's text gives.
        want: u32,
        /// The hash computed from name and key bytes.
        got: u32,
    },
    /// A key is of another algorithm than it should be: 1 (Ed25519) for one that signs
    /// notes, 4 (Ed25519 with a time) for a cosigner's.
    #[error("unknown key algorithm {0}")]
    UnknownAlgorithm(u8),
    /// A signer's name is empty or has a space, a control character or `+`.
    #[error("invalid signer name {0:?}")]
    BadName(String),
}

/// A note whose signatures by known keys have been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The signed text, its last newline included.
    pub text: String,
    /// Good signatures by known keys, at least one.
    pub signatures: Vec<Signature>,
    /// Signatures by keys that were not given: nothing is known of them.
    pub unverified: Vec<Signature>,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Signature {
    /// Name of the signer.
    pub name: String,
    /// Hash of the signer's key.
    pub key_hash: u32,
    /// The line's last field: base64 of the key's hash and the signature.
    pub base64: String,
}

impl Signature {
    fn new(name: &str, key_hash: u32, signature: &[u8]) -> Self {
        let raw = [&key_hash.to_be_bytes(), signature].concat();
        Self {
            name: name.to_owned(),
            key_hash,
            base64: STANDARD.encode(raw),
        }
    }

    /// The signature line, its newline included.
    pub fn line(&self) -> String {
        format!("{SIGNATURE_START}{} {}\n", self.name, self.base64)
    }

    /// The signature's own bytes, without the key's hash.
    fn bytes(&self) -> Option<Vec<u8>> {
        let raw = STANDARD.decode(&self.base64).ok()?;
        raw.get(4..).map(<[u8]>::to_vec)
    }
}

/// Parses a note and believes none of it: returns its text and its signatures, none of
/// which is checked.
///
/// # Errors
///
/// When the bytes are not a note.
pub fn parse(bytes: &[u8]) -> Result<(String, Vec<Signature>), Error> {
    let (text, lines) = split(bytes)?;
    Ok((text.to_owned(), parse_signatures(lines)?))
}

/// Parses signature lines that stand alone, as witnesses answer with them.
///
/// # Errors
///
/// [`Error::Malformed`], [`Error::BadName`], [`Error::TooManySignatures`].
pub fn parse_signatures(lines: &str) -> Result<Vec<Signature>, Error> {
    let mut signatures = Vec::new();
    if !lines.is_empty() && !lines.ends_with('\n') {
        return Err(Error::Malformed("does not end in a newline"));
    }
    for line in lines.split_terminator('\n') {
        if signatures.len() == SIGNATURES_MAX {
            return Err(Error::TooManySignatures {
                max: SIGNATURES_MAX,
            });
        }
        signatures.push(parse_signature(line)?.0);
    }
    Ok(signatures)
}

/// Returns the note of `text` with these signatures, each once, which are not checked.
///
/// # Errors
///
/// As [`sign`].
pub fn assemble(text: &str, signatures: &[Signature]) -> Result<Vec<u8>, Error> {
    if !text.ends_with('\n') {
        return Err(Error::Malformed("text does not end in a newline"));
    }
    check_characters(text)?;
    if signatures.is_empty() {
        return Err(Error::Unverified);
    }
    if signatures.len() > SIGNATURES_MAX {
        return Err(Error::TooManySignatures {
            max: SIGNATURES_MAX,
        });
    }
    let mut note = format!("{text}\n");
    let mut seen = HashSet::new();
    for signature in signatures.iter().filter(|one| seen.insert(*one)) {
        note.push_str(&signature.line());
    }
    check_len(note.len())?;
    Ok(note.into_bytes())
}

/// Opens a note: checks its shape and the signatures of all `known` keys that
/// signed it.
///
/// Signatures by other keys are kept apart in [`Note::unverified`]; of several
/// signatures by one known key the first alone counts.
///
/// # Errors
///
/// [`Error::Unverified`] when no known key has signed, [`Error::BadSignature`]
/// when one has, but not this text, [`Error::AmbiguousKey`] when two keys can't
/// be told apart; the other variants when the bytes are not a note.
///
/// Source: golang.org/x/mod/sumdb/note, c2sp.org/signed-note
pub fn open(bytes: &[u8], known: &[VerifierKey]) -> Result<Note, Error> {
    let (text, lines) = split(bytes)?;
    let mut note = Note {
        text: text.to_owned(),
        signatures: Vec::new(),
        unverified: Vec::new(),
    };
    let mut seen_keys = HashSet::new();
    let mut seen_unverified = HashSet::new();
    for (count, line) in lines.split_terminator('\n').enumerate() {
        if count == SIGNATURES_MAX {
            return Err(Error::TooManySignatures {
                max: SIGNATURES_MAX,
            });
        }
        let (signature, raw) = parse_signature(line)?;
        let mut named = known
            .iter()
            .filter(|key| key.name() == signature.name && key.key_hash() == signature.key_hash);
        let Some(key) = named.next() else {
            if seen_unverified.insert(line) {
                note.unverified.push(signature);
            }
            continue;
        };
        let (name, key_hash) = (signature.name.clone(), signature.key_hash);
        if named.next().is_some() {
            return Err(Error::AmbiguousKey { name, key_hash });
        }
        if !seen_keys.insert((name.clone(), key_hash)) {
            continue;
        }
        if !key.verify(text.as_bytes(), &raw) {
            return Err(Error::BadSignature { name, key_hash });
        }
        note.signatures.push(signature);
    }
    if note.signatures.is_empty() {
        return Err(Error::Unverified);
    }
    Ok(note)
}

/// Signs `text` with every one of `signers`, in order, and returns the note.
///
/// # Errors
///
/// [`Error::Malformed`], [`Error::ControlCharacter`] or [`Error::TooLong`] when
/// no note can have this text, [`Error::TooManySignatures`] or
/// [`Error::Unverified`] when there are too many signers or none.
///
/// Source: golang.org/x/mod/sumdb/note, c2sp.org/signed-note
pub fn sign(text: &str, signers: &[&SignerKey]) -> Result<Vec<u8>, Error> {
    let signature = |signer: &&SignerKey| {
        let signature = signer.sign(text.as_bytes());
        Signature::new(signer.name(), signer.key_hash(), &signature)
    };
    let signatures: Vec<Signature> = signers
        .iter()
        .take(SIGNATURES_MAX + 1)
        .map(signature)
        .collect();
    assemble(text, &signatures)
}

/// Cuts a note in its text and its signature lines, both ending in a newline.
fn split(bytes: &[u8]) -> Result<(&str, &str), Error> {
    check_len(bytes.len())?;
    let all = str::from_utf8(bytes).map_err(|error| Error::NotUtf8 {
        offset: error.valid_up_to(),
    })?;
    check_characters(all)?;
    let blank = all
        .rfind("\n\n")
        .ok_or(Error::Malformed("no blank line before the signatures"))?;
    let (text, lines) = (&all[..=blank], &all[blank + 2..]);
    if lines.is_empty() {
        return Err(Error::Malformed("no signature"));
    }
    if !lines.ends_with('\n') {
        return Err(Error::Malformed("does not end in a newline"));
    }
    Ok((text, lines))
}

/// Parses a signature line and returns it with the signature's own bytes.
fn parse_signature(line: &str) -> Result<(Signature, Vec<u8>), Error> {
    let fields = line
        .strip_prefix(SIGNATURE_START)
        .ok_or(Error::Malformed("signature line without a dash"))?;
    let (name, base64) = fields
        .split_once(' ')
        .ok_or(Error::Malformed("signature line without a signature"))?;
    key::check_name(name)?;
    let raw = STANDARD
        .decode(base64)
        .map_err(|_| Error::Malformed("signature is not base64"))?;
    let Some((key_hash, signature)) = raw.split_first_chunk::<4>() else {
        return Err(Error::Malformed("signature is shorter than a key hash"));
    };
    if signature.is_empty() {
        return Err(Error::Malformed("signature is empty"));
    }
    let parsed = Signature {
        name: name.to_owned(),
        key_hash: u32::from_be_bytes(*key_hash),
        base64: base64.to_owned(),
    };
    Ok((parsed, signature.to_vec()))
}

fn check_len(len: usize) -> Result<(), Error> {
    if len > LEN_MAX {
        return Err(Error::TooLong { len, max: LEN_MAX });
    }
    Ok(())
}

fn check_characters(text: &str) -> Result<(), Error> {
    match text.bytes().position(|byte| byte < 0x20 && byte != b'\n') {
        Some(offset) => Err(Error::ControlCharacter { offset }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;

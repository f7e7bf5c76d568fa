//! Cosignatures: what a witness says of a log's signed head.
//!
//! The signature is Ed25519 over the lines `cosignature/v1` and `time T` followed by
//! the note's text; the signature line has the eight bytes of T, big-endian, between
//! the key's hash and the signature's 64 bytes. The key's algorithm byte is 4, so a
//! log's key and a cosigner's are never taken for each other.
//!
//! Source: c2sp.org/tlog-cosignature

use std::fmt;

use super::key::ALGORITHM_COSIGNATURE;
use super::{Error, Note, Signature, SignerKey, VerifierKey};

/// The latest time that a cosignature can have, in seconds since 1970.
pub const TIME_MAX_S: u64 = i64::MAX as u64;

/// A cosigner's public key: `<name>+<hash>+<key>` with the algorithm byte 4.
/// [`CosignerKey::parse`] and `Display` are inverses.
#[derive(Clone, PartialEq, Eq)]
pub struct CosignerKey(VerifierKey);

impl CosignerKey {
    /// Parses a key.
    ///
    /// # Errors
    ///
    /// As [`VerifierKey::parse`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        VerifierKey::parse_of(ALGORITHM_COSIGNATURE, text).map(Self)
    }

    /// The name of the key's owner, such as `witness.example.com/w1`.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// The four bytes that a signature line names the key by, read big-endian.
    pub fn key_hash(&self) -> u32 {
        self.0.key_hash()
    }

    /// The 32 bytes of the public key itself: two names for one key have the same.
    pub fn public_bytes(&self) -> [u8; 32] {
        self.0.public_bytes()
    }

    /// Whether the signature line names this key.
    pub fn is_named_by(&self, signature: &Signature) -> bool {
        self.name() == signature.name && self.key_hash() == signature.key_hash
    }

    /// Checks a signature line of a note with this `text` and returns when the cosigner
    /// says it signed, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// [`Error::BadSignature`] when the line is not this key's over the text.
    pub fn check(&self, text: &str, signature: &Signature) -> Result<u64, Error> {
        let bad = || Error::BadSignature {
            name: signature.name.clone(),
            key_hash: signature.key_hash,
        };
        let bytes = signature.bytes().ok_or_else(bad)?;
        let (time, bytes) = bytes.split_first_chunk::<8>().ok_or_else(bad)?;
        let time_s = u64::from_be_bytes(*time);
        let is_good = self.is_named_by(signature)
            && time_s <= TIME_MAX_S
            && self.0.verify(message(text, time_s).as_bytes(), bytes);
        is_good.then_some(time_s).ok_or_else(bad)
    }
}

impl fmt::Display for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CosignerKey({self})")
    }
}

/// A cosigner's secret key. Its text is `PRIVATE+KEY+<name>+<hash>+<seed>` with the
/// algorithm byte 4, so the key file of a log is none of a witness.
#[derive(Clone, Debug)]
pub struct Cosigner(SignerKey);

impl Cosigner {
    /// Makes the key of `name` from the 32 secret bytes of `seed`.
    ///
    /// # Errors
    ///
    /// [`Error::BadName`].
    pub fn from_seed(name: &str, seed: [u8; 32]) -> Result<Self, Error> {
        SignerKey::from_seed_of(ALGORITHM_COSIGNATURE, name, seed).map(Self)
    }

    /// Parses `PRIVATE+KEY+<name>+<hash>+<seed>`.
    ///
    /// # Errors
    ///
    /// As [`VerifierKey::parse`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        SignerKey::parse_of(ALGORITHM_COSIGNATURE, text).map(Self)
    }

    /// The public half.
    pub fn verifier(&self) -> CosignerKey {
        CosignerKey(self.0.verifier())
    }

    /// Signs a note's text and the time, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] when the time is 0 or later than [`TIME_MAX_S`].
    pub fn cosign(&self, text: &str, time_s: u64) -> Result<Signature, Error> {
        if time_s == 0 || time_s > TIME_MAX_S {
            return Err(Error::Malformed("no time of a cosignature"));
        }
        let signature = self.0.sign(message(text, time_s).as_bytes());
        let bytes = [&time_s.to_be_bytes()[..], &signature].concat();
        Ok(Signature::new(self.0.name(), self.0.key_hash(), &bytes))
    }

    /// Returns the secret itself, for the one file that keeps it.
    pub fn to_secret_text(&self) -> String {
        self.0.to_secret_text()
    }
}

/// A cosignature that has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// Name of the cosigner.
    pub name: String,
    /// Hash of its key.
    pub key_hash: u32,
    /// When it says it signed, in seconds since 1970.
    pub time_s: u64,
    /// The signature line.
    pub signature: Signature,
}

/// Returns the cosignatures of an opened note by `known` keys, in their order: of
/// several by one key, the latest.
///
/// # Errors
///
/// [`Error::BadSignature`] when a line names a known key and is not by it: such a note
/// is malformed.
pub fn cosignatures(note: &Note, known: &[CosignerKey]) -> Result<Vec<Cosignature>, Error> {
    let mut found = Vec::new();
    for key in known {
        let mut latest: Option<Cosignature> = None;
        for signature in note.unverified.iter().filter(|one| key.is_named_by(one)) {
            let time_s = key.check(&note.text, signature)?;
            if latest.as_ref().is_none_or(|latest| latest.time_s < time_s) {
                latest = Some(Cosignature {
                    name: signature.name.clone(),
                    key_hash: signature.key_hash,
                    time_s,
                    signature: signature.clone(),
                });
            }
        }
        found.extend(latest);
    }
    Ok(found)
}

fn message(text: &str, time_s: u64) -> String {
    format!("cosignature/v1\ntime {time_s}\n{text}")
}

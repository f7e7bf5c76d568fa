//! What the key of a bundle signs.

use sha2::{Digest as _, Sha256};

use super::{Error, MANIFEST_BYTES_MAX};
use crate::note::{self, SignerKey, VerifierKey};

/// Length and SHA-256 of a manifest, as a signed note has them:
///
/// ```text
/// sumward.bundle/v1
/// 1234
/// 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    /// Bytes of the manifest.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: [u8; 32],
}

impl Seal {
    /// The seal of a manifest.
    pub fn of(manifest: &[u8]) -> Self {
        Self {
            size: manifest.len() as u64,
            sha256: Sha256::digest(manifest).into(),
        }
    }

    /// The SHA-256 in hex, by which bundles are told apart.
    pub fn digest(&self) -> String {
        hex::encode(self.sha256)
    }

    /// Opens a signed note. Returns as well who has signed it, of the keys in `trusted`.
    ///
    /// # Errors
    /// [`Error::Untrusted`] when none of them has, [`Error::Note`], [`Error::Seal`],
    /// [`Error::TooLarge`].
    pub fn open(note: &[u8], trusted: &[VerifierKey]) -> Result<(Self, VerifierKey), Error> {
        let opened = note::open(note, trusted).map_err(|error| match error {
            note::Error::Unverified => Error::Untrusted {
                signers: signers(note).join(", "),
            },
            error => error.into(),
        })?;
        let by = |key: &&VerifierKey| {
            let signature = opened.signatures.first();
            signature.is_some_and(|it| (&*it.name, it.key_hash) == (key.name(), key.key_hash()))
        };
        let signer = trusted.iter().find(by).ok_or(note::Error::Unverified)?;
        Ok((Self::parse(&opened.text)?, signer.clone()))
    }

    /// Reads a signed note and believes none of it. Returns as well the names in its
    /// signature lines.
    ///
    /// # Errors
    /// As [`Seal::open`].
    pub fn unchecked(note: &[u8]) -> Result<(Self, Vec<String>), Error> {
        let (text, _) = note::parse(note)?;
        Ok((Self::parse(&text)?, signers(note)))
    }

    fn parse(text: &str) -> Result<Self, Error> {
        let lines: Vec<&str> = text.split('\n').collect();
        let [KIND, size, sha256, ""] = lines.as_slice() else {
            return Err(Error::Seal("not three lines that begin as a bundle's"));
        };
        let parsed = size.parse().ok().filter(|it: &u64| it.to_string() == *size);
        let size = parsed.ok_or(Error::Seal("the length is not a number"))?;
        if size > MANIFEST_BYTES_MAX {
            return Err(Error::TooLarge {
                what: "the manifest".to_owned(),
                size,
                max: MANIFEST_BYTES_MAX,
            });
        }
        let mut hash = [0; 32];
        let decoded = hex::decode_to_slice(sha256, &mut hash);
        if decoded.is_err() || hex::encode(hash) != *sha256 {
            return Err(Error::Seal("the hash is not SHA-256 in hex"));
        }
        let sha256 = hash;
        Ok(Self { size, sha256 })
    }

    fn text(&self) -> String {
        format!("{KIND}\n{}\n{}\n", self.size, self.digest())
    }
}

/// Signs a manifest: returns the note that goes before it.
///
/// # Errors
/// [`Error::Note`].
pub fn sign(manifest: &[u8], signer: &SignerKey) -> Result<Vec<u8>, Error> {
    Ok(note::sign(&Seal::of(manifest).text(), &[signer])?)
}

/// The names in a note's signature lines, unchecked.
fn signers(note: &[u8]) -> Vec<String> {
    let signatures = note::parse(note).map(|(_, signatures)| signatures);
    let names = signatures.unwrap_or_default().into_iter().take(SHOWN_MAX);
    let text = |it: note::Signature| format!("{}+{:08x}", super::shown(&it.name), it.key_hash);
    names.map(text).collect()
}

/// Signers whose names an error shows.
const SHOWN_MAX: usize = 4;

const KIND: &str = "sumward.bundle/v1";

//! Keys that sign notes and keys that check them: Ed25519, algorithm 1. Those of
//! cosigners ([`super::CosignerKey`]) are made the same way with another number.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use super::Error;

/// Ed25519 over the note's text.
pub(super) const ALGORITHM_ED25519: u8 = 1;

/// Ed25519 over a time and the note's text.
pub(super) const ALGORITHM_COSIGNATURE: u8 = 4;

/// A public key with the name of its owner.
///
/// Its text is `<name>+<hash>+<key>`: the hash in eight hexadecimal digits, the
/// key in base64 with one byte for the algorithm in front. The hash is the
/// first four bytes of SHA-256 over the name, a newline, the algorithm's byte and
/// the key. [`VerifierKey::parse`] and `Display` are inverses.
///
/// Source: golang.org/x/mod/sumdb/note, c2sp.org/signed-note
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key_hash: u32,
    algorithm: u8,
    /// Shared: a decoded point takes some 200 bytes.
    key: Arc<VerifyingKey>,
}

impl VerifierKey {
    /// Parses `<name>+<hash>+<key>`.
    ///
    /// # Errors
    ///
    /// [`Error::MalformedKey`], [`Error::BadName`], [`Error::UnknownAlgorithm`],
    /// and [`Error::KeyHash`] when the hash is not that of name and key.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::parse_of(ALGORITHM_ED25519, text)
    }

    pub(super) fn parse_of(algorithm: u8, text: &str) -> Result<Self, Error> {
        let (name, want, bytes) = parse_fields(algorithm, text)?;
        let key = VerifyingKey::from_bytes(&bytes)
            .map_err(|_| Error::MalformedKey("not a point of the curve"))?;
        let verifier = Self::new(algorithm, name, key);
        verifier.check_key_hash(want)?;
        Ok(verifier)
    }

    fn new(algorithm: u8, name: &str, key: VerifyingKey) -> Self {
        let digest = Sha256::new()
            .chain_update(name)
            .chain_update([b'\n', algorithm])
            .chain_update(key.as_bytes())
            .finalize();
        Self {
            algorithm,
            name: name.to_owned(),
            key_hash: u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]),
            key: Arc::new(key),
        }
    }

    /// The name of the key's owner, such as `sum.golang.org`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The four bytes that a signature line names the key by, read big-endian.
    pub fn key_hash(&self) -> u32 {
        self.key_hash
    }

    /// The 32 bytes of the public key itself.
    pub fn public_bytes(&self) -> [u8; 32] {
        *self.key.as_bytes()
    }

    /// Whether `signature` (64 bytes) is this key's over `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        // Strict: a key of small order, for which one signature fits many
        // messages, never verifies anything.
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify_strict(message, &signature).is_ok())
    }

    fn check_key_hash(&self, want: u32) -> Result<(), Error> {
        if self.key_hash != want {
            return Err(Error::KeyHash {
                name: self.name.clone(),
                want,
                got: self.key_hash,
            });
        }
        Ok(())
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![self.algorithm];
        bytes.extend_from_slice(self.key.as_bytes());
        write!(
            f,
            "{}+{:08x}+{}",
            self.name,
            self.key_hash,
            STANDARD.encode(bytes)
        )
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

/// A secret key with the name of its owner.
///
/// It has no `Display`, and its `Debug` shows the name alone; the text form
/// leaves only through [`SignerKey::to_secret_text`].
#[derive(Clone)]
pub struct SignerKey {
    verifier: VerifierKey,
    key: SigningKey,
}

impl SignerKey {
    /// Makes the key of `name` from the 32 secret bytes of `seed`.
    ///
    /// # Errors
    ///
    /// [`Error::BadName`].
    pub fn from_seed(name: &str, seed: [u8; 32]) -> Result<Self, Error> {
        Self::from_seed_of(ALGORITHM_ED25519, name, seed)
    }

    pub(super) fn from_seed_of(algorithm: u8, name: &str, seed: [u8; 32]) -> Result<Self, Error> {
        check_name(name)?;
        let key = SigningKey::from_bytes(&seed);
        Ok(Self {
            verifier: VerifierKey::new(algorithm, name, key.verifying_key()),
            key,
        })
    }

    /// Parses `PRIVATE+KEY+<name>+<hash>+<seed>`.
    ///
    /// # Errors
    ///
    /// As [`VerifierKey::parse`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::parse_of(ALGORITHM_ED25519, text)
    }

    pub(super) fn parse_of(algorithm: u8, text: &str) -> Result<Self, Error> {
        let fields = text
            .strip_prefix("PRIVATE+KEY+")
            .ok_or(Error::MalformedKey("does not begin with PRIVATE+KEY+"))?;
        let (name, want, seed) = parse_fields(algorithm, fields)?;
        let signer = Self::from_seed_of(algorithm, name, seed)?;
        signer.verifier.check_key_hash(want)?;
        Ok(signer)
    }

    /// The name of the key's owner.
    pub fn name(&self) -> &str {
        &self.verifier.name
    }

    /// The four bytes that a signature line names the key by, read big-endian.
    pub fn key_hash(&self) -> u32 {
        self.verifier.key_hash
    }

    /// The public half.
    pub fn verifier(&self) -> VerifierKey {
        self.verifier.clone()
    }

    /// Returns the 64 bytes of this key's signature over `message`.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }

    /// Returns `PRIVATE+KEY+<name>+<hash>+<seed>`, the secret itself, for the one
    /// file that keeps it.
    pub fn to_secret_text(&self) -> String {
        let mut bytes = vec![self.verifier.algorithm];
        bytes.extend_from_slice(self.key.as_bytes());
        format!(
            "PRIVATE+KEY+{}+{:08x}+{}",
            self.name(),
            self.key_hash(),
            STANDARD.encode(bytes)
        )
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignerKey({}+{:08x}+…)", self.name(), self.key_hash())
    }
}

/// A signer's name is not empty and has no white space, no `+` (it separates
/// the fields of a key) and no control character.
pub(super) fn check_name(name: &str) -> Result<(), Error> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if name.is_empty() || name.contains(bad) {
        return Err(Error::BadName(name.to_owned()));
    }
    Ok(())
}

/// Splits `<name>+<hash>+<key>`.
fn parse_fields(algorithm: u8, text: &str) -> Result<(&str, u32, [u8; 32]), Error> {
    let (name, rest) = text
        .split_once('+')
        .ok_or(Error::MalformedKey("no + after the name"))?;
    let (hash, key) = rest
        .split_once('+')
        .ok_or(Error::MalformedKey("no + after the hash"))?;
    check_name(name)?;
    Ok((
        name,
        parse_key_hash(hash)?,
        parse_key_bytes(algorithm, key)?,
    ))
}

fn parse_key_hash(text: &str) -> Result<u32, Error> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits
        .then(|| u32::from_str_radix(text, 16).ok())
        .flatten()
        .ok_or(Error::MalformedKey("hash is not eight hexadecimal digits"))
}

fn parse_key_bytes(algorithm: u8, text: &str) -> Result<[u8; 32], Error> {
    let bytes = STANDARD
        .decode(text)
        .map_err(|_| Error::MalformedKey("key is not base64"))?;
    match bytes.split_first() {
        None => Err(Error::MalformedKey("key is empty")),
        Some((&first, key)) if first == algorithm => key
            .try_into()
            .map_err(|_| Error::MalformedKey("an Ed25519 key has 32 bytes")),
        Some((&other, _)) => Err(Error::UnknownAlgorithm(other)),
    }
}

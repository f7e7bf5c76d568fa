//! Keys of hosts and owners: Ed25519, and P-256 where a peer wants it.
//!
//! Public keys are PEM of a SubjectPublicKeyInfo, private ones PEM of PKCS #8, as
//! OpenSSL writes them. A key's ID is the SHA-256 of its SubjectPublicKeyInfo:
//!
//! ```
//! use proto::attest::key::PublicKey;
//!
//! let key = PublicKey::parse(
//!     "-----BEGIN PUBLIC KEY-----\n\
//!      MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
//!      -----END PUBLIC KEY-----\n",
//! )?;
//! assert_eq!(
//!     key.id().to_string(),
//!     "06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9",
//! );
//! # Ok::<(), proto::attest::key::Error>(())
//! ```
//!
//! One key has one ID, however its file is written: rebuilderd writes the algorithm of
//! an Ed25519 key with NULL parameters, which RFC 8410 forbids and OpenSSL refuses.
//! That form is read and never written.
//!
//! Source: RFC 8410, RFC 5480, RFC 5958; signatures by P-256 are ECDSA over SHA-256 in
//! DER with the nonce of RFC 6979, so that signing twice gives the same bytes.

mod der;
mod private;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::VerifyingKey;
use p256::ecdsa::signature::Verifier as _;

pub use private::PrivateKey;

use super::digest::Digest;

/// The longest key file, in bytes.
pub const PEM_LEN_MAX: usize = 16 << 10;

/// The label of a public key's PEM.
const LABEL_PUBLIC: &str = "PUBLIC KEY";

/// The label of a private key's PEM.
const LABEL_PRIVATE: &str = "PRIVATE KEY";

/// Why a key was refused. No variant holds any part of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The file is longer than any key's.
    #[error("{len} bytes are more than a key file has ({max})")]
    TooLong {
        /// Bytes of the file.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// The file is not PEM.
    #[error("not PEM: want -----BEGIN {want}-----")]
    NotPem {
        /// The label expected.
        want: &'static str,
    },
    /// The file is PEM of something else.
    #[error("PEM of {label:?}, want {want:?}; openssl pkey writes it")]
    Label {
        /// What the file says it has.
        label: String,
        /// The label expected.
        want: &'static str,
    },
    /// The bytes are of no key that is known here.
    #[error("not an Ed25519 or P-256 key")]
    Unknown,
    /// The bytes are no point of the curve or no number below its order.
    #[error("not a key of its curve")]
    OffCurve,
    /// The key is one of those for which a signature fits many messages.
    #[error("key of small order: anybody can sign with it")]
    SmallOrder,
    /// The public half in a private key's file is another key's.
    #[error("the public half in the file is not that of the private half")]
    OtherHalf,
}

/// What a key signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519, RFC 8032.
    Ed25519,
    /// ECDSA over P-256 and SHA-256.
    P256,
}

/// A public key. Two are equal when they are the same point, whatever the files
/// looked like.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    id: Digest,
    point: Point,
}

#[derive(Clone, PartialEq, Eq)]
enum Point {
    Ed25519(VerifyingKey),
    P256(p256::ecdsa::VerifyingKey),
}

impl PublicKey {
    /// Parses the PEM of a public key, or what stands between its two marks in one line,
    /// as a quorum file has it.
    ///
    /// # Errors
    /// [`enum@Error`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let line = text.trim();
        let is_line = line.len() <= PEM_LEN_MAX && !line.contains(['-', '\n']);
        match STANDARD.decode(line) {
            Ok(spki) if is_line => Self::from_spki(&spki),
            _ => Self::from_spki(&decode(text, LABEL_PUBLIC)?),
        }
    }

    /// Reads a SubjectPublicKeyInfo in DER.
    ///
    /// # Errors
    /// [`Error::Unknown`], [`Error::OffCurve`], [`Error::SmallOrder`].
    pub fn from_spki(spki: &[u8]) -> Result<Self, Error> {
        if let Some(key) = der::ed25519_public(spki) {
            return Self::from_ed25519(&key);
        }
        let point = der::p256_public(spki).ok_or(Error::Unknown)?;
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| Error::OffCurve)?;
        Ok(Self::new(Point::P256(key)))
    }

    /// Reads the 32 bytes of an Ed25519 key.
    ///
    /// # Errors
    /// [`Error::OffCurve`], [`Error::SmallOrder`].
    pub fn from_ed25519(bytes: &[u8; 32]) -> Result<Self, Error> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| Error::OffCurve)?;
        if key.is_weak() {
            return Err(Error::SmallOrder);
        }
        Ok(Self::new(Point::Ed25519(key)))
    }

    fn new(point: Point) -> Self {
        let id = Digest::of(&spki(&point));
        Self { id, point }
    }

    /// Returns the key's ID: SHA-256 of its SubjectPublicKeyInfo.
    pub fn id(&self) -> Digest {
        self.id
    }

    /// Returns what the key signs with.
    pub fn algorithm(&self) -> Algorithm {
        match self.point {
            Point::Ed25519(_) => Algorithm::Ed25519,
            Point::P256(_) => Algorithm::P256,
        }
    }

    /// Returns the SubjectPublicKeyInfo in DER, as RFC 8410 and RFC 5480 have it.
    pub fn spki(&self) -> Vec<u8> {
        spki(&self.point)
    }

    /// Returns the 32 bytes of an Ed25519 key; `None` for another.
    pub fn ed25519_bytes(&self) -> Option<[u8; 32]> {
        match &self.point {
            Point::Ed25519(key) => Some(key.to_bytes()),
            Point::P256(_) => None,
        }
    }

    /// Returns the key in one line, as a quorum file has it: base64 of
    /// [`PublicKey::spki`].
    pub fn to_line(&self) -> String {
        STANDARD.encode(self.spki())
    }

    /// Returns the PEM that [`PublicKey::parse`] and OpenSSL take.
    pub fn to_pem(&self) -> String {
        encode(LABEL_PUBLIC, &self.spki())
    }

    /// Whether a signature is this key's over the message.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.point {
            Point::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            Point::P256(key) => p256::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id)
    }
}

fn spki(point: &Point) -> Vec<u8> {
    match point {
        Point::Ed25519(key) => der::ed25519_spki(key.as_bytes()),
        Point::P256(key) => der::p256_spki(key.to_encoded_point(false).as_bytes()),
    }
}

/// Decodes PEM with a label.
fn decode(pem: &str, want: &'static str) -> Result<Vec<u8>, Error> {
    let (len, max) = (pem.len(), PEM_LEN_MAX);
    if len > max {
        return Err(Error::TooLong { len, max });
    }
    let (label, bytes) =
        pem_rfc7468::decode_vec(pem.as_bytes()).map_err(|_| Error::NotPem { want })?;
    if label != want {
        let label = label.to_owned();
        return Err(Error::Label { label, want });
    }
    Ok(bytes)
}

/// Returns PEM with lines of 64 characters.
fn encode(label: &str, bytes: &[u8]) -> String {
    pem_rfc7468::encode_string(label, pem_rfc7468::LineEnding::LF, bytes)
        .expect("the labels are ASCII and the bytes few")
}

#[cfg(test)]
mod tests;

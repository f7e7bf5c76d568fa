//! Envelopes: bytes, what type they are of, and signatures over both.
//!
//! What is signed is not the body alone but
//!
//! ```text
//! DSSEv1 <bytes of type> <type> <bytes of body> <body>
//! ```
//!
//! so that a body of one type is never taken for one of another. In JSON:
//!
//! ```
//! use proto::attest::dsse::Envelope;
//! use proto::attest::key::{Algorithm, PrivateKey};
//!
//! let key = PrivateKey::from_seed(Algorithm::Ed25519, [1; 32])?;
//! let envelope = Envelope::sign("text/plain", b"hello".to_vec(), &[&key]);
//! let text = String::from_utf8(envelope.bytes())?;
//! assert!(text.starts_with(r#"{"payload":"aGVsbG8=","payloadType":"text/plain","signatures":[{"keyid":""#));
//! assert_eq!(Envelope::parse(text.as_bytes())?, envelope);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A key ID in an envelope is a hint that nobody vouches for: every given key is
//! tried, and a key counts once however many signatures it made.
//!
//! Source: github.com/secure-systems-lab/dsse, protocol 1.0.2

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Serialize};

use super::json;
use super::key::{PrivateKey, PublicKey};

/// The longest envelope, in bytes.
pub const LEN_MAX: usize = 1 << 20;

/// The most signatures that an envelope may have.
pub const SIGNATURES_MAX: usize = 64;

/// Why an envelope was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not JSON, or not with these members.
    #[error("not a DSSE envelope: {0}")]
    Json(#[from] json::Error),
    /// Payload or signature is not base64.
    #[error("{0} is not base64")]
    Base64(&'static str),
    /// It has more signatures than [`SIGNATURES_MAX`].
    #[error("{len} signatures are more than {max}")]
    TooManySignatures {
        /// Signatures in it.
        len: usize,
        /// The limit.
        max: usize,
    },
}

/// An envelope. Nothing in it is believed until [`Envelope::signers`] names a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The type of the payload: a media type.
    pub payload_type: String,
    /// The bytes that are signed, together with their type.
    pub payload: Vec<u8>,
    /// The signatures; none for a statement that nobody signed.
    pub signatures: Vec<Signature>,
}

/// One signature of an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Whose it says it is.
    pub keyid: Option<String>,
    /// The signature's bytes.
    pub bytes: Vec<u8>,
}

impl Envelope {
    /// Signs a payload with each of the keys; with none the envelope is unsigned.
    pub fn sign(payload_type: &str, payload: Vec<u8>, keys: &[&PrivateKey]) -> Self {
        let message = pae(payload_type, &payload);
        let signature = |key: &&PrivateKey| Signature {
            keyid: Some(key.public().id().to_string()),
            bytes: key.sign(&message),
        };
        let signatures = keys.iter().map(signature).collect();
        Self {
            payload_type: payload_type.to_owned(),
            payload,
            signatures,
        }
    }

    /// Parses an envelope in JSON. Members that are not known are ignored, as the
    /// protocol asks; base64 may be of either alphabet.
    ///
    /// # Errors
    /// [`enum@Error`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let form: Form = json::read(bytes, LEN_MAX)?;
        let (len, max) = (form.signatures.len(), SIGNATURES_MAX);
        if len > max {
            return Err(Error::TooManySignatures { len, max });
        }
        let signatures = form.signatures.into_iter().map(|signature| {
            Ok(Signature {
                keyid: signature.keyid,
                bytes: decode(&signature.sig).ok_or(Error::Base64("signature"))?,
            })
        });
        Ok(Self {
            payload: decode(&form.payload).ok_or(Error::Base64("payload"))?,
            payload_type: form.payload_type,
            signatures: signatures.collect::<Result<_, Error>>()?,
        })
    }

    /// Returns the envelope in JSON: one text for one envelope, without a line end.
    pub fn bytes(&self) -> Vec<u8> {
        let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
        let signatures = self.signatures.iter().map(|signature| FormSignature {
            keyid: signature.keyid.clone(),
            sig: encode(&signature.bytes),
        });
        let form = Form {
            payload: encode(&self.payload),
            payload_type: self.payload_type.clone(),
            signatures: signatures.collect(),
        };
        serde_json::to_vec(&form).unwrap_or_default()
    }

    /// Returns which of the keys have signed the payload and its type, each once.
    pub fn signers<'k>(&self, keys: &'k [PublicKey]) -> Vec<&'k PublicKey> {
        let message = pae(&self.payload_type, &self.payload);
        let mut signers: Vec<&PublicKey> = Vec::new();
        for key in keys {
            let is_known = signers.iter().any(|known| known.id() == key.id());
            let mut signatures = self.signatures.iter();
            if !is_known && signatures.any(|one| key.verify(&message, &one.bytes)) {
                signers.push(key);
            }
        }
        signers
    }
}

/// Returns the bytes that are signed for a payload of a type.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let (type_len, len) = (payload_type.len(), payload.len());
    let mut message = format!("DSSEv1 {type_len} {payload_type} {len} ").into_bytes();
    message.extend_from_slice(payload);
    message
}

/// The members in the order that they are written in.
#[derive(Serialize, Deserialize)]
struct Form {
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: Vec<FormSignature>,
}

#[derive(Serialize, Deserialize)]
struct FormSignature {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keyid: Option<String>,
    sig: String,
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let by = |alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok();
    by(&STANDARD).or_else(|| by(&URL_SAFE))
}

#[cfg(test)]
mod tests;

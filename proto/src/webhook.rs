//! Messages to a web hook, signed with a shared secret.
//!
//! A message is posted with three headers: `webhook-id`, which stays the same when it is
//! sent again, `webhook-timestamp`, in seconds since 1970, and `webhook-signature`: `v1,`
//! and the base64 of the HMAC-SHA256 of id, time and body with dots between.
//!
//! ```
//! let secret = proto::webhook::Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
//! let signed = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, br#"{"test": 2432232314}"#);
//! assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
//! # Ok::<(), proto::webhook::Error>(())
//! ```
//!
//! Source: standardwebhooks.com

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// The header with what names a message.
pub const ID: &str = "webhook-id";
/// The header with the time at which it was sent.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header with the signature.
pub const SIGNATURE: &str = "webhook-signature";

/// How a secret begins as text.
const START: &str = "whsec_";

/// The fewest and the most bytes of a secret.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Why a text is no secret. It is not shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is not base64, or does not begin as one does.
    #[error("is not `whsec_` and base64")]
    Malformed,
    /// There are too few bytes, or too many.
    #[error("has {len} bytes; a secret has 24 to 64")]
    Length {
        /// Bytes that it has.
        len: usize,
    },
}

/// What sender and receiver share.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// Parses a secret such as `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::Length`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let base64 = text.strip_prefix(START).ok_or(Error::Malformed)?;
        let bytes = STANDARD.decode(base64).map_err(|_| Error::Malformed)?;
        if !BYTES.contains(&bytes.len()) {
            return Err(Error::Length { len: bytes.len() });
        }
        Ok(Self(bytes))
    }

    /// Returns the signature of a message, as the header has it.
    pub fn sign(&self, id: &str, time_s: u64, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length will do");
        mac.update(format!("{id}.{time_s}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_parsed_and_never_shown() {
        let text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let secret = Secret::parse(text).unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(Secret::parse(&text[6..]), Err(Error::Malformed));
        assert_eq!(Secret::parse("whsec_!"), Err(Error::Malformed));
        assert_eq!(Secret::parse("whsec_AAAA"), Err(Error::Length { len: 3 }));
    }

    #[test]
    fn id_time_and_body_are_signed() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = secret.sign("a", 1, b"b");
        for (id, time_s, body) in [("b", 1, b"b"), ("a", 2, b"b"), ("a", 1, b"c")] {
            assert_ne!(secret.sign(id, time_s, body), signed);
        }
    }
}

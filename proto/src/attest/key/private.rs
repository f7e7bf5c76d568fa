//! Private keys.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
use p256::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};

use super::{Algorithm, Error, LABEL_PRIVATE, Point, PublicKey, decode, der, encode};

/// A private key. It has no `Display`, and `Debug` shows its ID alone; the secret
/// leaves only through [`PrivateKey::to_secret_pem`].
#[derive(Clone)]
pub struct PrivateKey {
    public: PublicKey,
    secret: Secret,
}

#[derive(Clone)]
enum Secret {
    Ed25519(SigningKey),
    P256(p256::ecdsa::SigningKey),
}

impl PrivateKey {
    /// Makes a key from 32 secret random bytes.
    ///
    /// # Errors
    /// [`Error::OffCurve`] when they are no number below the order of P-256: with random
    /// bytes that happens once in 2^32, and others will do.
    pub fn from_seed(algorithm: Algorithm, seed: [u8; 32]) -> Result<Self, Error> {
        Ok(match algorithm {
            Algorithm::Ed25519 => Self::ed25519(&seed),
            Algorithm::P256 => {
                let key = p256::ecdsa::SigningKey::from_bytes(&seed.into());
                Self::p256(key.map_err(|_| Error::OffCurve)?)
            }
        })
    }

    /// Parses the PEM of a private key: PKCS #8, as `openssl genpkey` and rebuilderd
    /// write it.
    ///
    /// # Errors
    /// [`enum@Error`].
    pub fn parse(pem: &str) -> Result<Self, Error> {
        let bytes = decode(pem, LABEL_PRIVATE)?;
        let Some((seed, public)) = der::ed25519_private(&bytes) else {
            let key = p256::SecretKey::from_pkcs8_der(&bytes).map_err(|_| Error::Unknown)?;
            return Ok(Self::p256(key.into()));
        };
        let key = Self::ed25519(&seed);
        match public {
            Some(public) if key.public.ed25519_bytes() != Some(public) => Err(Error::OtherHalf),
            _ => Ok(key),
        }
    }

    fn ed25519(seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        Self {
            public: PublicKey::new(Point::Ed25519(key.verifying_key())),
            secret: Secret::Ed25519(key),
        }
    }

    fn p256(key: p256::ecdsa::SigningKey) -> Self {
        Self {
            public: PublicKey::new(Point::P256(*key.verifying_key())),
            secret: Secret::P256(key),
        }
    }

    /// Returns the public half.
    pub fn public(&self) -> PublicKey {
        self.public.clone()
    }

    /// Signs a message; the same message gives the same bytes.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.secret {
            Secret::Ed25519(key) => key.sign(message).to_vec(),
            Secret::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_der().as_bytes().to_vec()
            }
        }
    }

    /// Returns the PEM that [`PrivateKey::parse`] takes: the secret itself, for the one
    /// file that keeps it.
    ///
    /// # Errors
    /// [`Error::Unknown`] when the key cannot be written, which no key here is known to do.
    pub fn to_secret_pem(&self) -> Result<String, Error> {
        let bytes = match &self.secret {
            Secret::Ed25519(key) => der::ed25519_pkcs8(key.as_bytes()),
            Secret::P256(key) => p256::SecretKey::from(key)
                .to_pkcs8_der()
                .map_err(|_| Error::Unknown)?
                .as_bytes()
                .to_vec(),
        };
        Ok(encode(LABEL_PRIVATE, &bytes))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, …)", self.public.id())
    }
}

//! What hosts say of their builds, signed, and what may be concluded from it.
//!
//! ```text
//! key          keys of hosts and owners: PEM, key IDs, signatures
//! digest       SHA-256 in the one way it is written here
//! json         JSON that no two readers can take for different things
//! dsse         an envelope: bytes, their type, and who has signed both
//! statement    in-toto's Statement v1: of which files something is said
//! observation  what is said: one build on one host
//! closure      the packages that a build consumed
//! quorum       whom an owner believes, and what is demanded of them
//! ```
//!
//! A host signs an [`observation::Observation`] like this, and anybody reads it back:
//!
//! ```
//! use proto::attest::key::{Algorithm, PrivateKey};
//! use proto::attest::observation::{Observation, sample};
//!
//! let key = PrivateKey::from_seed(Algorithm::Ed25519, [7; 32])?;
//! let observation = sample();
//! let envelope = observation.sign(&key)?;
//! let file = envelope.bytes();
//!
//! let envelope = proto::attest::dsse::Envelope::parse(&file)?;
//! assert_eq!(envelope.signers(&[key.public()]).len(), 1);
//! assert_eq!(Observation::parse(&envelope.payload)?, observation);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod closure;
pub mod digest;
pub mod dsse;
pub mod json;
pub mod key;
pub mod observation;
pub mod quorum;
pub mod statement;

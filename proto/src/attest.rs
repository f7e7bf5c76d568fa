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
//! evidence     files that a decision is made from
//! certify      what follows from them
//! decision     what an owner concludes, signed
//! certificate  a decision and its evidence in one file
//! check        a certificate, and the program that it is about
//! words        a decision as text
//! export       the same in forms that other programs read
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

pub mod certificate;
pub mod certify;
pub mod check;
pub mod closure;
pub mod decision;
pub mod digest;
pub mod dsse;
pub mod evidence;
pub mod export;
pub mod json;
pub mod key;
pub mod observation;
pub mod quorum;
pub mod statement;
pub mod words;

//! `verify-build certify`, `check` and `quorum`: what follows from the observations of
//! several hosts. All of that is concluded in [`proto::attest`]; here files are read and
//! written.
//!
//! ```text
//! reading   files within their limits: quorum files, certificates
//! gather    observations and what lies beside them
//! records   proofs of the checksum database, fetched
//! shown     what a program shows of itself
//! finding   decisions as checks that printers take
//! export    decisions in other forms, written
//! certify   deciding and signing
//! check     a certificate and a program
//! quorum    quorum files in words
//! ```

pub mod certify;
pub mod check;
mod export;
mod finding;
mod gather;
pub mod quorum;
mod reading;
mod records;
mod shown;

//! Formats and algorithms that Sumward's programs share: Go modules, checksum
//! databases and Go build identities.
//!
//! Nothing here opens a file or a socket, reads a clock, the environment or a
//! source of randomness: bytes, times and keys are arguments.
#![warn(missing_docs)]

pub mod attest;
pub mod buildid;
pub mod buildinfo;
pub mod bundle;
pub mod cacheprog;
pub mod canonical;
pub mod checksums;
pub mod digest;
pub mod dirhash;
pub mod finding;
pub mod gocache;
pub mod goflags;
pub mod goobj;
pub mod goproxy;
pub mod gosum;
pub mod hashlog;
pub mod info;
pub mod inputs;
pub mod manifest;
pub mod matrix;
pub mod modcache;
pub mod module;
pub mod modzip;
pub mod mvs;
pub mod note;
pub mod proxy_header;
pub mod quantity;
pub mod report;
pub mod retention;
pub mod rfc3339;
pub mod semver;
pub mod sumdb;
pub mod tlog;
pub mod tlog_proof;
pub mod toolchain;
pub mod unit;
pub mod visible;
pub mod webhook;
pub mod witness;

//! Go distributions as modules: `golang.org/toolchain@v0.0.1-go1.27.3.linux-amd64`.
//!
//! The go command downloads other versions of itself as module zips, and checksum
//! databases have a record of each. Such a zip holds the release's own tree by
//! fixed rules ([`place`]), so the hash in that record can be computed again from
//! an installed GOROOT; and since the hash is the SHA-256 of a list of file
//! hashes, whoever has the list ([`Manifest`]) can tell which file is another.
//!
//! ```
//! use proto::toolchain::{Place, Release, Target, VersionFile, place};
//!
//! let version = VersionFile::parse(b"go1.27.3\ntime 2026-10-19T22:20:36Z\n")?.version;
//! let release = Release::new(&version, Target::parse("linux/amd64")?)?;
//! assert_eq!(
//!     release.module().to_string(),
//!     "golang.org/toolchain@v0.0.1-go1.27.3.linux-amd64"
//! );
//! assert_eq!(place("src/cmd/go.mod", &release), Place::Module("src/cmd/_go.mod".into()));
//! # Ok::<(), proto::toolchain::Error>(())
//! ```
//!
//! Source: Go's cmd/distpack, cmd/go/internal/toolchain.

mod documents;
mod manifest;
mod packing;
mod purpose;
mod release;
#[cfg(test)]
mod tests;

pub use documents::GO_ENV;
pub use manifest::{Difference, MANIFEST_LEN_MAX, Manifest};
pub use packing::{Outside, Place, folder_outside, place};
pub use purpose::Purpose;
pub use release::{Release, Target, VersionFile};

/// The path of the module that Go distributions are versions of.
pub const MODULE: &str = "golang.org/toolchain";

/// Why a version, a target or a list of file hashes was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A VERSION file does not begin with a version.
    #[error("malformed VERSION file: {0}")]
    VersionFile(&'static str),
    /// A version that no release has: a development tree, or a name of its own.
    #[error("{version:?} is not the version of a release")]
    NotARelease {
        /// The version as given.
        version: String,
    },
    /// A target is not written as `linux/amd64`.
    #[error("{text:?} is not a target such as linux/amd64")]
    Target {
        /// The text as given.
        text: String,
    },
    /// A module that is not a Go distribution.
    #[error("{module} is not a Go distribution ({MODULE}@v0.0.1-go<version>.<goos>-<goarch>)")]
    NotAToolchain {
        /// The module as given.
        module: String,
    },
    /// A list of file hashes is longer than any can be.
    #[error("list of file hashes of {len} bytes is longer than {max}")]
    TooLong {
        /// Its length in bytes.
        len: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// A line is not a hash, two spaces and a name under the module's own.
    #[error("line {line} of the list of file hashes: {fact}")]
    Line {
        /// Number of the line, from 1.
        line: usize,
        /// The rule it breaks.
        fact: &'static str,
    },
}

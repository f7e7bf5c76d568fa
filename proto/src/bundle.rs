//! Bundles: modules with their proofs in one file, for mirrors that no network reaches.
//!
//! A bundle is a tar archive inside one zstd frame. Its members, in this order:
//!
//! ```text
//! bundle/note            signed note: length and SHA-256 of the manifest
//! bundle/manifest.json   what was asked for, the databases, every further member
//! bundle/sbom.cdx.json   CycloneDX
//! sumdb/<name>/latest    the signed head under which everything is proved
//! sumdb/<name>/lookup/…  records, each with that head
//! sumdb/<name>/supported empty
//! sumdb/<name>/tile/8/…  the tiles that prove records, and the head since an earlier one
//! <module>/@v/…          .info, .mod, .zip, and the list of the versions that are in it
//! ```
//!
//! So an unpacked bundle is a GOPROXY file tree. The manifest lists the members that
//! follow it in their order, each with its size and SHA-256, and there is exactly one
//! text of a manifest ([`crate::canonical`]): the signature is over every byte of every
//! member. [`Reader`] is told of the members as they come and lets none pass that is not
//! the one the signed manifest has at that place. It proves nothing of modules: that
//! their hashes are in a checksum database is shown by the members of `sumdb/`, under keys
//! of the databases' own ([`crate::sumdb::client`]).

mod diff;
mod manifest;
mod place;
mod reader;
mod seal;
#[cfg(test)]
mod tests;

pub use diff::Difference;
pub use manifest::{Base, Carried, Database, Manifest, Member};
pub use place::Place;
pub use reader::{Begun, Header, Reader, Sealed};
pub use seal::{Seal, sign};

use crate::{canonical, goproxy, module, note, sumdb};

/// The place of the signed note.
pub const NOTE: &str = "bundle/note";

/// The place of the manifest.
pub const MANIFEST: &str = "bundle/manifest.json";

/// The longest signed note, in bytes.
pub const NOTE_BYTES_MAX: u64 = 16 << 10;

/// The longest manifest, in bytes: some 400,000 members.
pub const MANIFEST_BYTES_MAX: u64 = 64 << 20;

/// The most members that a manifest lists.
pub const MEMBERS_MAX: usize = 500_000;

/// The most databases that a manifest lists.
pub const DATABASES_MAX: usize = 64;

/// The largest member, in bytes: the go command takes no larger zip.
pub const MEMBER_BYTES_MAX: u64 = 500 << 20;

/// The longest place of a member, in bytes.
pub const PLACE_BYTES_MAX: usize = 4096;

/// Why a bundle was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No key that was given has signed it.
    #[error("no trusted key has signed it: it says it is signed by {signers}")]
    Untrusted {
        /// The names in its signature lines, unchecked.
        signers: String,
    },
    /// The signed note was refused.
    #[error("its signed note: {0}")]
    Note(#[from] note::Error),
    /// The signed text is not that of a bundle.
    #[error("what is signed is not a bundle's manifest: {0}")]
    Seal(&'static str),
    /// The manifest is not the one that was signed.
    #[error("the manifest is not the one that was signed")]
    ManifestHash,
    /// The manifest cannot be read.
    #[error("the manifest: {0}")]
    Manifest(String),
    /// The manifest lists something that no bundle has.
    #[error("the manifest lists {place:?}: {fault}")]
    Place {
        /// The place, cut to what an error can show.
        place: String,
        /// What is wrong with it.
        fault: String,
    },
    /// The manifest lists its members in another order than theirs, or one twice.
    #[error("the manifest lists {place:?} out of its order")]
    Order {
        /// The place.
        place: String,
    },
    /// Something is larger than it may be.
    #[error("{what} has {size} bytes, and at most {max} are read")]
    TooLarge {
        /// What it is.
        what: String,
        /// Its size.
        size: u64,
        /// The limit.
        max: u64,
    },
    /// Another member than the one that is due.
    #[error("member {got:?} where {want:?} is due")]
    Unexpected {
        /// The place of the member that came.
        got: String,
        /// The place that is due; empty where nothing is.
        want: String,
    },
    /// A member that is not a regular file: a link, a folder, a device.
    #[error("member {place:?} is not a regular file")]
    NotAFile {
        /// Its place.
        place: String,
    },
    /// A member of another size than the manifest says.
    #[error("member {place:?} has {got} bytes, and the manifest says {want}")]
    Size {
        /// Its place.
        place: String,
        /// Bytes by the manifest.
        want: u64,
        /// Bytes by the archive, or bytes that came.
        got: u64,
    },
    /// A member of another content than the manifest says.
    #[error("member {place:?} has SHA-256 {got}, and the manifest says {want}")]
    Hash {
        /// Its place.
        place: String,
        /// SHA-256 by the manifest, in hex.
        want: String,
        /// SHA-256 of what came.
        got: String,
    },
    /// The archive ends before everything that the manifest lists has come.
    #[error("it ends before {place:?}, which the manifest lists")]
    Truncated {
        /// The first member that is missing.
        place: String,
    },
    /// It has been used after it refused something.
    #[error("it was refused before")]
    Refused,
    /// A module, version or path in it is malformed.
    #[error(transparent)]
    Module(#[from] module::Error),
    /// A path in it is not one of the module proxy protocol.
    #[error(transparent)]
    Path(#[from] goproxy::Error),
    /// A database in it is malformed.
    #[error(transparent)]
    Database(#[from] sumdb::Error),
    /// It cannot be written in the one form that manifests have.
    #[error(transparent)]
    Canonical(#[from] canonical::Error),
}

/// Cuts a text for an error.
fn shown(text: &str) -> String {
    const CHARS_MAX: usize = 200;
    text.chars().take(CHARS_MAX).collect()
}

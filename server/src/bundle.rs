//! Bundles: making them of what this server has or can fetch and prove, and taking them
//! in where no network reaches.
//!
//! The format and what is refused are `proto::bundle`'s. Here files are read and written:
//! [`create`] asks for everything as a client would, so that nothing gets into a bundle
//! that this server would not serve; [`import`] unpacks in the staging folder, checks
//! everything there ([`check`]), and only then gives files their names, heads last.

pub(crate) mod archive;
pub(crate) mod ask;
mod carried;
pub(crate) mod check;
pub(crate) mod create;
pub(crate) mod draft;
pub(crate) mod failed;
mod files;
pub(crate) mod gather;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod licence;
mod lists;
pub(crate) mod pack;
pub(crate) mod pinned;
mod proofs;
mod records;
pub(crate) mod report;
pub(crate) mod request;
pub(crate) mod sbom;
pub(crate) mod since;
pub(crate) mod spool;
pub(crate) mod step;
mod underway;
pub(crate) mod unpack;
mod verifying;
pub(crate) mod volumes;
pub(crate) mod wanted;
pub(crate) mod warm;
pub(crate) mod watch;

use std::io;
use std::path::Path;

/// Why a bundle is not made or not taken in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// It is not what a bundle is.
    #[error(transparent)]
    Format(#[from] proto::bundle::Error),
    /// What it holds is refused, or does not fit what is there.
    #[error("{0}")]
    Refused(String),
    /// Something must be taken in before it.
    #[error("{0}")]
    Gap(String),
    /// It ends too early: it is cut off, or not yet all there.
    #[error("it ends too early: it is cut off, or a volume is missing ({0})")]
    CutOff(io::Error),
    /// Something that it should hold cannot be had.
    #[error("{what}: {reason}")]
    NotHad {
        /// What was asked for.
        what: String,
        /// Why there is no answer.
        reason: String,
        /// Whether it does not exist, as far as anybody says.
        absent: bool,
    },
    /// The file system answers something else.
    #[error("{what}: {error}")]
    Io {
        /// What was done.
        what: String,
        /// What it answers.
        error: io::Error,
    },
}

impl Error {
    /// Makes an error of the file system's answer about a path.
    fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let what = path.display().to_string();
        move |error| Self::Io { what, error }
    }

    /// Makes an error of the file system's answer when something was done.
    fn io(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io {
            what: what.to_owned(),
            error,
        }
    }
}

/// Opens a bundle, or its volumes, for reading. Blocks.
///
/// # Errors
/// What the file system answers.
pub(crate) fn open(file: &Path) -> Result<volumes::Joined, Error> {
    volumes::open(file).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound if volumes::has_later(file) => Error::CutOff(error),
        _ => Error::at(file)(error),
    })
}

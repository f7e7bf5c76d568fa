//! The steps of making a bundle and of taking one in, at which a test can end the process.

use super::Error;
use crate::step::Steps;

/// A step of making a bundle that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Making {
    /// The first zip is set aside.
    ZipFetched,
    /// All that goes into it is.
    Drafted,
    /// Half of it is written, under another name.
    HalfWritten,
    /// All of it is.
    Written,
    /// A volume has its name.
    VolumeNamed,
    /// All volumes have.
    Named,
}

/// All of them, in order.
pub(super) static MAKING: Steps<Making> = Steps::new(&[
    Making::ZipFetched,
    Making::Drafted,
    Making::HalfWritten,
    Making::Written,
    Making::VolumeNamed,
    Making::Named,
]);

/// A step of taking a bundle in that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taking {
    /// Everything is unpacked in the staging folder.
    Unpacked,
    /// Everything is checked; nothing is visible.
    Checked,
    /// Tiles have their names.
    TilesKept,
    /// Records have theirs, durably.
    RecordsKept,
    /// The first file of a module has its name.
    FileKept,
    /// All files have.
    FilesKept,
    /// The heads are followed.
    HeadsFollowed,
    /// The journal has the bundle.
    Journaled,
}

/// All of them, in order.
pub(super) static TAKING: Steps<Taking> = Steps::new(&[
    Taking::Unpacked,
    Taking::Checked,
    Taking::TilesKept,
    Taking::RecordsKept,
    Taking::FileKept,
    Taking::FilesKept,
    Taking::HeadsFollowed,
    Taking::Journaled,
]);

/// Ends the process when the step of making a bundle, or of taking one in, that is named
/// `name` is next reached.
///
/// # Errors
/// That there is no such step.
pub(crate) fn end_after(name: &str) -> Result<(), Error> {
    if MAKING.end_after(name) || TAKING.end_after(name) {
        return Ok(());
    }
    Err(Error::Refused(format!("there is no step {name:?}")))
}

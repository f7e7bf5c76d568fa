//! The steps of taking a bundle in, at which a test can end the process.

use crate::step::Steps;

/// A step that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
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
pub(super) static STEPS: Steps<Step> = Steps::new(&[
    Step::Unpacked,
    Step::Checked,
    Step::TilesKept,
    Step::RecordsKept,
    Step::FileKept,
    Step::FilesKept,
    Step::HeadsFollowed,
    Step::Journaled,
]);

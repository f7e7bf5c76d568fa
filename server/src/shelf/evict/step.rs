//! The steps by which files are let go, at which a test can end the process.

use crate::step::Steps;

/// A step that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The journal has the files that no database proves.
    Journaled,
    /// The ledger says of all that their bytes were let go.
    Recorded,
    /// It says so durably.
    Flushed,
    /// Half of the files are gone.
    HalfRemoved,
    /// All of them are.
    Removed,
}

/// All of them, in order.
pub(super) static STEPS: Steps<Step> = Steps::new(&[
    Step::Journaled,
    Step::Recorded,
    Step::Flushed,
    Step::HalfRemoved,
    Step::Removed,
]);

/// Ends the process when the step named `name` is next reached. Returns whether there is
/// such a step.
pub(crate) fn end_after(name: &str) -> bool {
    STEPS.end_after(name)
}

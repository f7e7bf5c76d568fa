//! The steps by which files are let go, at which a test can end the process.

use std::sync::atomic::{AtomicU8, Ordering};

/// A step that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Step {
    /// The journal has the files that no database proves.
    Journaled = 1,
    /// The ledger says of all that their bytes were let go.
    Recorded,
    /// It says so durably.
    Flushed,
    /// Half of the files are gone.
    HalfRemoved,
    /// All of them are.
    Removed,
}

const STEPS: [Step; 5] = [
    Step::Journaled,
    Step::Recorded,
    Step::Flushed,
    Step::HalfRemoved,
    Step::Removed,
];

/// The step after which the process ends; 0 for none.
static END: AtomicU8 = AtomicU8::new(0);

/// Ends the process, as a power cut would, when the step named `name` is next reached.
/// Returns whether there is such a step.
pub(crate) fn end_after(name: &str) -> bool {
    let step = STEPS.iter().find(|step| format!("{step:?}") == name);
    if let Some(step) = step {
        END.store(*step as u8, Ordering::Relaxed);
    }
    step.is_some()
}

/// Says that a step is done.
pub(super) fn reach(step: Step) {
    if END.load(Ordering::Relaxed) == step as u8 {
        // Nothing is flushed, dropped or answered on the way out.
        std::process::abort();
    }
}

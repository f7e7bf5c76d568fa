//! The steps of taking a bundle in, at which a test can end the process.

use std::sync::atomic::{AtomicU8, Ordering};

/// A step that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Step {
    /// Everything is unpacked in the staging folder.
    Unpacked = 1,
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

const STEPS: [Step; 8] = [
    Step::Unpacked,
    Step::Checked,
    Step::TilesKept,
    Step::RecordsKept,
    Step::FileKept,
    Step::FilesKept,
    Step::HeadsFollowed,
    Step::Journaled,
];

/// The step after which the process ends; 0 for none.
static END: AtomicU8 = AtomicU8::new(0);

/// Ends the process, as a power cut would, when the step named `name` is next reached.
/// Returns whether there is such a step.
pub(super) fn end_after(name: &str) -> bool {
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

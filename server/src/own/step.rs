//! The steps by which a batch becomes durable, at which a test can end the process.

use std::sync::atomic::{AtomicU8, Ordering};

/// A step that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Step {
    /// Tiles of records and hashes have their names.
    TilesWritten = 1,
    /// The ledger has the new head.
    HeadSwapped,
    /// The ledger has it durably, and the modules of the batch.
    LedgerFlushed,
    /// The high-water mark has the new head.
    Marked,
    /// The checkpoint has it.
    CheckpointWritten,
}

/// The step after which the process ends; 0 for none.
static END: AtomicU8 = AtomicU8::new(0);

/// Ends the process, as a power cut would, when the step named `name` is next reached.
/// Returns whether there is such a step.
pub(super) fn end_after(name: &str) -> bool {
    let steps = [
        Step::TilesWritten,
        Step::HeadSwapped,
        Step::LedgerFlushed,
        Step::Marked,
        Step::CheckpointWritten,
    ];
    let step = steps.iter().find(|step| format!("{step:?}") == name);
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

//! The steps by which a batch becomes durable, at which a test can end the process.

use crate::step::Steps;

/// A step that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Tiles of records and hashes have their names.
    TilesWritten,
    /// The ledger has the new head.
    HeadSwapped,
    /// The ledger has it durably, and the modules of the batch.
    LedgerFlushed,
    /// The high-water mark has the new head.
    Marked,
    /// The witnesses have been sent it, and their cosignatures are kept.
    Witnessed,
    /// The checkpoint has it.
    CheckpointWritten,
}

/// All of them, in order.
pub(super) static STEPS: Steps<Step> = Steps::new(&[
    Step::TilesWritten,
    Step::HeadSwapped,
    Step::LedgerFlushed,
    Step::Marked,
    Step::Witnessed,
    Step::CheckpointWritten,
]);

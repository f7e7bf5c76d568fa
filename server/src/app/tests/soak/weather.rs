//! Which faults there are at the moment.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicUsize, Ordering};

use rand::Rng as _;
use rand::seq::IndexedRandom as _;

use crate::ledger::failing::Call as LedgerCall;
use crate::store::failing::{Call as BlobCall, Fault};

/// Requests until the weather changes.
const CHANGES_AFTER: u64 = 250;

/// What fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sky {
    Clear,
    UpstreamLies,
    /// Some calls fail, and nothing was done.
    NotDone,
    /// Some calls fail, and all was done.
    Done,
    DiskFull,
    /// Some calls hang.
    Hang,
    /// All of it at once.
    All,
}

const SKIES: [Sky; 7] = [
    Sky::Clear,
    Sky::UpstreamLies,
    Sky::NotDone,
    Sky::Done,
    Sky::DiskFull,
    Sky::Hang,
    Sky::All,
];

/// Of a thousand calls, so many fail.
const FAIL_PER_MILLE: u32 = 50;

/// Of a thousand calls, so many hang.
const HANG_PER_MILLE: u32 = 2;

const KINDS: [ErrorKind; 4] = [
    ErrorKind::Other,
    ErrorKind::StorageFull,
    ErrorKind::TimedOut,
    ErrorKind::PermissionDenied,
];

/// The weather: clear until it is said otherwise.
#[derive(Debug, Default)]
pub(super) struct Weather {
    sky: AtomicUsize,
}

impl Weather {
    /// Makes the weather of the request with this number.
    pub(super) fn at(&self, number: u64) {
        let sky = (number / CHANGES_AFTER) as usize % SKIES.len();
        self.sky.store(sky, Ordering::Relaxed);
    }

    /// Nothing fails any more.
    pub(super) fn clear(&self) {
        self.sky.store(0, Ordering::Relaxed);
    }

    fn sky(&self) -> Sky {
        SKIES[self.sky.load(Ordering::Relaxed)]
    }

    pub(super) fn upstream_lies(&self) -> bool {
        matches!(self.sky(), Sky::UpstreamLies | Sky::All)
    }

    /// How the next call of stored files ends.
    pub(super) fn blobs(&self, call: BlobCall) -> Option<Fault> {
        let writes = matches!(call, BlobCall::Stage | BlobCall::Publish);
        if self.sky() == Sky::DiskFull && writes {
            return Some(Fault::NotDone(ErrorKind::StorageFull));
        }
        self.fault()
    }

    /// How the next call of the ledger ends.
    pub(super) fn ledger(&self, call: LedgerCall) -> Option<Fault> {
        // A thread waits for the head of a log, and threads cannot be told to stop.
        self.fault()
            .filter(|fault| call != LedgerCall::Advance || *fault != Fault::Hang)
    }

    fn fault(&self) -> Option<Fault> {
        let mut rng = rand::rng();
        let hangs = rng.random_range(0..1000) < HANG_PER_MILLE;
        let fails = rng.random_range(0..1000) < FAIL_PER_MILLE;
        let kind = *KINDS.choose(&mut rng)?;
        let done = rng.random();
        match self.sky() {
            Sky::Hang | Sky::All if hangs => Some(Fault::Hang),
            Sky::NotDone if fails => Some(Fault::NotDone(kind)),
            Sky::Done if fails => Some(Fault::Done(kind)),
            Sky::All if fails && done => Some(Fault::Done(kind)),
            Sky::All if fails => Some(Fault::NotDone(kind)),
            _ => None,
        }
    }
}

//! The steps of work that must outlive a power cut, at which a test can end the process.

use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The steps of one kind of work.
pub(crate) struct Steps<S: 'static> {
    all: &'static [S],
    /// The number of the step after which the process ends, from 1 on; 0 for none.
    end: AtomicUsize,
}

impl<S: Copy + Debug + PartialEq> Steps<S> {
    /// Puts together steps, after none of which the process ends.
    pub(crate) const fn new(all: &'static [S]) -> Self {
        Self {
            all,
            end: AtomicUsize::new(0),
        }
    }

    /// Ends the process, as a power cut would, when the step named `name` is next reached.
    /// Returns whether there is such a step.
    pub(crate) fn end_after(&self, name: &str) -> bool {
        let at = self.all.iter().position(|it| format!("{it:?}") == name);
        if let Some(at) = at {
            self.end.store(at + 1, Ordering::Relaxed);
        }
        at.is_some()
    }

    /// Says that a step is done.
    pub(crate) fn reach(&self, step: S) {
        let end = self.end.load(Ordering::Relaxed);
        if end > 0 && self.all.get(end - 1) == Some(&step) {
            // Nothing is flushed, dropped or answered on the way out.
            std::process::abort();
        }
    }
}

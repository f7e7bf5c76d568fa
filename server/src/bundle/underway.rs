//! The bundle that is being taken in at this moment, and how far that is.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is under way: nothing, or one bundle.
#[derive(Debug, Default)]
pub(super) struct Underway {
    /// Held for a look or a change only.
    now: Mutex<Option<Begun>>,
}

#[derive(Debug)]
struct Begun {
    file: PathBuf,
    done: Arc<AtomicU64>,
}

/// Counts what is done of a bundle. Nothing is under way any more when it is dropped.
pub(super) struct Counting<'a>(&'a Underway);

impl Underway {
    /// Begins with a bundle. What is added to the number is done of it.
    pub(super) fn begin(&self, file: &Path) -> (Counting<'_>, Arc<AtomicU64>) {
        let done = Arc::new(AtomicU64::new(0));
        *self.now() = Some(Begun {
            file: file.to_owned(),
            done: Arc::clone(&done),
        });
        (Counting(self), done)
    }

    /// Bytes that were unpacked and checked of a bundle; `None` where it is not the one
    /// that is under way.
    pub(super) fn done(&self, file: &Path) -> Option<u64> {
        let now = self.now();
        let begun = now.as_ref().filter(|begun| begun.file == file);
        begun.map(|begun| begun.done.load(Ordering::Relaxed))
    }

    fn now(&self) -> MutexGuard<'_, Option<Begun>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Counting<'_> {
    fn drop(&mut self) {
        *self.0.now() = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_is_told_of_the_bundle_that_is_under_way() {
        let underway = Underway::default();
        let (file, other) = (Path::new("/a"), Path::new("/b"));
        assert_eq!(underway.done(file), None);
        let (counting, done) = underway.begin(file);
        done.fetch_add(7, Ordering::Relaxed);
        assert_eq!((underway.done(file), underway.done(other)), (Some(7), None));
        drop(counting);
        assert_eq!(underway.done(file), None);
    }
}

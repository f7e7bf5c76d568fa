//! Turns at changing a file: it is never published, recorded and taken back at once.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, MutexGuard, PoisonError};

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::store::Key;

/// Who changes which file. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turns(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// The files at which somebody has a turn, or waits for one. Held for a look or a
    /// change.
    locks: std::sync::Mutex<HashMap<Key, Arc<Mutex<()>>>>,
    /// The files that changed since somebody wants to know. Held likewise.
    changed: std::sync::Mutex<Option<HashSet<Key>>>,
}

/// One's turn at a file, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    // Dropped first.
    _guard: OwnedMutexGuard<()>,
    place: Place,
}

/// A place among those who want a turn at a file.
#[derive(Debug)]
struct Place {
    turns: Turns,
    key: Key,
    lock: Arc<Mutex<()>>,
}

impl Turns {
    /// Waits for one's turn at a file.
    pub(crate) async fn take(&self, key: &Key) -> Turn {
        let place = self.place(key);
        let guard = Arc::clone(&place.lock).lock_owned().await;
        Turn {
            _guard: guard,
            place,
        }
    }

    /// Takes the turn at a file if nobody has it.
    pub(crate) fn try_take(&self, key: &Key) -> Option<Turn> {
        let place = self.place(key);
        let guard = Arc::clone(&place.lock).try_lock_owned().ok()?;
        Some(Turn {
            _guard: guard,
            place,
        })
    }

    /// Begins to note which files are changed, until what is returned is dropped. One at
    /// a time may want to know.
    pub(crate) fn watch(&self) -> Changed {
        *self.changed() = Some(HashSet::new());
        Changed(self.clone())
    }

    fn place(&self, key: &Key) -> Place {
        let lock = Arc::clone(self.locks().entry(key.clone()).or_default());
        Place {
            turns: self.clone(),
            key: key.clone(),
            lock,
        }
    }

    fn locks(&self) -> MutexGuard<'_, HashMap<Key, Arc<Mutex<()>>>> {
        self.0.locks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) -> MutexGuard<'_, Option<HashSet<Key>>> {
        let changed = self.0.changed.lock();
        changed.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Notes that what is recorded of the file has changed, behind the journal's entry
    /// about it.
    pub(crate) fn note_change(&self) {
        if let Some(changed) = &mut *self.place.turns.changed() {
            changed.insert(self.place.key.clone());
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut locks = self.turns.locks();
        // The table's and ours: nobody else waits. Others are made under the table's lock.
        if Arc::strong_count(&self.lock) <= 2 {
            locks.remove(&self.key);
        }
    }
}

/// The files that are changed while this is kept.
#[derive(Debug)]
pub(crate) struct Changed(Turns);

impl Changed {
    /// Tells whether a file has been changed. Asked in one's turn at it, the answer
    /// stays right as long.
    pub(crate) fn has(&self, key: &Key) -> bool {
        let changed = self.0.changed();
        changed
            .as_ref()
            .is_some_and(|changed| changed.contains(key))
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        *self.0.changed() = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u32) -> Key {
        Key::parse(&format!("m.example/x/@v/v1.0.{number}.mod")).unwrap()
    }

    #[tokio::test]
    async fn a_file_is_changed_by_one_at_a_time_and_others_meanwhile() {
        let turns = Turns::default();
        let file = key(1);
        let first = turns.take(&file).await;
        assert!(turns.try_take(&file).is_none());
        assert!(turns.try_take(&key(2)).is_some());
        let mut second = Box::pin(turns.take(&file));
        assert!(futures_util::poll!(&mut second).is_pending());
        // One who leaves is not waited for.
        let mut gone = Box::pin(turns.take(&file));
        assert!(futures_util::poll!(&mut gone).is_pending());
        drop((gone, first));
        let second = second.await;
        assert!(turns.try_take(&file).is_none());
        drop(second);
        assert!(turns.locks().is_empty());
    }

    #[tokio::test]
    async fn changes_are_noted_while_somebody_wants_to_know() {
        let turns = Turns::default();
        turns.take(&key(1)).await.note_change();
        let changed = turns.watch();
        turns.take(&key(2)).await.note_change();
        assert_eq!(
            [1, 2].map(|number| changed.has(&key(number))),
            [false, true]
        );
        drop(changed);
        assert!(!turns.watch().has(&key(2)));
    }
}

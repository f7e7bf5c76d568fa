//! Answers at hand, ready to be sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::answer::Answer;
use crate::store::Key;

/// A cache of whole answers by request path, bounded by their bytes.
#[derive(Debug)]
pub(crate) struct Hot {
    cache: quick_cache::sync::Cache<Key, Arc<Answer>, Weight>,
    bytes_max: u64,
    /// Counts removals. An answer that was read from disk before one is not put
    /// after it.
    removals: AtomicU64,
}

/// When something was begun to be read, as [`Hot`] counts time: in removals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Since(u64);

#[derive(Clone, Debug)]
struct Weight;

/// What an entry costs beside its content: key, headers, bookkeeping.
const ENTRY_BYTES: u64 = 1024;

impl quick_cache::Weighter<Key, Arc<Answer>> for Weight {
    fn weight(&self, key: &Key, answer: &Arc<Answer>) -> u64 {
        key.as_str().len() as u64 + answer.memory_bytes() + ENTRY_BYTES
    }
}

impl Hot {
    /// Makes a cache of at most `bytes_max` bytes.
    pub(crate) fn new(bytes_max: u64) -> Self {
        let entries = usize::try_from(bytes_max / (8 << 10)).unwrap_or(usize::MAX);
        Self {
            cache: quick_cache::sync::Cache::with_weighter(
                entries.clamp(16, 1 << 16),
                bytes_max,
                Weight,
            ),
            bytes_max,
            removals: AtomicU64::new(0),
        }
    }

    /// Returns the present moment, to be asked for before something is read from disk.
    pub(crate) fn now(&self) -> Since {
        Since(self.removals.load(Ordering::Acquire))
    }

    /// Keeps an answer that was read after `since`, unless it alone would take an
    /// eighth of the cache or something was removed meanwhile.
    pub(crate) fn put(&self, key: &Key, answer: &Arc<Answer>, since: Since) {
        if answer.memory_bytes() > self.bytes_max / 8 || self.now() != since {
            return;
        }
        self.cache.insert(key.clone(), Arc::clone(answer));
        if self.now() != since {
            self.cache.remove(key);
        }
    }

    /// Returns the answer to a request path.
    pub(crate) fn get(&self, path: &str) -> Option<Arc<Answer>> {
        self.cache.get(path)
    }

    /// Forgets an answer.
    pub(crate) fn remove(&self, key: &Key) {
        self.removals.fetch_add(1, Ordering::AcqRel);
        self.cache.remove(key);
    }

    /// Forgets the answers to the paths that `covers` names.
    pub(crate) fn remove_all(&self, covers: impl Fn(&Key) -> bool) {
        self.removals.fetch_add(1, Ordering::AcqRel);
        let keys: Vec<Key> = self
            .cache
            .iter()
            .map(|(key, _)| key)
            .filter(|key| covers(key))
            .collect();
        for key in &keys {
            self.cache.remove(key);
        }
    }

    /// Returns the bytes held.
    pub(crate) fn bytes(&self) -> u64 {
        self.cache.weight()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::answer::Kind;
    use super::*;

    fn answer() -> Arc<Answer> {
        Arc::new(Answer::of_bytes(Kind::Mod, Bytes::from_static(b"x"), None))
    }

    #[test]
    fn what_was_read_before_a_removal_is_not_put_after_it() {
        let hot = Hot::new(1 << 20);
        let key = Key::parse("a.example/x/@v/v1.0.0.mod").unwrap();
        let since = hot.now();
        hot.put(&key, &answer(), since);
        assert!(hot.get(key.as_str()).is_some());
        hot.remove(&key);
        assert!(hot.get(key.as_str()).is_none());
        hot.put(&key, &answer(), since);
        assert!(hot.get(key.as_str()).is_none());
        hot.put(&key, &answer(), hot.now());
        assert!(hot.get(key.as_str()).is_some());
    }
}

//! Answers kept in memory, ready to be sent.

use std::sync::Arc;

use crate::shelf::answer::Answer;

/// A cache of whole answers by request path, bounded by their bytes.
#[derive(Debug)]
pub(crate) struct Hot {
    cache: quick_cache::sync::Cache<Box<str>, Arc<Answer>, Weight>,
    bytes_max: u64,
}

#[derive(Clone, Debug)]
struct Weight;

/// What an entry costs beside its body: key, headers, bookkeeping.
const ENTRY_BYTES: u64 = 1024;

impl quick_cache::Weighter<Box<str>, Arc<Answer>> for Weight {
    fn weight(&self, key: &Box<str>, answer: &Arc<Answer>) -> u64 {
        key.len() as u64 + answer.memory_bytes() + ENTRY_BYTES
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
        }
    }

    /// Keeps an answer, unless it alone would take an eighth of the cache.
    pub(crate) fn put(&self, key: &str, answer: &Arc<Answer>) {
        if answer.memory_bytes() <= self.bytes_max / 8 {
            self.cache.insert(key.into(), Arc::clone(answer));
        }
    }

    /// Returns the answer to a request path.
    pub(crate) fn get(&self, key: &str) -> Option<Arc<Answer>> {
        self.cache.get(key)
    }

    /// Returns the bytes held.
    pub(crate) fn bytes(&self) -> u64 {
        self.cache.weight()
    }
}

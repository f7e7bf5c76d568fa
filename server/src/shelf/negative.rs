//! Refusals that are remembered for a while.

use std::time::{Duration, Instant};

use crate::http::refusal::Refusal;

/// Recent refusals by key. Bounded by count; which go first when it is full is
/// the cache's business, since each can be had again by asking upstream.
#[derive(Debug)]
pub(crate) struct Negative {
    cache: quick_cache::sync::Cache<Box<str>, Remembered>,
}

#[derive(Clone, Debug)]
struct Remembered {
    refusal: Refusal,
    until: Instant,
}

impl Negative {
    /// Makes an empty memory of at most `entries_max` refusals.
    pub(crate) fn new(entries_max: usize) -> Self {
        Self {
            cache: quick_cache::sync::Cache::new(entries_max),
        }
    }

    /// Remembers a refusal for a while.
    pub(crate) fn put(&self, key: &str, refusal: Refusal, duration: Duration, now: Instant) {
        if !duration.is_zero() {
            let until = now + duration;
            self.cache.insert(key.into(), Remembered { refusal, until });
        }
    }

    /// Forgets all refusals whose key starts with `prefix`; returns how many.
    pub(crate) fn purge(&self, prefix: &str) -> usize {
        let keys: Vec<Box<str>> = self
            .cache
            .iter()
            .map(|(key, _)| key)
            .filter(|key| key.starts_with(prefix))
            .collect();
        keys.iter()
            .filter(|key| self.cache.remove(*key).is_some())
            .count()
    }

    /// Returns the refusal of `key`, if it still stands.
    pub(crate) fn get(&self, key: &str, now: Instant) -> Option<Refusal> {
        let remembered = self.cache.get(key)?;
        if now < remembered.until {
            return Some(remembered.refusal);
        }
        self.cache.remove(key);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn refusals_are_forgotten_in_time_and_on_demand() {
        let negative = Negative::new(100);
        let now = Instant::now();
        let refusal = Refusal::not_found(404, Bytes::from_static(b"not found\n"));
        negative.put("a/@v/list", refusal.clone(), Duration::from_secs(30), now);
        negative.put("b/@v/list", refusal.clone(), Duration::from_secs(30), now);
        let later = now + Duration::from_secs(29);
        assert_eq!(negative.get("a/@v/list", later), Some(refusal));
        assert_eq!(
            negative.get("a/@v/list", now + Duration::from_secs(30)),
            None
        );
        assert_eq!(negative.purge("b/"), 1);
        assert_eq!(negative.get("b/@v/list", later), None);
    }

    #[test]
    fn the_memory_is_bounded() {
        let negative = Negative::new(100);
        let now = Instant::now();
        for number in 0..10_000 {
            let refusal = Refusal::not_found(404, Bytes::new());
            negative.put(&format!("m{number}"), refusal, Duration::from_secs(30), now);
        }
        assert!(negative.cache.len() <= 100);
    }
}

//! Refusals that are remembered for a while.

use std::time::{Duration, Instant};

use crate::store::Key;

/// Recent refusals by key. Bounded by count; which go first when it is full is
/// the cache's business, since each can be had again by asking upstream.
#[derive(Debug)]
pub(crate) struct Negative<E> {
    cache: quick_cache::sync::Cache<Key, Remembered<E>>,
}

#[derive(Clone, Debug)]
struct Remembered<E> {
    error: E,
    until: Instant,
}

impl<E: Clone> Negative<E> {
    /// Makes an empty memory of at most `entries_max` refusals.
    pub(crate) fn new(entries_max: usize) -> Self {
        Self {
            cache: quick_cache::sync::Cache::new(entries_max),
        }
    }

    /// Remembers a refusal for a while.
    pub(crate) fn put(&self, key: &Key, error: E, duration: Duration, now: Instant) {
        if !duration.is_zero() {
            let until = now + duration;
            self.cache.insert(key.clone(), Remembered { error, until });
        }
    }

    /// Forgets the refusals of the keys that `covers` names; returns how many.
    pub(crate) fn remove(&self, covers: impl Fn(&Key) -> bool) -> usize {
        let keys: Vec<Key> = self
            .cache
            .iter()
            .map(|(key, _)| key)
            .filter(|key| covers(key))
            .collect();
        keys.iter()
            .filter(|key| self.cache.remove(*key).is_some())
            .count()
    }

    /// Returns the refusal of `key`, if it still stands.
    pub(crate) fn get(&self, key: &Key, now: Instant) -> Option<E> {
        let remembered = self.cache.get(key)?;
        if now < remembered.until {
            return Some(remembered.error);
        }
        self.cache.remove(key);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        Key::parse(text).unwrap()
    }

    #[test]
    fn refusals_are_forgotten_in_time_and_on_demand() {
        let negative = Negative::new(100);
        let now = Instant::now();
        let (a, b) = (key("a.example/x/@v/list"), key("b.example/x/@v/list"));
        negative.put(&a, "gone", Duration::from_secs(30), now);
        negative.put(&b, "gone", Duration::from_secs(30), now);
        let later = now + Duration::from_secs(29);
        assert_eq!(negative.get(&a, later), Some("gone"));
        assert_eq!(negative.get(&a, now + Duration::from_secs(30)), None);
        assert_eq!(negative.remove(|key| *key == b), 1);
        assert_eq!(negative.get(&b, later), None);
    }

    #[test]
    fn the_memory_is_bounded() {
        let negative = Negative::new(100);
        let now = Instant::now();
        for number in 0..10_000 {
            let key = key(&format!("m.example/x{number}/@v/list"));
            negative.put(&key, "gone", Duration::from_secs(30), now);
        }
        assert!(negative.cache.len() <= 100);
    }
}

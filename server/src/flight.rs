//! One answer for all who ask the same at the same time.
//!
//! The work behind a key begins with the first who joins, and is done once: those who
//! join while it runs get a copy of its value. What is shared is a value that is there
//! at the end; whoever shares a file as it arrives needs more than this.
//!
//! Two servers that wait for each other's shared work wait for ever: a request that has
//! passed a server that we ask must be refused before it joins work that asks it.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{Shared, WeakShared};

type Work<V> = Pin<Box<dyn Future<Output = V> + Send>>;

/// What is being found out right now, by key.
///
/// Whoever waits drives the work; it is no task of its own, and is dropped, wherever
/// it is, when the last one who waits has gone. What must not stop half-way belongs
/// in a blocking thread or a task that the work waits for.
pub(crate) struct Flights<K, V> {
    /// Held for a look-up or an insertion, never while somebody waits.
    running: Mutex<HashMap<K, WeakShared<Work<V>>>>,
}

/// Keeps a value there for others.
#[derive(Clone)]
pub(crate) struct Landed<V>(#[expect(dead_code, reason = "it is held, not read")] Shared<Work<V>>);

impl<V> fmt::Debug for Landed<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Landed")
    }
}

/// Entries above which those that nobody waits for any more are cleared away.
const RUNNING_UNSWEPT_MAX: usize = 64;

impl<K, V> fmt::Debug for Flights<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Flights")
    }
}

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self {
            running: Mutex::new(HashMap::new()),
        }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Flights<K, V> {
    /// Waits for the running work on `key`, or for `work` when there is none.
    pub(crate) async fn join(&self, key: K, work: impl Future<Output = V> + Send + 'static) -> V {
        let shared = self.find_or_start(&key, work);
        let value = shared.clone().await;
        self.finished(&key, &shared);
        value
    }

    /// As [`Flights::join`]; and whoever joins while a [`Landed`] of it is there gets the
    /// same value: for values that are of use until something is done with them.
    pub(crate) async fn join_and_stay(
        &self,
        key: K,
        work: impl Future<Output = V> + Send + 'static,
    ) -> (V, Landed<V>) {
        let shared = self.find_or_start(&key, work);
        (shared.clone().await, Landed(shared))
    }

    /// Lets nobody join what is there for `key`: the value has turned out to be bad.
    pub(crate) fn forget(&self, key: &K) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.remove(key);
    }

    fn find_or_start(
        &self,
        key: &K,
        work: impl Future<Output = V> + Send + 'static,
    ) -> Shared<Work<V>> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = running.get(key).and_then(WeakShared::upgrade) {
            return shared;
        }
        if running.len() >= RUNNING_UNSWEPT_MAX {
            running.retain(|_, work| work.upgrade().is_some());
        }
        let work: Work<V> = Box::pin(work);
        let shared = work.shared();
        if let Some(weak) = shared.downgrade() {
            running.insert(key.clone(), weak);
        }
        shared
    }

    fn finished(&self, key: &K, shared: &Shared<Work<V>>) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        // Another work on the key may have begun since.
        let same = running
            .get(key)
            .and_then(WeakShared::upgrade)
            .is_none_or(|other| other.ptr_eq(shared));
        if same {
            running.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn work_on_one_key_is_done_once_and_on_another_beside_it() {
        let flights = Flights::<u8, u8>::default();
        let begun = Arc::new(AtomicUsize::new(0));
        let work = |value: u8| {
            let begun = Arc::clone(&begun);
            async move {
                begun.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                value
            }
        };
        let joined = tokio::join!(
            flights.join(1, work(10)),
            flights.join(1, work(11)),
            flights.join(2, work(20)),
        );
        assert_eq!(joined, (10, 10, 20));
        assert_eq!(begun.load(Ordering::Relaxed), 2);
        // What has ended is not shared any more.
        assert_eq!(flights.join(1, work(12)).await, 12);
    }

    #[tokio::test]
    async fn a_value_stays_for_others_while_somebody_needs_it_and_holds() {
        let flights = Flights::<u8, u8>::default();
        let (value, first) = flights.join_and_stay(1, async { 10 }).await;
        let (same, second) = flights.join_and_stay(1, async { 11 }).await;
        assert_eq!((value, same), (10, 10));
        drop(first);
        assert_eq!(flights.join_and_stay(1, async { 12 }).await.0, 10);
        drop(second);
        let (value, bad) = flights.join_and_stay(1, async { 13 }).await;
        assert_eq!(value, 13);
        flights.forget(&1);
        assert_eq!(flights.join_and_stay(1, async { 14 }).await.0, 14);
        drop(bad);
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_is_dropped_and_begins_anew() {
        let flights = Flights::<u8, u8>::default();
        let mut first = Box::pin(flights.join(1, async { std::future::pending().await }));
        let _ = futures_util::poll!(&mut first);
        drop(first);
        assert_eq!(flights.join(1, async { 2 }).await, 2);
    }
}

//! One work for all who want the same at the same time.
//!
//! The work behind a key begins with the first who joins, and is done once. [`UnderWay`]
//! is the table of what runs, and the one place where it is decided who joins and who
//! begins: a value that is there at the end is shared by [`Flights`], a file as it
//! arrives by `modules/fill.rs`.
//!
//! Two servers that wait for each other's shared work wait for ever: a request that has
//! passed a server that we ask must be refused before it joins work that asks it.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{Shared, WeakShared};

/// The work under way, by key.
pub(crate) struct UnderWay<K, W> {
    /// Held for a look-up or a change, never while somebody waits.
    running: Mutex<HashMap<K, W>>,
}

/// Something that others may join while it is under way.
pub(crate) trait Work {
    /// What one holds who has joined.
    type Seat;

    /// Joins; `None` when it has ended, or was dropped.
    fn join(&self) -> Option<Self::Seat>;

    /// Tells whether nobody can join any more.
    fn is_over(&self) -> bool;
}

/// Works above which those that are over are cleared away.
const RUNNING_UNSWEPT_MAX: usize = 64;

impl<K, W> Default for UnderWay<K, W> {
    fn default() -> Self {
        Self {
            running: Mutex::new(HashMap::new()),
        }
    }
}

impl<K, W> fmt::Debug for UnderWay<K, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnderWay")
    }
}

impl<K: Clone + Eq + Hash, W: Work> UnderWay<K, W> {
    /// Joins the work on `key`, or notes the one that `begin` begins; says which. `begin`
    /// is told how many are under way. It runs while the table is held: what takes time
    /// belongs into the work.
    ///
    /// # Errors
    /// That of `begin`; nothing is noted then.
    pub(crate) fn join<E>(
        &self,
        key: &K,
        begin: impl FnOnce(usize) -> Result<(W, W::Seat), E>,
    ) -> Result<Joined<W::Seat>, E> {
        let mut running = self.running();
        if let Some(seat) = running.get(key).and_then(W::join) {
            let began = false;
            return Ok(Joined { seat, began });
        }
        if running.len() >= RUNNING_UNSWEPT_MAX {
            running.retain(|_, work| !work.is_over());
        }
        let (work, seat) = begin(running.len())?;
        running.insert(key.clone(), work);
        let began = true;
        Ok(Joined { seat, began })
    }

    /// Lets nobody join the work on `key` any more, if `is_so` says that of it, and tells
    /// whether that was so. Nobody joins between the question and the answer; another
    /// work on the key may have begun before.
    pub(crate) fn remove_if(&self, key: &K, is_so: impl FnOnce(&W) -> bool) -> bool {
        let mut running = self.running();
        let removed = running.get(key).is_some_and(is_so);
        if removed {
            running.remove(key);
        }
        removed
    }

    /// Returns how many are under way.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.running().len()
    }

    fn running(&self) -> MutexGuard<'_, HashMap<K, W>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What joining came to.
pub(crate) struct Joined<S> {
    /// What is held of the work.
    pub(crate) seat: S,
    /// Whether this call began it.
    pub(crate) began: bool,
}

type Answering<V> = Pin<Box<dyn Future<Output = V> + Send>>;

impl<V: Clone> Work for WeakShared<Answering<V>> {
    type Seat = Shared<Answering<V>>;

    fn join(&self) -> Option<Self::Seat> {
        self.upgrade()
    }

    fn is_over(&self) -> bool {
        self.upgrade().is_none()
    }
}

/// What is being found out right now, by key.
///
/// Whoever waits drives the work; it is not a task of its own, and is dropped, wherever
/// it is, when the last one who waits has gone. What must not stop half-way belongs
/// in a blocking thread or a task that the work waits for.
pub(crate) struct Flights<K, V: Clone> {
    under_way: UnderWay<K, WeakShared<Answering<V>>>,
}

/// Keeps a value there for others.
#[derive(Clone)]
pub(crate) struct Landed<V: Clone>(
    #[expect(dead_code, reason = "it is held, not read")] Shared<Answering<V>>,
);

impl<V: Clone> fmt::Debug for Landed<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Landed")
    }
}

impl<K, V: Clone> fmt::Debug for Flights<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Flights")
    }
}

impl<K, V: Clone> Default for Flights<K, V> {
    fn default() -> Self {
        Self {
            under_way: UnderWay::default(),
        }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Flights<K, V> {
    /// Waits for the running work on `key`, or for `work` when there is none.
    pub(crate) async fn join(&self, key: K, work: impl Future<Output = V> + Send + 'static) -> V {
        let shared = self.find_or_start(&key, work);
        let value = shared.clone().await;
        // Another work on the key may have begun since.
        let is_it = |work: &WeakShared<_>| match work.upgrade() {
            Some(other) => other.ptr_eq(&shared),
            None => true,
        };
        self.under_way.remove_if(&key, is_it);
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
        self.under_way.remove_if(key, |_| true);
    }

    fn find_or_start(
        &self,
        key: &K,
        work: impl Future<Output = V> + Send + 'static,
    ) -> Shared<Answering<V>> {
        let begin = |_| {
            let work: Answering<V> = Box::pin(work);
            let shared = work.shared();
            // It has not been polled, so it has not ended.
            let weak = shared.downgrade().ok_or_else(|| shared.clone())?;
            Ok((weak, shared))
        };
        match self.under_way.join(key, begin) {
            Ok(joined) => joined.seat,
            Err(shared) => shared,
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

    #[test]
    fn what_is_over_is_cleared_away_and_what_may_not_begin_is_not_noted() {
        struct Plain(bool);
        impl Work for Plain {
            type Seat = ();
            fn join(&self) -> Option<()> {
                (!self.is_over()).then_some(())
            }
            fn is_over(&self) -> bool {
                self.0
            }
        }
        let table = UnderWay::<usize, Plain>::default();
        let begin = |key: usize, is_over: bool| {
            let joined = table.join(&key, |_| Ok::<_, ()>((Plain(is_over), ())));
            joined.map(|joined| joined.began)
        };
        assert_eq!((begin(0, false), begin(0, false)), (Ok(true), Ok(false)));
        for key in 1..RUNNING_UNSWEPT_MAX {
            assert_eq!(begin(key, true), Ok(true));
        }
        assert_eq!(table.len(), RUNNING_UNSWEPT_MAX);
        assert_eq!(begin(1, true), Ok(true), "one that is over is not joined");
        assert_eq!(table.len(), 2);
        assert_eq!(table.join(&2, Err).err(), Some(2));
        assert_eq!(table.len(), 2);
        assert!(!table.remove_if(&0, |_| false));
        assert!(table.remove_if(&0, |_| true) && !table.remove_if(&0, |_| true));
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

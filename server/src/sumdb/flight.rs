//! One answer for all who ask the same at the same time.

use std::collections::HashMap;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{Shared, WeakShared};

type Work<V> = Pin<Box<dyn Future<Output = V> + Send>>;

/// What is being found out right now, by key.
///
/// Whoever waits drives the work; it is no task of its own, and ends when the
/// last one who waits has gone.
pub(super) struct Flights<K, V> {
    /// Held for a look-up or an insertion, never while somebody waits.
    running: Mutex<HashMap<K, WeakShared<Work<V>>>>,
}

/// Entries above which those that nobody waits for any more are cleared away.
const RUNNING_UNSWEPT_MAX: usize = 64;

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self {
            running: Mutex::new(HashMap::new()),
        }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Flights<K, V> {
    /// Waits for the running work on `key`, or for `work` when there is none.
    pub(super) async fn join(&self, key: K, work: impl Future<Output = V> + Send + 'static) -> V {
        let shared = self.find_or_start(&key, work);
        let value = shared.clone().await;
        self.finished(&key, &shared);
        value
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

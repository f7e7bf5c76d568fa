//! How many transfers there may be at once.
//!
//! Zips have a pool of their own, so that many slow ones leave room for the lists
//! and `.mod` files that every build begins with. Answers of checksum databases
//! come in dozens for one look-up; they share the pool of texts, but a part of that
//! stays out of their reach.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Limits;

/// What a transfer is for, which decides how many there may be at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// A module zip: `limits.fetches_max` at once.
    Zip,
    /// A list, a `.info` or a `.mod`: `limits.text_fetches_max` at once.
    Text,
    /// An answer of a checksum database: of the pool of texts, never all of it.
    Database,
}

/// Room for transfers, by class.
#[derive(Debug)]
pub(super) struct Rooms {
    zips: Arc<Semaphore>,
    texts: Arc<Semaphore>,
    /// Those of `texts` that databases may take.
    databases: Arc<Semaphore>,
}

/// Room for one transfer, given back when dropped.
#[derive(Debug)]
pub(super) struct Room {
    _permits: [Option<OwnedSemaphorePermit>; 2],
}

impl Rooms {
    pub(super) fn new(limits: &Limits) -> Self {
        let pool = |at_once: usize| {
            let at_once = at_once.clamp(1, Semaphore::MAX_PERMITS);
            Arc::new(Semaphore::new(at_once))
        };
        let kept_free = (limits.text_fetches_max / KEPT_FREE_OF).max(1);
        Self {
            zips: pool(limits.fetches_max),
            texts: pool(limits.text_fetches_max),
            // A pool of one has no part to keep free.
            databases: pool(limits.text_fetches_max.saturating_sub(kept_free)),
        }
    }

    /// Waits for room.
    pub(super) async fn enter(&self, class: Class) -> Room {
        // Always in this order, so that none waits for what another holds.
        let permits = match class {
            Class::Zip => [permit(&self.zips).await, None],
            Class::Text => [permit(&self.texts).await, None],
            Class::Database => [permit(&self.databases).await, permit(&self.texts).await],
        };
        Room { _permits: permits }
    }

    /// Returns how many transfers there is room for: zips, texts, databases.
    #[cfg(test)]
    pub(super) fn free(&self) -> [usize; 3] {
        [&self.zips, &self.texts, &self.databases].map(|pool| pool.available_permits())
    }
}

/// One part in so many of the pool of texts is not for databases.
const KEPT_FREE_OF: usize = 4;

async fn permit(pool: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    // It fails only for a closed pool, and these are never closed.
    Arc::clone(pool).acquire_owned().await.ok()
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn rooms(zips: usize, texts: usize) -> Rooms {
        Rooms::new(&Limits {
            fetches_max: zips,
            text_fetches_max: texts,
            ..Limits::default()
        })
    }

    /// Takes as much room as there is.
    fn fill(rooms: &Rooms, class: Class) -> Vec<Room> {
        std::iter::from_fn(|| rooms.enter(class).now_or_never()).collect()
    }

    #[test]
    fn zips_leave_the_room_of_texts_alone() {
        let rooms = rooms(3, 8);
        let zips = fill(&rooms, Class::Zip);
        assert_eq!(zips.len(), 3);
        assert_eq!(fill(&rooms, Class::Text).len(), 8);
        drop(zips);
        assert_eq!(fill(&rooms, Class::Zip).len(), 3);
    }

    #[test]
    fn databases_never_take_all_the_room_of_texts() {
        for (texts, databases) in [(1, 1), (2, 1), (4, 3), (8, 6), (128, 96)] {
            let rooms = rooms(1, texts);
            let taken = fill(&rooms, Class::Database);
            assert_eq!(taken.len(), databases, "of {texts}");
            assert_eq!(fill(&rooms, Class::Text).len(), texts - databases);
        }
    }
}

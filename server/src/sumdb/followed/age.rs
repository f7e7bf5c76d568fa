//! How long the newest head has been the newest.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::{Followed, HEAD_FRESH};
use crate::blocking::{self, CALL_MAX};
use crate::sumdb::fetch::Hops;
use crate::telemetry::events;

impl Followed {
    /// How long ago the newest head was accepted.
    pub(crate) fn head_age(&self) -> Option<Duration> {
        let accepted_at = self.state().accepted_at?;
        // A clock that was set back makes it new again.
        Some(
            SystemTime::now()
                .duration_since(accepted_at)
                .unwrap_or_default(),
        )
    }

    /// Whether the newest head has been the newest for longer than the settings allow:
    /// the log does not grow, or somebody shows us an old one. Where nobody can be
    /// asked, that says nothing.
    pub(crate) fn is_standing_still(&self) -> bool {
        let age = self.head_age();
        let max = self.head_age_max;
        max.is_some_and(|max| age.is_some_and(|age| age > max)) && self.remote.is_reachable()
    }

    /// Returns when each head was accepted, in seconds since 1970, and its records: at most
    /// `points` of them, and the newest.
    ///
    /// # Errors
    /// What the disk answers.
    pub(crate) async fn growth(&self, points: u32) -> io::Result<Vec<(u64, u64)>> {
        let archive = self.archive.clone();
        let points = usize::try_from(points).unwrap_or(usize::MAX).max(1);
        let read = move || {
            let mut sizes = archive.head_sizes()?;
            sizes.reverse();
            let step = sizes.len().div_ceil(points).max(1);
            let newest = sizes.last().copied();
            let some = sizes.into_iter().step_by(step).chain(newest);
            let timed = some.filter_map(|size| {
                let at = archive.head_accepted_at(size)?;
                Some((at.duration_since(UNIX_EPOCH).ok()?.as_secs(), size))
            });
            Ok(timed.collect())
        };
        blocking::run_within(CALL_MAX, read).await
    }

    /// Asks for a newer head when ours stands still, because maybe no client has; and
    /// tells the log when that begins and when it ends.
    pub(super) async fn check_age(self: &Arc<Self>) {
        if self.is_standing_still() && self.is_due(HEAD_FRESH) {
            // It tells the log itself.
            let _ = self.refresh(&Hops::default()).await;
        } else {
            self.tell_age();
        }
    }

    /// Tells the log when the head begins to stand still, and when that ends.
    pub(super) fn tell_age(&self) {
        let still = self.is_standing_still();
        if std::mem::replace(&mut self.state().told_still, still) == still {
            return;
        }
        let (database, records) = (self.name(), self.head_size().unwrap_or(0));
        let age_seconds = self.head_age().unwrap_or_default().as_secs();
        if still {
            events::tell(
                events::Kind::HeadStale,
                || json!({ "database": database, "records": records, "age_seconds": age_seconds }),
            );
            tracing::error!(
                database,
                records,
                age_seconds,
                "the newest head of a checksum database stands still for longer than \
                 head_age_max; it has stopped growing, or an old state of it is shown to us"
            );
        } else {
            tracing::info!(
                database,
                records,
                "the head of a checksum database moves again"
            );
        }
    }
}

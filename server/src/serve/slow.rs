//! Clients that are too slow: who sends a request byte by byte, who takes an answer
//! byte by byte, who keeps a connection and wants nothing.
//!
//! What happens on a connection is only counted, which costs a request a few
//! additions and no look at the clock. One timer a connection looks at the counts;
//! hyper's own limit on a request's head would register a timer for each.
//!
//! A connection is cut when
//! - nothing was asked, answered or taken for `idle_timeout`,
//! - an HTTP/1 request's first byte came, and after `header_read_timeout` its head
//!   is not whole (a new connection's time runs from its start), or
//! - something of an answer waited for the client for `write_stall_timeout`, and
//!   meanwhile the client took less than [`RATE_MIN`] bytes a second of answers.
//!   It is the same whether TCP or HTTP/2's flow control makes it wait, and what
//!   HTTP/2 sends beside answers (pings answered, say) is not taken for progress.
//!
//! An answer is taken when its bytes are written to the stream, not when hyper has
//! them: hyper takes a body of 500 MB at once and then writes for minutes.
//!
//! The looks are a quarter of the shortest limit apart, so that a connection may
//! live on for two looks past its limit; it is never cut before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::config;

mod answer;
mod stream;

pub(crate) use answer::Open;
pub(crate) use stream::Guarded;

/// Bytes a second that a client must take of an answer while we wait for it. Far
/// below any network that can carry modules: it is for clients that mean harm.
pub(crate) const RATE_MIN: u64 = 1024;

/// Watches one connection. Clones watch the same one.
#[derive(Clone, Debug)]
pub(crate) struct Watch(Arc<Counts>);

/// What happens on a connection. Each count stands for itself, so no order between
/// them is needed.
#[derive(Debug)]
struct Counts {
    /// Requests whose answers hyper has not wholly taken.
    open: AtomicU64,
    /// Bodies and pieces of them that wait for the client to take something.
    waiting: AtomicU64,
    /// Requests, ever.
    requests: AtomicU64,
    /// Told of the first request; one who waits later is let through at once.
    first: Notify,
    /// Bytes of bodies written to the stream, ever.
    taken: AtomicU64,
    /// Whether a head's first byte came, or must come, and its last did not.
    in_head: AtomicBool,
    /// Whether the bytes of an answer could not be read.
    unreadable: AtomicBool,
}

/// Why a connection should be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slow {
    /// Nothing was asked for too long.
    Idle,
    /// A request's head did not come whole in time.
    Head,
    /// Too little was taken of an answer.
    Answer,
}

impl Watch {
    /// Watches a connection that begins now.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Counts {
            open: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            first: Notify::new(),
            taken: AtomicU64::new(0),
            in_head: AtomicBool::new(true),
            unreadable: AtomicBool::new(false),
        }))
    }

    /// Wraps the connection's stream, above TLS: its plain bytes tell HTTP/1 and 2
    /// apart.
    pub(crate) fn guard<S>(&self, stream: S) -> Guarded<S> {
        Guarded::new(stream, self.clone())
    }

    /// Notes that a request's head was read.
    pub(crate) fn request(&self) -> Open {
        Open::new(self.clone())
    }

    /// Returns when a request's head was read, at once where one was already.
    pub(crate) async fn asked(&self) {
        let first = self.0.first.notified();
        if self.0.requests.load(Ordering::Acquire) == 0 {
            first.await;
        }
    }

    /// Returns when the client was too slow.
    pub(crate) async fn too_slow(&self, limits: &config::Limits) -> Slow {
        let mut past = Past::new(limits);
        let shortest = past.idle.min(past.head).min(past.stall);
        let mut looks = tokio::time::interval((shortest / 4).max(LOOKS_APART_MIN));
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            if let Some(slow) = past.look(&self.0, Instant::now()) {
                return slow;
            }
        }
    }
}

/// How often a connection is looked at, at the most.
const LOOKS_APART_MIN: Duration = Duration::from_millis(1);

/// What earlier looks at a connection saw.
struct Past {
    idle: Duration,
    head: Duration,
    stall: Duration,
    /// `requests` and `taken` at the last look.
    seen: (u64, u64),
    /// The last look that saw something done or to be done.
    active: Option<Instant>,
    /// Since when a head is on its way and nothing else.
    in_head: Option<Instant>,
    /// Since when every look saw an answer wait, and `taken` then.
    waiting: Option<(Instant, u64)>,
}

impl Past {
    fn new(limits: &config::Limits) -> Self {
        Self {
            idle: limits.idle_timeout,
            head: limits.header_read_timeout,
            stall: limits.write_stall_timeout,
            seen: (0, 0),
            active: None,
            in_head: None,
            waiting: None,
        }
    }

    fn look(&mut self, counts: &Counts, now: Instant) -> Option<Slow> {
        let is_waiting = counts.waiting.load(Ordering::Relaxed) > 0;
        let taken = counts.taken.load(Ordering::Relaxed);
        if is_waiting {
            let (since, taken_then) = *self.waiting.get_or_insert((now, taken));
            if now - since >= self.stall {
                let want = self.stall.as_secs().max(1).saturating_mul(RATE_MIN);
                if taken.saturating_sub(taken_then) < want {
                    return Some(Slow::Answer);
                }
                self.waiting = Some((now, taken));
            }
        } else {
            self.waiting = None;
        }

        let seen = (counts.requests.load(Ordering::Relaxed), taken);
        if is_waiting || counts.open.load(Ordering::Relaxed) > 0 || seen != self.seen {
            self.seen = seen;
            self.active = Some(now);
            self.in_head = None;
        }
        if counts.in_head.load(Ordering::Relaxed) {
            let since = *self.in_head.get_or_insert(now);
            if now - since >= self.head {
                return Some(Slow::Head);
            }
        } else {
            self.in_head = None;
        }
        let active = *self.active.get_or_insert(now);
        (now - active >= self.idle).then_some(Slow::Idle)
    }
}

#[cfg(test)]
mod tests;

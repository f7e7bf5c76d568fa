//! What is known of a host: its breaker, and what went wrong last.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::breaker::{self, Admit, Breaker, Cause, Change, Pass};
use crate::metrics::{Breaker as State, Metrics, Outcome};

/// A scheme, host and port that are asked; shared by every entry that names them.
#[derive(Debug)]
pub(super) struct Host {
    /// Its label in metrics and logs: `proxy.example:8443`, or `file`.
    pub(super) name: Arc<str>,
    metrics: Arc<Metrics>,
    /// Names files in a row of failures.
    hashes: RandomState,
    /// Held for a few instructions at a time, never across an await.
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    breaker: Breaker,
    last_failure: Option<(Instant, String)>,
    /// When it last answered anything.
    last_answer: Option<Instant>,
}

/// What a host was doing when asked about.
#[derive(Debug, Clone)]
pub(crate) struct Health {
    /// The entry's base URL without userinfo.
    pub(crate) label: Arc<str>,
    pub(crate) breaker: State,
    /// How long ago it last failed, and why; holds no secrets.
    pub(crate) last_failure: Option<(Duration, String)>,
}

impl Health {
    /// Returns how the upstream is doing, in words for people.
    pub(crate) fn state(&self) -> &'static str {
        match self.breaker {
            State::Closed => "asked",
            State::Open => "left alone for a while",
            State::HalfOpen => "being tried again",
        }
    }
}

impl Host {
    pub(super) fn new(name: &str, limits: breaker::Limits, metrics: Arc<Metrics>) -> Self {
        Self {
            name: name.into(),
            metrics,
            hashes: RandomState::new(),
            inner: Mutex::new(Inner {
                breaker: Breaker::new(limits),
                last_failure: None,
                last_answer: None,
            }),
        }
    }

    /// Asks to make a transfer.
    ///
    /// # Errors
    /// How long to leave the host alone.
    pub(super) fn admit(self: &Arc<Self>, path: &str) -> Result<Trial, Duration> {
        let since = now();
        let mut inner = self.lock();
        let admit = inner.breaker.admit(since);
        self.metrics.breaker(&self.name, inner.breaker.state());
        match admit {
            Admit::Wait(wait) => {
                self.count(Outcome::BreakerOpen, since);
                Err(wait)
            }
            Admit::Pass(pass) => Ok(Trial {
                host: Arc::clone(self),
                pass: Some(pass),
                file: self.hashes.hash_one(path),
                since,
                blame: Blame::Nobody,
            }),
        }
    }

    /// Counts a request, begun at `since`, that no breaker watches.
    pub(super) fn count(&self, outcome: Outcome, since: Instant) {
        let duration = now().saturating_duration_since(since);
        self.metrics.upstream(&self.name, outcome, duration);
    }

    pub(super) fn health(&self, label: Arc<str>) -> Health {
        let now = now();
        let inner = self.lock();
        let since = |then: Instant| now.saturating_duration_since(then);
        Health {
            label,
            breaker: inner.breaker.state(),
            last_failure: inner
                .last_failure
                .as_ref()
                .map(|(then, reason)| (since(*then), reason.clone())),
        }
    }

    fn record(&self, pass: Pass, outcome: breaker::Outcome) {
        let (change, reason) = {
            let mut inner = self.lock();
            let change = inner.breaker.record(now(), pass, outcome);
            self.metrics.breaker(&self.name, inner.breaker.state());
            let reason = inner
                .last_failure
                .as_ref()
                .map(|(_, reason)| reason.clone());
            (change, reason.unwrap_or_default())
        };
        if let Some(change) = change {
            self.tell(change, &reason);
        }
    }

    /// Logs that the host is left alone, or asked again.
    fn tell(&self, change: Change, reason: &str) {
        let host = &*self.name;
        let seconds = |time: Duration| time.as_secs_f64();
        match change {
            Change::Opened(Cause::Row(failures), open) => tracing::warn!(
                upstream.host = host,
                failures,
                open_s = seconds(open),
                reason,
                "the upstream failed so often in a row that it is left alone for a while; what is stored is served"
            ),
            Change::Opened(Cause::Rate(ended), open) => tracing::warn!(
                upstream.host = host,
                failures = ended.failures,
                transfers = ended.transfers,
                open_s = seconds(open),
                reason,
                "so many of the last transfers failed that the upstream is left alone for a while; what is stored is served"
            ),
            Change::StaysOpen(open) => tracing::info!(
                upstream.host = host,
                open_s = seconds(open),
                reason,
                "the upstream was tried again and failed"
            ),
            Change::Closed => {
                tracing::info!(upstream.host = host, "the upstream is asked again");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here panics half way through a change.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One transfer from a host, with all its attempts. The breaker learns how it ended, not
/// how many attempts it took.
///
/// Dropped without an end it tells that nothing was learned: a client that leaves, or
/// a cancelled probe, is not a failure of the host.
#[derive(Debug)]
pub(super) struct Trial {
    host: Arc<Host>,
    pass: Option<Pass>,
    /// A hash of the path that is asked for.
    file: u64,
    /// When the present request began.
    since: Instant,
    blame: Blame,
}

/// What a failed request says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blame {
    /// The host cannot be reached.
    Host,
    /// The host, reached, failed at this file.
    File,
    /// Nothing of the host's health: it answers, and what it answers is about the one
    /// file, or about whoever asks.
    Nobody,
}

impl Trial {
    /// A request of this transfer begins.
    pub(super) fn begin(&mut self) {
        self.since = now();
        self.blame = Blame::Nobody;
    }

    /// The host has answered something, whatever it was.
    pub(super) fn heard(&self) {
        self.host.lock().last_answer = Some(now());
    }

    /// Tells that the answer has begun. A host on trial has passed; for others the
    /// end of the body tells, or a host that breaks every transfer half way would
    /// count as good.
    pub(super) fn answered(&mut self) {
        if self.host.lock().breaker.state() == State::HalfOpen
            && let Some(pass) = self.pass.take()
        {
            self.host.record(pass, breaker::Outcome::Success);
            self.pass = Some(pass.after_probe());
        }
    }

    /// The transfer ended well, or in a way that was the host's to choose.
    pub(super) fn succeeded(&mut self, outcome: Outcome) {
        self.host.count(outcome, self.since);
        self.end(breaker::Outcome::Success);
    }

    /// A request failed. The transfer may still go on with another.
    pub(super) fn failed(&mut self, outcome: Outcome, blame: Blame, reason: &str) {
        self.host.lock().last_failure = Some((now(), reason.to_owned()));
        self.host.count(outcome, self.since);
        self.blame = blame;
    }

    /// Nothing came in time. A host that answered others meanwhile is busy with this
    /// file: a module proxy may take minutes over a large one it has not seen.
    pub(super) fn late(&mut self, reason: &str) {
        let heard = self.host.lock().last_answer;
        let blame = match heard.is_some_and(|heard| heard >= self.since) {
            true => Blame::Nobody,
            false => Blame::File,
        };
        self.failed(Outcome::Timeout, blame, reason);
    }

    /// No further request is made: what the last one came to is the transfer's end.
    pub(super) fn give_up(mut self) {
        self.end(match self.blame {
            Blame::Host => breaker::Outcome::Failure,
            Blame::File => breaker::Outcome::FileFailure(self.file),
            Blame::Nobody => breaker::Outcome::Unknown,
        });
    }

    fn end(&mut self, outcome: breaker::Outcome) {
        if let Some(pass) = self.pass.take() {
            self.host.record(pass, outcome);
        }
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        self.end(breaker::Outcome::Unknown);
    }
}

/// The clock of breakers: tokio's, which tests can stop.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

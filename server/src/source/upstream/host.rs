//! What is known of a host: its breaker, and what went wrong last.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::breaker::{self, Admit, Breaker, Pass};
use crate::metrics::{Breaker as State, Metrics, Outcome};

/// A scheme, host and port that are asked; shared by every entry that names them.
#[derive(Debug)]
pub(super) struct Host {
    /// Its label in metrics and logs: `proxy.example:8443`, or `file`.
    pub(super) name: Arc<str>,
    metrics: Arc<Metrics>,
    /// Held for a few instructions at a time, never across an await.
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    breaker: Breaker,
    last_failure: Option<(Instant, String)>,
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
            inner: Mutex::new(Inner {
                breaker: Breaker::new(limits),
                last_failure: None,
            }),
        }
    }

    /// Asks to make a request.
    ///
    /// # Errors
    /// How long to leave the host alone.
    pub(super) fn admit(self: &Arc<Self>) -> Result<Permit, Duration> {
        let since = now();
        let mut inner = self.lock();
        let admit = inner.breaker.admit(since);
        self.metrics.breaker(&self.name, inner.breaker.state());
        match admit {
            Admit::Wait(wait) => {
                self.count(Outcome::BreakerOpen, since);
                Err(wait)
            }
            Admit::Pass(pass) => Ok(Permit {
                host: Arc::clone(self),
                pass: Some(pass),
                since,
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
        let mut inner = self.lock();
        inner.breaker.record(now(), pass, outcome);
        self.metrics.breaker(&self.name, inner.breaker.state());
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here panics half way through a change.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to make one request. Dropped unused, it tells the breaker that nothing
/// was learned, so that a cancelled probe cannot keep a breaker half open.
#[derive(Debug)]
pub(super) struct Permit {
    host: Arc<Host>,
    pass: Option<Pass>,
    since: Instant,
}

impl Permit {
    /// The request ended well, or in a way that was the host's to choose.
    pub(super) fn succeeded(mut self, outcome: Outcome) {
        self.host.count(outcome, self.since);
        self.end(breaker::Outcome::Success);
    }

    /// The host failed.
    pub(super) fn failed(mut self, outcome: Outcome, reason: &str) {
        self.note(outcome, reason);
        self.end(breaker::Outcome::Failure);
    }

    /// The host failed in a way that may be about this one file.
    pub(super) fn unclear(mut self, outcome: Outcome, reason: &str) {
        self.note(outcome, reason);
        self.end(breaker::Outcome::Unknown);
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

    fn note(&self, outcome: Outcome, reason: &str) {
        self.host.lock().last_failure = Some((now(), reason.to_owned()));
        self.host.count(outcome, self.since);
    }

    fn end(&mut self, outcome: breaker::Outcome) {
        if let Some(pass) = self.pass.take() {
            self.host.record(pass, outcome);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.end(breaker::Outcome::Unknown);
    }
}

/// The clock of breakers: tokio's, which tests can stop.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

//! What is known of a host: its breaker, and what went wrong last.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::breaker::{self, Admit, Breaker, Outcome, Pass, State};

/// A scheme, host and port that are asked; shared by every entry that names them.
#[derive(Debug)]
pub(super) struct Host {
    /// `https://proxy.example:8443`, or `file`.
    pub(super) origin: Arc<str>,
    /// Held for a few instructions at a time, never across an await.
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    breaker: Breaker,
    last_success: Option<Instant>,
    last_failure: Option<(Instant, String)>,
}

/// What a host was doing when asked about.
#[derive(Debug, Clone)]
pub(crate) struct Health {
    /// The entry's base URL without userinfo.
    pub(crate) label: Arc<str>,
    /// Scheme, host and port.
    pub(crate) origin: Arc<str>,
    pub(crate) breaker: State,
    /// How long requests will still be refused.
    pub(crate) retry_after: Option<Duration>,
    /// How long ago it last did its work.
    pub(crate) last_success: Option<Duration>,
    /// How long ago it last failed, and why; holds no secrets.
    pub(crate) last_failure: Option<(Duration, String)>,
}

impl Host {
    pub(super) fn new(origin: &str, limits: breaker::Limits) -> Self {
        Self {
            origin: origin.into(),
            inner: Mutex::new(Inner {
                breaker: Breaker::new(limits),
                last_success: None,
                last_failure: None,
            }),
        }
    }

    /// Asks to make a request.
    ///
    /// # Errors
    /// How long to leave the host alone.
    pub(super) fn admit(self: &Arc<Self>) -> Result<Permit, Duration> {
        let now = now();
        match self.lock().breaker.admit(now) {
            Admit::Wait(wait) => Err(wait),
            Admit::Pass(pass) => Ok(Permit {
                host: Arc::clone(self),
                pass: Some(pass),
            }),
        }
    }

    pub(super) fn health(&self, label: Arc<str>) -> Health {
        let now = now();
        let inner = self.lock();
        let since = |then: Instant| now.saturating_duration_since(then);
        Health {
            label,
            origin: Arc::clone(&self.origin),
            breaker: inner.breaker.state(),
            retry_after: inner.breaker.wait(now),
            last_success: inner.last_success.map(since),
            last_failure: inner
                .last_failure
                .as_ref()
                .map(|(then, reason)| (since(*then), reason.clone())),
        }
    }

    fn record(&self, pass: Pass, outcome: Outcome) {
        self.lock().breaker.record(now(), pass, outcome);
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
}

impl Permit {
    pub(super) fn succeeded(mut self) {
        self.host.lock().last_success = Some(now());
        self.end(Outcome::Success);
    }

    pub(super) fn failed(mut self, reason: &str) {
        self.host.lock().last_failure = Some((now(), reason.to_owned()));
        self.end(Outcome::Failure);
    }

    /// The host answered badly in a way that may be about this one file.
    pub(super) fn unclear(mut self, reason: &str) {
        self.host.lock().last_failure = Some((now(), reason.to_owned()));
        self.end(Outcome::Unknown);
    }

    /// Tells that the answer has begun. A host on trial has passed; for others the
    /// end of the body tells, or a host that breaks every transfer half way would
    /// count as good.
    pub(super) fn answered(&mut self) {
        if self.host.lock().breaker.state() == State::HalfOpen {
            self.end(Outcome::Success);
        }
    }

    fn end(&mut self, outcome: Outcome) {
        if let Some(pass) = self.pass.take() {
            self.host.record(pass, outcome);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.end(Outcome::Unknown);
    }
}

/// The clock of breakers: tokio's, which tests can stop.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

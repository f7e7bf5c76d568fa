//! A circuit breaker: a host that keeps failing is left alone for a while.
//!
//! It opens when transfers fail one after the other, and when too many of those of the last
//! moments did. A host that nobody asks for much is dead after a few failures; one that many
//! ask for is of no use when half of its transfers fail, though the others succeed.
//!
//! A clocked struct: it is asked and told with the time as an argument, waits
//! for nothing and owns no task.

use std::time::{Duration, Instant};

use super::window::{Ended, Window};
use crate::metrics::Breaker as State;

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// Failures in a row that open it. Zero counts as one.
    pub(super) failures_max: u32,
    /// Failures in a hundred transfers of a window that open it.
    pub(super) failures_percent: u32,
    /// How many transfers a window has before their rate means something. Zero counts as
    /// one.
    pub(super) transfers_min: u32,
    /// How long a transfer is remembered.
    pub(super) window: Duration,
    /// How long it stays open the first time.
    pub(super) open_min: Duration,
    /// The longest it stays open; each time in a row doubles the last.
    pub(super) open_max: Duration,
}

/// Whether a request may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admit {
    /// It may. The pass is given back with the outcome, always.
    Pass(Pass),
    /// It may not for this long.
    Wait(Duration),
}

/// What an admitted request holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass {
    /// The one request that finds out whether the host is back.
    probe: bool,
}

impl Pass {
    /// Returns the pass of a probe that has been told of and still goes on.
    pub(super) fn after_probe(self) -> Self {
        Self { probe: false }
    }
}

/// How an admitted request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The host did its work. "Not found" and a refusal are such work too.
    Success,
    /// The host could not be reached.
    Failure,
    /// The host was reached and failed at one file, named by a hash of its path. In a
    /// row of failures, and in a window, each file counts once: one that cannot be had,
    /// asked for again and again, must not close a host that serves others.
    FileFailure(u64),
    /// Nothing was learned: the request was dropped, or failed for reasons that
    /// say little about the host.
    Unknown,
}

/// Why it opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// So many failures in a row.
    Row(u32),
    /// So many failures of so many transfers of a window.
    Rate(Ended),
}

/// What became of it when a transfer ended, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// It opened, for this reason and so long.
    Opened(Cause, Duration),
    /// The probe failed: it stays open so long.
    StaysOpen(Duration),
    /// It closed: the host is asked again.
    Closed,
}

#[derive(Debug)]
pub(super) struct Breaker {
    limits: Limits,
    inner: Phase,
}

#[derive(Debug)]
enum Phase {
    Closed {
        row: Row,
        window: Window,
    },
    /// `round` counts the times it opened since it was last closed.
    Open {
        until: Instant,
        round: u32,
        cause: Cause,
    },
    HalfOpen {
        round: u32,
        cause: Cause,
    },
}

/// Failures in a row: how many, and of which files those were that name one. Never more than
/// [`Limits::failures_max`].
#[derive(Debug, Default)]
struct Row {
    failures: u32,
    files: Vec<u64>,
}

impl Row {
    fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Success => *self = Self::default(),
            Outcome::Unknown => {}
            Outcome::FileFailure(file) if self.files.contains(&file) => {}
            Outcome::FileFailure(file) => {
                self.files.push(file);
                self.failures = self.failures.saturating_add(1);
            }
            Outcome::Failure => self.failures = self.failures.saturating_add(1),
        }
    }
}

impl Outcome {
    fn is_failure(self) -> bool {
        match self {
            Self::Failure | Self::FileFailure(_) => true,
            Self::Success | Self::Unknown => false,
        }
    }
}

impl Breaker {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            inner: closed(limits),
        }
    }

    /// Asks to make a request. When the time is up, exactly one caller gets through.
    pub(super) fn admit(&mut self, now: Instant) -> Admit {
        match self.inner {
            Phase::Closed { .. } => Admit::Pass(Pass { probe: false }),
            Phase::Open {
                until,
                round,
                cause,
            } if now >= until => {
                self.inner = Phase::HalfOpen { round, cause };
                Admit::Pass(Pass { probe: true })
            }
            Phase::Open { until, .. } => Admit::Wait(until - now),
            // How long the probe takes is not known; the caller's next try will tell.
            Phase::HalfOpen { .. } => Admit::Wait(self.limits.open_min),
        }
    }

    /// Tells how an admitted request ended. Returns what that changed.
    ///
    /// Requests from before the breaker opened may end after it. Their failure is no news;
    /// their success closes a breaker that a row of failures opened, and says nothing
    /// where some succeed anyway.
    pub(super) fn record(&mut self, now: Instant, pass: Pass, outcome: Outcome) -> Option<Change> {
        match &mut self.inner {
            Phase::Closed { row, window } => {
                row.count(outcome);
                match outcome {
                    Outcome::Success => window.succeeded(now),
                    Outcome::Failure => window.failed(now, None),
                    Outcome::FileFailure(file) => window.failed(now, Some(file)),
                    Outcome::Unknown => {}
                }
                let cause = cause(&self.limits, row, window)?;
                Some(Change::Opened(cause, self.open(now, 1, cause)))
            }
            Phase::Open { cause, .. } | Phase::HalfOpen { cause, .. }
                if outcome == Outcome::Success
                    && (pass.probe || matches!(cause, Cause::Row(_))) =>
            {
                self.inner = closed(self.limits);
                Some(Change::Closed)
            }
            Phase::HalfOpen { round, cause } if pass.probe && outcome.is_failure() => {
                let (round, cause) = (round.saturating_add(1), *cause);
                Some(Change::StaysOpen(self.open(now, round, cause)))
            }
            // The probe went away unheard: the next caller may be one.
            Phase::HalfOpen { round, cause } if pass.probe => {
                self.inner = Phase::Open {
                    until: now,
                    round: *round,
                    cause: *cause,
                };
                None
            }
            Phase::Open { .. } | Phase::HalfOpen { .. } => None,
        }
    }

    pub(super) fn state(&self) -> State {
        match self.inner {
            Phase::Closed { .. } => State::Closed,
            Phase::Open { .. } => State::Open,
            Phase::HalfOpen { .. } => State::HalfOpen,
        }
    }

    fn open(&mut self, now: Instant, round: u32, cause: Cause) -> Duration {
        let factor = 2u32.saturating_pow(round - 1);
        let open = self.limits.open_min.saturating_mul(factor);
        let open = open.min(self.limits.open_max);
        self.inner = Phase::Open {
            until: now + open,
            round,
            cause,
        };
        open
    }
}

fn closed(limits: Limits) -> Phase {
    Phase::Closed {
        row: Row::default(),
        window: Window::new(limits.window),
    }
}

/// Returns why a closed breaker opens; `None` when it stays closed.
fn cause(limits: &Limits, row: &Row, window: &Window) -> Option<Cause> {
    if row.failures > 0 && row.failures >= limits.failures_max {
        return Some(Cause::Row(row.failures));
    }
    let ended = window.ended();
    let is_enough = ended.transfers >= limits.transfers_min.max(1);
    let is_too_many = ended.failures > 0 && ended.percent() >= limits.failures_percent;
    (is_enough && is_too_many).then_some(Cause::Rate(ended))
}

#[cfg(test)]
mod tests;

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
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
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
            Inner::Closed { .. } => Admit::Pass(Pass { probe: false }),
            Inner::Open {
                until,
                round,
                cause,
            } if now >= until => {
                self.inner = Inner::HalfOpen { round, cause };
                Admit::Pass(Pass { probe: true })
            }
            Inner::Open { until, .. } => Admit::Wait(until - now),
            // How long the probe takes is not known; the caller's next try will tell.
            Inner::HalfOpen { .. } => Admit::Wait(self.limits.open_min),
        }
    }

    /// Tells how an admitted request ended. Returns what that changed.
    ///
    /// Requests from before the breaker opened may end after it. Their failure is no news;
    /// their success closes a breaker that a row of failures opened, and says nothing
    /// where some succeed anyway.
    pub(super) fn record(&mut self, now: Instant, pass: Pass, outcome: Outcome) -> Option<Change> {
        match &mut self.inner {
            Inner::Closed { row, window } => {
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
            Inner::Open { cause, .. } | Inner::HalfOpen { cause, .. }
                if outcome == Outcome::Success
                    && (pass.probe || matches!(cause, Cause::Row(_))) =>
            {
                self.inner = closed(self.limits);
                Some(Change::Closed)
            }
            Inner::HalfOpen { round, cause } if pass.probe && outcome.is_failure() => {
                let (round, cause) = (round.saturating_add(1), *cause);
                Some(Change::StaysOpen(self.open(now, round, cause)))
            }
            // The probe went away unheard: the next caller may be one.
            Inner::HalfOpen { round, cause } if pass.probe => {
                self.inner = Inner::Open {
                    until: now,
                    round: *round,
                    cause: *cause,
                };
                None
            }
            Inner::Open { .. } | Inner::HalfOpen { .. } => None,
        }
    }

    pub(super) fn state(&self) -> State {
        match self.inner {
            Inner::Closed { .. } => State::Closed,
            Inner::Open { .. } => State::Open,
            Inner::HalfOpen { .. } => State::HalfOpen,
        }
    }

    fn open(&mut self, now: Instant, round: u32, cause: Cause) -> Duration {
        let factor = 2u32.saturating_pow(round - 1);
        let open = self.limits.open_min.saturating_mul(factor);
        let open = open.min(self.limits.open_max);
        self.inner = Inner::Open {
            until: now + open,
            round,
            cause,
        };
        open
    }
}

fn closed(limits: Limits) -> Inner {
    Inner::Closed {
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: Limits = Limits {
        failures_max: 3,
        failures_percent: 50,
        transfers_min: 20,
        window: Duration::from_secs(10),
        open_min: Duration::from_secs(1),
        open_max: Duration::from_secs(5),
    };

    /// A breaker with a clock of its own.
    struct Bench {
        breaker: Breaker,
        now: Instant,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                breaker: Breaker::new(LIMITS),
                now: Instant::now(),
            }
        }

        fn pass(&mut self) -> Pass {
            match self.breaker.admit(self.now) {
                Admit::Pass(pass) => pass,
                Admit::Wait(wait) => panic!("told to wait {wait:?}"),
            }
        }

        fn wait(&mut self) -> Duration {
            match self.breaker.admit(self.now) {
                Admit::Wait(wait) => wait,
                Admit::Pass(_) => panic!("let through"),
            }
        }

        fn end(&mut self, pass: Pass, outcome: Outcome) {
            let _ = self.breaker.record(self.now, pass, outcome);
        }

        fn run(&mut self, outcome: Outcome) {
            let pass = self.pass();
            self.end(pass, outcome);
        }

        fn opened() -> Self {
            let mut bench = Self::new();
            for _ in 0..3 {
                bench.run(Outcome::Failure);
            }
            assert_eq!(bench.breaker.state(), State::Open);
            bench
        }
    }

    #[test]
    fn opens_after_failures_in_a_row_only() {
        let mut bench = Bench::new();
        for outcome in [
            Outcome::Failure,
            Outcome::Failure,
            Outcome::Success,
            Outcome::Failure,
            Outcome::Unknown,
            Outcome::Failure,
        ] {
            bench.run(outcome);
            assert_eq!(bench.breaker.state(), State::Closed);
        }
        bench.run(Outcome::Failure);
        assert_eq!(bench.breaker.state(), State::Open);
        assert_eq!(bench.wait(), Duration::from_secs(1));
    }

    #[test]
    fn one_file_counts_once_in_a_row() {
        let mut bench = Bench::new();
        for _ in 0..10 {
            bench.run(Outcome::FileFailure(1));
        }
        bench.run(Outcome::FileFailure(2));
        bench.run(Outcome::Success);
        // A new row: the same files count again.
        bench.run(Outcome::FileFailure(1));
        bench.run(Outcome::FileFailure(2));
        bench.run(Outcome::FileFailure(1));
        assert_eq!(bench.breaker.state(), State::Closed);
        bench.run(Outcome::Failure);
        assert_eq!(bench.breaker.state(), State::Open);
        // A probe tells of the host, whatever it asks for.
        bench.now += Duration::from_secs(1);
        bench.run(Outcome::FileFailure(1));
        assert_eq!(bench.wait(), Duration::from_secs(2));
    }

    #[test]
    fn lets_one_probe_through_and_closes_when_it_succeeds() {
        let mut bench = Bench::opened();
        bench.now += Duration::from_millis(999);
        assert_eq!(bench.wait(), Duration::from_millis(1));
        bench.now += Duration::from_millis(1);
        let probe = bench.pass();
        assert_eq!(bench.breaker.state(), State::HalfOpen);
        assert_eq!(bench.wait(), LIMITS.open_min);
        bench.end(probe, Outcome::Success);
        assert_eq!(bench.breaker.state(), State::Closed);
        bench.pass();
    }

    #[test]
    fn stays_open_longer_each_time_up_to_the_limit() {
        let mut bench = Bench::opened();
        for seconds in [1, 2, 4, 5, 5, 5] {
            let wait = bench.wait();
            assert_eq!(wait, Duration::from_secs(seconds));
            bench.now += wait;
            bench.run(Outcome::Failure);
        }
        bench.now += Duration::from_secs(5);
        bench.run(Outcome::Success);
        // Closed is closed: the next time starts from the beginning.
        for _ in 0..3 {
            bench.run(Outcome::Failure);
        }
        assert_eq!(bench.wait(), Duration::from_secs(1));
    }

    #[test]
    fn a_probe_that_goes_away_leaves_its_place() {
        let mut bench = Bench::opened();
        bench.now += Duration::from_secs(1);
        let probe = bench.pass();
        bench.end(probe, Outcome::Unknown);
        bench.run(Outcome::Success);
        assert_eq!(bench.breaker.state(), State::Closed);
    }

    #[test]
    fn late_answers_from_before_it_opened_do_not_open_it_longer() {
        let mut bench = Bench::new();
        let slow: Vec<_> = (0..10).map(|_| bench.pass()).collect();
        for pass in &slow[..4] {
            bench.end(*pass, Outcome::Failure);
        }
        assert_eq!(bench.wait(), Duration::from_secs(1));
        bench.now += Duration::from_secs(1);
        let probe = bench.pass();
        bench.end(slow[4], Outcome::Failure);
        bench.end(slow[5], Outcome::Unknown);
        assert_eq!(bench.breaker.state(), State::HalfOpen);
        bench.end(probe, Outcome::Failure);
        assert_eq!(bench.wait(), Duration::from_secs(2));
        bench.end(slow[6], Outcome::Success);
        assert_eq!(bench.breaker.state(), State::Closed);
    }

    #[test]
    fn opens_when_half_of_the_transfers_of_a_window_fail() {
        let mut bench = Bench::new();
        let mut changes = Vec::new();
        for number in 0..20 {
            let outcome = match number % 2 {
                0 => Outcome::Success,
                _ => Outcome::Failure,
            };
            let pass = bench.pass();
            changes.extend(bench.breaker.record(bench.now, pass, outcome));
            bench.now += Duration::from_millis(100);
        }
        let ended = Ended {
            transfers: 20,
            failures: 10,
        };
        let opened = Change::Opened(Cause::Rate(ended), LIMITS.open_min);
        assert_eq!(changes, [opened]);
        assert_eq!(bench.breaker.state(), State::Open);
    }

    #[test]
    fn a_rate_below_the_limit_or_of_few_transfers_leaves_it_closed() {
        for (transfers, failing_of_ten) in [(1000, 4), (19, 9)] {
            let mut bench = Bench::new();
            for number in 0..transfers {
                // Never three in a row.
                let fails = [1, 2, 4, 5, 7, 8, 0, 3, 9]
                    .iter()
                    .position(|it| *it == number % 10);
                let outcome = match fails {
                    Some(place) if place < failing_of_ten.min(6) => Outcome::Failure,
                    _ => Outcome::Success,
                };
                bench.run(outcome);
                bench.now += Duration::from_millis(20);
            }
            assert_eq!(bench.breaker.state(), State::Closed, "{transfers}");
        }
    }

    #[test]
    fn failures_of_long_ago_do_not_count() {
        let mut bench = Bench::new();
        for _ in 0..9 {
            bench.run(Outcome::Failure);
            bench.run(Outcome::Success);
        }
        bench.now += LIMITS.window * 2;
        for _ in 0..10 {
            bench.run(Outcome::Failure);
            bench.run(Outcome::Success);
            bench.run(Outcome::Success);
        }
        assert_eq!(bench.breaker.state(), State::Closed);
    }

    #[test]
    fn one_file_that_can_not_be_had_opens_nothing_however_often_it_is_asked_for() {
        let mut bench = Bench::new();
        for number in 0..1000 {
            bench.run(Outcome::FileFailure(1));
            if number % 10 == 0 {
                bench.run(Outcome::Success);
            }
        }
        assert_eq!(bench.breaker.state(), State::Closed);
    }

    #[test]
    fn late_successes_do_not_close_a_breaker_that_a_rate_opened() {
        let mut bench = Bench::new();
        let slow = bench.pass();
        for _ in 0..10 {
            bench.run(Outcome::Success);
            bench.run(Outcome::Failure);
        }
        assert_eq!(bench.breaker.state(), State::Open);
        bench.end(slow, Outcome::Success);
        assert_eq!(bench.breaker.state(), State::Open);
        bench.now += LIMITS.open_min;
        let probe = bench.pass();
        bench.end(slow, Outcome::Success);
        assert_eq!(bench.breaker.state(), State::HalfOpen);
        assert_eq!(
            bench.breaker.record(bench.now, probe, Outcome::Success),
            Some(Change::Closed)
        );
        // What failed before it opened is forgotten.
        bench.run(Outcome::Failure);
        bench.run(Outcome::Failure);
        assert_eq!(bench.breaker.state(), State::Closed);
    }

    proptest! {
        /// Whatever happens: it never opens below both limits, and a host that is well
        /// again is asked again after `open_max` at the latest.
        #[test]
        fn never_opens_without_cause_and_always_recovers(
            outcomes in prop::collection::vec((0_u64..3000, 0_u8..5, 0_u64..4), 0..300),
        ) {
            let mut bench = Bench::new();
            let (mut ended, mut row) = (0, 0);
            for (pause, outcome, file) in outcomes {
                bench.now += Duration::from_millis(pause);
                let Admit::Pass(pass) = bench.breaker.admit(bench.now) else {
                    continue;
                };
                let outcome = match outcome {
                    0 | 1 => Outcome::Success,
                    2 => Outcome::Unknown,
                    3 => Outcome::FileFailure(file),
                    _ => Outcome::Failure,
                };
                ended += 1;
                row = if outcome == Outcome::Success { 0 } else { row + 1 };
                match bench.breaker.record(bench.now, pass, outcome) {
                    Some(Change::Opened(..)) => prop_assert!(
                        row >= LIMITS.failures_max || ended >= LIMITS.transfers_min
                    ),
                    Some(Change::Closed) => (ended, row) = (0, 0),
                    Some(Change::StaysOpen(_)) | None => {}
                }
            }
            bench.now += LIMITS.open_max;
            bench.run(Outcome::Success);
            prop_assert_eq!(bench.breaker.state(), State::Closed);
        }
    }

    #[test]
    fn extreme_settings_do_not_overflow() {
        let mut breaker = Breaker::new(Limits {
            failures_max: 0,
            failures_percent: 0,
            transfers_min: 0,
            window: Duration::ZERO,
            open_min: Duration::from_secs(1),
            open_max: Duration::from_secs(60),
        });
        let mut now = Instant::now();
        for _ in 0..200 {
            let Admit::Pass(pass) = breaker.admit(now) else {
                panic!("refused")
            };
            let _ = breaker.record(now, pass, Outcome::Failure);
            now += Duration::from_secs(60);
        }
    }
}

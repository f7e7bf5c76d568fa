//! A circuit breaker: a host that keeps failing is left alone for a while.
//!
//! A clocked struct: it is asked and told with the time as an argument, waits
//! for nothing and owns no task.

use std::time::{Duration, Instant};

use crate::metrics::Breaker as State;

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// Failures in a row that open it. Zero counts as one.
    pub(super) failures_max: u32,
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
    /// row of failures each file counts once: one that cannot be had, asked for
    /// again and again, must not close a host that serves others.
    FileFailure(u64),
    /// Nothing was learned: the request was dropped, or failed for reasons that
    /// say little about the host.
    Unknown,
}

#[derive(Debug)]
pub(super) struct Breaker {
    limits: Limits,
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
    /// The failures in a row: how many, and of which files those were that name one.
    /// Never more than [`Limits::failures_max`].
    Closed {
        failures: u32,
        files: Vec<u64>,
    },
    /// `round` counts the times it opened since it was last closed.
    Open {
        until: Instant,
        round: u32,
    },
    HalfOpen {
        round: u32,
    },
}

impl Outcome {
    fn is_failure(self) -> bool {
        match self {
            Self::Failure | Self::FileFailure(_) => true,
            Self::Success | Self::Unknown => false,
        }
    }
}

impl Inner {
    fn closed() -> Self {
        Self::Closed {
            failures: 0,
            files: Vec::new(),
        }
    }
}

impl Breaker {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            inner: Inner::closed(),
        }
    }

    /// Asks to make a request. When the time is up, exactly one caller gets through.
    pub(super) fn admit(&mut self, now: Instant) -> Admit {
        match self.inner {
            Inner::Closed { .. } => Admit::Pass(Pass { probe: false }),
            Inner::Open { until, round } if now >= until => {
                self.inner = Inner::HalfOpen { round };
                Admit::Pass(Pass { probe: true })
            }
            Inner::Open { until, .. } => Admit::Wait(until - now),
            // How long the probe takes is not known; the caller's next try will tell.
            Inner::HalfOpen { .. } => Admit::Wait(self.limits.open_min),
        }
    }

    /// Tells how an admitted request ended.
    ///
    /// Requests from before the breaker opened may end after it: their success
    /// closes it, their failure is no news.
    pub(super) fn record(&mut self, now: Instant, pass: Pass, outcome: Outcome) {
        match (outcome, &mut self.inner) {
            (Outcome::Success, inner) => *inner = Inner::closed(),
            (Outcome::FileFailure(file), Inner::Closed { files, .. }) if files.contains(&file) => {}
            (outcome, Inner::Closed { failures, files }) if outcome.is_failure() => {
                if let Outcome::FileFailure(file) = outcome {
                    files.push(file);
                }
                *failures = failures.saturating_add(1);
                if *failures >= self.limits.failures_max {
                    self.open(now, 1);
                }
            }
            (outcome, Inner::HalfOpen { round }) if pass.probe && outcome.is_failure() => {
                let round = round.saturating_add(1);
                self.open(now, round);
            }
            // The probe went away unheard: the next caller may be one.
            (Outcome::Unknown, Inner::HalfOpen { round }) if pass.probe => {
                let round = *round;
                self.inner = Inner::Open { until: now, round };
            }
            (
                Outcome::Failure | Outcome::FileFailure(_) | Outcome::Unknown,
                Inner::Open { .. } | Inner::HalfOpen { .. } | Inner::Closed { .. },
            ) => {}
        }
    }

    pub(super) fn state(&self) -> State {
        match self.inner {
            Inner::Closed { .. } => State::Closed,
            Inner::Open { .. } => State::Open,
            Inner::HalfOpen { .. } => State::HalfOpen,
        }
    }

    fn open(&mut self, now: Instant, round: u32) {
        let factor = 2u32.saturating_pow(round - 1);
        let open = self.limits.open_min.saturating_mul(factor);
        let until = now + open.min(self.limits.open_max);
        self.inner = Inner::Open { until, round };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        failures_max: 3,
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
            self.breaker.record(self.now, pass, outcome);
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
    fn extreme_settings_do_not_overflow() {
        let mut breaker = Breaker::new(Limits {
            failures_max: 0,
            open_min: Duration::from_secs(1),
            open_max: Duration::from_secs(60),
        });
        let mut now = Instant::now();
        for _ in 0..200 {
            let Admit::Pass(pass) = breaker.admit(now) else {
                panic!("refused")
            };
            breaker.record(now, pass, Outcome::Failure);
            now += Duration::from_secs(60);
        }
    }
}

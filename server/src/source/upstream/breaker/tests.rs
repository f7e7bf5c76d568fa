//! When it opens, when it does not, and that it always recovers.

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

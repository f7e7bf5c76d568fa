//! How long to pause before a request is tried again.

use std::time::{Duration, SystemTime};

/// Pauses that double from a shortest to a longest one, with jitter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Backoff {
    /// The pause before the second attempt, before jitter.
    pub(super) min: Duration,
    /// No pause is longer.
    pub(super) max: Duration,
}

impl Backoff {
    /// Returns the pause after `failed` attempts (1 for the first), for a random
    /// number in `0.0..1.0`.
    ///
    /// Half of the pause is fixed and half is random: clients whose requests
    /// failed together do not come back together, and none comes back at once.
    pub(super) fn pause(&self, failed: u32, random: f64) -> Duration {
        let factor = 2u32.saturating_pow(failed.saturating_sub(1));
        let full = self.min.saturating_mul(factor).min(self.max);
        let half = full / 2;
        (half + half.mul_f64(random.clamp(0.0, 1.0))).min(self.max)
    }
}

/// Reads a `Retry-After` value: seconds, or a date as HTTP writes it, from which `now`
/// is taken off. At most [`RETRY_AFTER_MAX`]; a date gone by is no time at all.
///
/// Source: RFC 9110 §10.2.3.
pub(super) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let wait = if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // A number beyond u64 is still a number.
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        let date = httpdate::parse_http_date(value).ok()?;
        date.duration_since(now).unwrap_or(Duration::ZERO)
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

/// The longest wait an upstream can ask for, which is told to clients as well. We
/// ask an upstream again after two minutes at the latest, however it failed.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(120);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pauses_stay_within_bounds(
            min_ms in 0u64..10_000,
            more_ms in 0u64..100_000,
            failed in 0u32..=u32::MAX,
            random in 0.0f64..1.0,
        ) {
            let min = Duration::from_millis(min_ms);
            let max = min + Duration::from_millis(more_ms);
            let pause = Backoff { min, max }.pause(failed, random);
            prop_assert!(pause >= min / 2);
            prop_assert!(pause <= max);
        }

        #[test]
        fn pauses_never_shrink(min_ms in 1u64..1000, failed in 1u32..40, random in 0.0f64..1.0) {
            let backoff = Backoff {
                min: Duration::from_millis(min_ms),
                max: Duration::from_secs(60),
            };
            prop_assert!(backoff.pause(failed + 1, random) >= backoff.pause(failed, random));
        }

        #[test]
        fn retry_after_never_panics(value in ".{0,40}") {
            let _ = retry_after(&value, SystemTime::UNIX_EPOCH);
        }
    }

    #[test]
    fn doubles_until_the_longest() {
        let backoff = Backoff {
            min: Duration::from_millis(100),
            max: Duration::from_millis(500),
        };
        let pauses: Vec<_> = (1..=5).map(|n| backoff.pause(n, 1.0).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 500, 500]);
    }

    #[test]
    fn reads_seconds_and_dates() {
        // 1994-11-06 08:49:37 UTC.
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (value, want) in [
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("99999999999999999999999", Some(120)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30)),
            ("Sun, 06 Nov 1994 08:49:07 GMT", Some(0)),
            ("Sat, 06 Nov 2094 08:49:37 GMT", Some(120)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
        ] {
            assert_eq!(
                retry_after(value, now).map(|d| d.as_secs()),
                want,
                "{value:?}"
            );
        }
    }
}

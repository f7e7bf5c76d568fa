//! Keys and times that do not count.

use super::super::world::NOW_S;
use super::{aside, judge};
use crate::attest::decision::Reason;

#[test]
#[expect(clippy::too_many_lines, reason = "a table of attacks")]
fn keys_and_times() {
    judge(&[
        (
            "revoked",
            |world| world.rule("cache: c0}", "cache: c0, revoked: true}"),
            |decision| aside(decision, Reason::Revoked) && decision.votes == 2,
        ),
        (
            "expired before it was signed",
            |world| world.rule("cache: c0}", "cache: c0, until: 2026-01-01T00:00:00Z}"),
            |decision| aside(decision, Reason::Expired) && decision.votes == 2,
        ),
        (
            "expired since, and not logged",
            |world| {
                world.rule("cache: c0}", "cache: c0, until: 2026-11-25T23:59:00Z}");
                world.each(0, |one| one.observed.time_s = NOW_S - 1000);
                world.files = |files| files.iter_mut().for_each(|filed| filed.proof = None);
            },
            |decision| aside(decision, Reason::Expired),
        ),
        (
            "expired since, and logged before",
            |world| {
                world.rule("cache: c0}", "cache: c0, until: 2026-11-25T23:59:55Z}");
            },
            |decision| decision.votes == 3,
        ),
        (
            "compromised before it was logged",
            |world| {
                world.rule(
                    "cache: c0}",
                    "cache: c0, compromised_since: 2026-11-25T23:59:00Z}",
                )
            },
            |decision| aside(decision, Reason::Compromised) && decision.votes == 2,
        ),
        (
            "compromised after it was logged",
            |world| {
                world.rule(
                    "cache: c0}",
                    "cache: c0, compromised_since: 2026-11-26T00:00:00Z}",
                )
            },
            |decision| decision.votes == 3,
        ),
        (
            "compromised, and not logged",
            |world| {
                world.rule(
                    "cache: c0}",
                    "cache: c0, compromised_since: 2026-11-26T00:00:00Z}",
                );
                world.files = |files| files.iter_mut().for_each(|filed| filed.proof = None);
            },
            |decision| aside(decision, Reason::Compromised),
        ),
        (
            "a clock ahead",
            |world| world.each(0, |one| one.observed.time_s = NOW_S + 301),
            |decision| aside(decision, Reason::Future) && decision.votes == 2,
        ),
        (
            "too old",
            |world| world.each(0, |one| one.observed.time_s = NOW_S - 31 * 86400),
            |decision| aside(decision, Reason::Stale) && decision.votes == 2,
        ),
        (
            "a nonce of another time",
            |world| world.asked.nonce = Some("n".into()),
            |decision| !decision.reached.as_deref().unwrap().contains("+F"),
        ),
    ]);
}

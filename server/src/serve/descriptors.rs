//! File descriptors: as many as the system gives, and limits that fit into them.
//!
//! Where they end, accepting fails, and so does opening a stored file for a client
//! that was accepted. So connections and transfers are bounded such that they end
//! first.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Limits;

/// Open connections to an admin address; more wait to be accepted.
pub(crate) const ADMIN_CONNECTIONS_MAX: usize = 16;

/// Limits that fit into the file descriptors.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fitted {
    /// The limits, some of them lower.
    pub(crate) limits: Limits,
    /// Threads that read files at once.
    pub(crate) reading_threads: usize,
    /// What a person should be told: nothing when everything fits.
    pub(crate) warning: Option<String>,
}

/// Raises the limit of this process as far as is allowed, and returns it. `None`
/// stands for no limit.
pub(crate) fn raise() -> Option<u64> {
    let found = getrlimit(Resource::Nofile);
    if found.current == found.maximum {
        return found.current;
    }
    let wanted = Rlimit {
        current: found.maximum,
        maximum: found.maximum,
    };
    // Some systems take no limit above one of their own: what is, is then used.
    let _ = setrlimit(Resource::Nofile, wanted);
    getrlimit(Resource::Nofile).current
}

/// The index, the log, the runtime, listeners, the journal, the admin address's
/// connections, and some to spare.
const BASE: usize = 24 + ADMIN_CONNECTIONS_MAX;
/// A zip on its way: the upstream's connection, the file written, the file read back.
const PER_FETCH: usize = 3;
/// A small transfer: the upstream's connection and the file written.
const PER_TEXT_FETCH: usize = 2;
/// A thread that reads: a file, and a folder or another file beside it.
const PER_READER: usize = 2;
/// Threads that read files at once when nothing limits them; tokio's own figure.
const READERS_MAX: usize = 512;
/// Below it work that waits for other work would stand still.
const READERS_MIN: usize = 4;

/// Fits limits into `descriptors`.
///
/// Where they do not fit, transfers and readers have an eighth each, and connections
/// the rest.
pub(crate) fn fit(limits: &Limits, descriptors: Option<u64>) -> Fitted {
    let mut fitted = Fitted {
        limits: limits.clone(),
        reading_threads: READERS_MAX,
        warning: None,
    };
    let Some(descriptors) = descriptors else {
        return fitted;
    };
    let all = usize::try_from(descriptors).unwrap_or(usize::MAX);
    let there = all.saturating_sub(BASE);
    let wanted = [
        (limits.connections_max, 1),
        (limits.fetches_max, PER_FETCH),
        (limits.text_fetches_max, PER_TEXT_FETCH),
        (READERS_MAX, PER_READER),
    ]
    .into_iter()
    .fold(0_usize, |sum, (count, each)| {
        sum.saturating_add(count.saturating_mul(each))
    });
    if wanted <= there {
        return fitted;
    }
    let share = there / 8;
    let limit = |count: usize, each: usize| count.min((share / each).max(1));
    let fits = &mut fitted.limits;
    fits.fetches_max = limit(limits.fetches_max, PER_FETCH);
    fits.text_fetches_max = limit(limits.text_fetches_max, PER_TEXT_FETCH);
    fitted.reading_threads = (share / PER_READER).clamp(READERS_MIN, READERS_MAX);
    let taken = fits.fetches_max * PER_FETCH
        + fits.text_fetches_max * PER_TEXT_FETCH
        + fitted.reading_threads * PER_READER;
    let rest = there.saturating_sub(taken).max(1);
    fits.connections_max = limits.connections_max.min(rest);
    fits.connections_per_address_max = per_address(limits, fits.connections_max);
    fitted.warning = warning(limits, fits, all, wanted.saturating_add(BASE));
    fitted
}

/// Returns the share of one address in `connections`: the same as in the settings, so
/// that fewer connections are still more than one client can hold.
fn per_address(limits: &Limits, connections: usize) -> usize {
    let (share, all) = (limits.connections_per_address_max, limits.connections_max);
    if connections == all {
        return share;
    }
    if share >= all {
        return share.min(connections);
    }
    let scaled = share.saturating_mul(connections) / all;
    scaled.max(1)
}

/// Names what was lowered.
fn warning(limits: &Limits, fits: &Limits, all: usize, wanted: usize) -> Option<String> {
    let lowered: Vec<_> = [
        (
            "connections_max",
            limits.connections_max,
            fits.connections_max,
        ),
        (
            "connections_per_address_max",
            limits.connections_per_address_max,
            fits.connections_per_address_max,
        ),
        ("fetches_max", limits.fetches_max, fits.fetches_max),
        (
            "text_fetches_max",
            limits.text_fetches_max,
            fits.text_fetches_max,
        ),
    ]
    .into_iter()
    .filter(|(_, from, to)| from != to)
    .map(|(name, from, to)| format!("limits.{name} is {to} instead of {from}"))
    .collect();
    if lowered.is_empty() {
        return None;
    }
    Some(format!(
        "this process may open {all} files, the limits need {wanted}: {}; raise its hard limit \
         (ulimit -Hn, LimitNOFILE= of systemd)",
        lowered.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(fitted: &Fitted) -> usize {
        BASE + fitted.limits.connections_max
            + fitted.limits.fetches_max * PER_FETCH
            + fitted.limits.text_fetches_max * PER_TEXT_FETCH
            + fitted.reading_threads * PER_READER
    }

    #[test]
    fn limits_that_fit_stay() {
        let limits = Limits::default();
        for descriptors in [None, Some(16_384), Some(1 << 20)] {
            let fitted = fit(&limits, descriptors);
            assert_eq!(fitted.limits, limits);
            assert_eq!(fitted.warning, None);
        }
    }

    #[test]
    fn limits_that_do_not_fit_are_lowered_until_they_do() {
        for descriptors in [128, 256, 1024, 4096, 5000] {
            let fitted = fit(&Limits::default(), Some(descriptors));
            assert!(needs(&fitted) as u64 <= descriptors, "{fitted:?}");
            let limits = &fitted.limits;
            // One client does not hold all places, as by default.
            assert!(limits.connections_max > 3 * limits.connections_per_address_max);
            assert!(fitted.warning.is_some());
        }
    }

    #[test]
    fn one_address_that_may_hold_all_connections_still_may() {
        let limits = Limits {
            connections_per_address_max: 10_000,
            ..Limits::default()
        };
        let fitted = fit(&limits, Some(1024)).limits;
        assert_eq!(fitted.connections_per_address_max, fitted.connections_max);
        // Nothing is divided by.
        let limits = Limits {
            connections_max: 0,
            ..limits
        };
        assert_eq!(per_address(&limits, 5), 5);
    }

    #[test]
    fn something_is_always_served() {
        for descriptors in [0, 3, 48, 64] {
            let fitted = fit(&Limits::default(), Some(descriptors));
            let limits = &fitted.limits;
            assert!(limits.connections_max >= 1);
            assert!(limits.fetches_max >= 1 && limits.text_fetches_max >= 1);
        }
    }

    #[test]
    fn the_warning_names_numbers() {
        let warning = fit(&Limits::default(), Some(1024)).warning.unwrap();
        for part in ["1024 files", "connections_max is ", " instead of 4096"] {
            assert!(warning.contains(part), "{warning}");
        }
    }

    #[test]
    fn low_limits_of_the_settings_are_not_raised() {
        let limits = Limits {
            connections_max: 2,
            fetches_max: 1,
            text_fetches_max: 1,
            ..Limits::default()
        };
        let fitted = fit(&limits, Some(256));
        assert_eq!(fitted.limits.connections_max, 2);
        assert_eq!(fitted.limits.fetches_max, 1);
        assert_eq!(fitted.warning, None);
    }
}

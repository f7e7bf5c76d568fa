//! Which lines of Go are supported, by a table with its date.

use jiff::civil::{Date, date};

use crate::goinfo::version::GoVersion;

/// The day on which the table was true.
pub const TABLE_DATE: Date = date(2026, 11, 26);

/// After so many days a table tells nothing of the newest lines any more: there are two a year.
const FRESH_DAYS: i32 = 200;

/// The last line that got no fixes on the table's day, and those before: 1.N until the day
/// on which 1.N+2 was released.
///
/// Source: go.dev/doc/devel/release
const ENDED: [(u32, Date); 8] = [
    (25, date(2026, 8, 19)),
    (24, date(2026, 2, 10)),
    (23, date(2025, 8, 12)),
    (22, date(2025, 2, 11)),
    (21, date(2024, 8, 13)),
    (20, date(2024, 2, 6)),
    (19, date(2023, 8, 8)),
    (18, date(2023, 2, 1)),
];

/// The newest line on the table's day.
pub(super) const NEWEST: u32 = 27;

/// Whether a line of Go gets fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Support {
    /// It does.
    Supported,
    /// Not since that day; before the table begins where no day is known.
    Ended(Option<Date>),
    /// The table does not tell.
    Unknown,
}

/// Says whether line `1.minor` gets fixes.
pub(super) fn of(minor: u32, today: Date) -> Support {
    if let Some((_, day)) = ENDED.iter().find(|(line, _)| *line == minor) {
        return Support::Ended(Some(*day));
    }
    let is_fresh = (today - TABLE_DATE).get_days() <= FRESH_DAYS;
    match minor {
        _ if minor < ENDED[ENDED.len() - 1].0 => Support::Ended(None),
        _ if minor > NEWEST || !is_fresh => Support::Unknown,
        _ => Support::Supported,
    }
}

/// Says in a word whether a Go gets fixes.
pub fn words(version: &str, today: Date) -> String {
    let first = version.split(' ').next().unwrap_or_default();
    let Some(release) = release(first) else {
        return "no release".to_owned();
    };
    match of(release.minor, today) {
        Support::Supported => "yes".to_owned(),
        Support::Ended(Some(day)) => format!("not since {day}"),
        Support::Ended(None) => "long since not".to_owned(),
        Support::Unknown => "not known".to_owned(),
    }
}

/// Reads the version of a release; `None` for anything else.
pub(super) fn release(version: &str) -> Option<GoVersion> {
    GoVersion::parse(version).filter(|found| found.prerelease.is_none() && found.major == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_supported_until_the_second_after_it() {
        let now = TABLE_DATE;
        assert_eq!(of(27, now), Support::Supported);
        assert_eq!(of(26, now), Support::Supported);
        assert_eq!(of(25, now), Support::Ended(Some(date(2026, 8, 19))));
        assert_eq!(of(17, now), Support::Ended(None));
        assert_eq!(of(28, now), Support::Unknown);
        // What the table can't know is not said.
        assert_eq!(of(27, date(2028, 1, 1)), Support::Unknown);
        assert_eq!(
            of(21, date(2028, 1, 1)),
            Support::Ended(Some(date(2024, 8, 13)))
        );
    }
}

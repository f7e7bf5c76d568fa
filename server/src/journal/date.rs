//! Days and months of the calendar, UTC.

use std::time::SystemTime;

use super::seconds;

const SECONDS_A_DAY: u64 = 24 * 60 * 60;

/// Returns the day: `2026-11-26`.
pub(crate) fn day(time: SystemTime) -> String {
    let (year, month, day) = civil(seconds(time) / SECONDS_A_DAY);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Returns the month: `202611`.
pub(super) fn month(time: SystemTime) -> String {
    let (year, month, _) = civil(seconds(time) / SECONDS_A_DAY);
    format!("{year:04}{month:02}")
}

/// Days of 400 years, after which the calendar repeats.
const DAYS_OF_400_YEARS: u64 = 146_097;

/// Returns year, month and day of the month of a day counted from 1970 on.
fn civil(days: u64) -> (u64, u64, u64) {
    let mut year = 1970 + days / DAYS_OF_400_YEARS * 400;
    let mut left = days % DAYS_OF_400_YEARS;
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if left < length {
            break;
        }
        left -= length;
        year += 1;
    }
    let mut month = 1;
    for length in month_lengths(year) {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    (year, month, left + 1)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn month_lengths(year: u64) -> [u64; 12] {
    let february = if is_leap(year) { 29 } else { 28 };
    [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        // `date -u -d @N +%F`
        for (seconds, want) in [
            (0, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_735_689_599, "2024-12-31"),
            (1_735_689_600, "2025-01-01"),
            (1_795_651_200, "2026-11-26"),
            (4_107_542_400, "2100-03-01"),
            (12_622_780_800, "2370-01-01"),
        ] {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(day(time), want);
            assert_eq!(month(time), want.replace('-', "")[..6]);
        }
    }
}

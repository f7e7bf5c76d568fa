//! Times as proxies, manifests and statements write them.
//!
//! Source: RFC 3339, of which Go's time package takes the strict form.

/// Whether a text is a time: `2006-01-02T15:04:05`, a fraction, then `Z` or an
/// offset.
pub(crate) fn is_time(time: &str) -> bool {
    fn number(digits: &[u8]) -> Option<u32> {
        let fits = digits.iter().all(u8::is_ascii_digit);
        let add = |sum: u32, digit: &u8| sum * 10 + u32::from(digit - b'0');
        (fits && digits.len() <= 4).then(|| digits.iter().fold(0, add))
    }
    fn shape(time: &[u8]) -> Option<bool> {
        let &[
            y1,
            y2,
            y3,
            y4,
            b'-',
            m1,
            m2,
            b'-',
            d1,
            d2,
            b'T',
            h1,
            h2,
            b':',
            n1,
            n2,
            b':',
            s1,
            s2,
            ref rest @ ..,
        ] = time
        else {
            return None;
        };
        let date = is_date(
            number(&[y1, y2, y3, y4])?,
            number(&[m1, m2])?,
            number(&[d1, d2])?,
        );
        let clock = number(&[h1, h2])? < 24 && number(&[n1, n2])? < 60 && number(&[s1, s2])? < 60;
        let zone = match rest.split_first() {
            Some((b'.', fraction)) => {
                let end = fraction.iter().position(|byte| !byte.is_ascii_digit())?;
                if end == 0 {
                    return None;
                }
                fraction.get(end..)?
            }
            _ => rest,
        };
        let zone = match *zone {
            [b'Z'] => true,
            [b'+' | b'-', h1, h2, b':', m1, m2] => {
                number(&[h1, h2])? < 24 && number(&[m1, m2])? < 60
            }
            _ => false,
        };
        Some(date && clock && zone)
    }
    shape(time.as_bytes()).unwrap_or(false)
}

/// Returns the seconds since 1970 of a time that [`is_time`] accepts; a fraction is cut
/// off. `None` for any other text and for times before 1970.
pub(crate) fn seconds(time: &str) -> Option<u64> {
    if !is_time(time) {
        return None;
    }
    let number = |from: usize, to: usize| time.get(from..to)?.parse::<i64>().ok();
    let days = days(number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let clock = number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
    let zone = time.trim_start_matches(|letter| letter != 'Z' && letter != '+');
    let zone = match (zone.get(..1), time.len().checked_sub(6)) {
        (Some("Z"), _) => 0,
        (_, Some(at)) => {
            let minutes = number(at + 1, at + 3)? * 60 + number(at + 4, at + 6)?;
            if time.as_bytes()[at] == b'-' {
                -minutes
            } else {
                minutes
            }
        }
        _ => return None,
    };
    u64::try_from(days * 86400 + clock - zone * 60).ok()
}

/// Returns the time of so many seconds since 1970 in UTC: `2006-01-02T15:04:05Z`. Times
/// after the year 9999 are all shown as its last second.
pub fn text(seconds: u64) -> String {
    const LAST: u64 = 253_402_300_799;
    let seconds = seconds.min(LAST);
    let (mut day, clock) = (seconds / 86400, seconds % 86400);
    let mut year = 1970;
    let len = |year: u32| if is_date(year, 2, 29) { 366 } else { 365 };
    while day >= len(year) {
        day -= len(year);
        year += 1;
    }
    let mut month = 1;
    let days_of = |month| (28..=31).rev().find(|day| is_date(year, month, *day));
    while let Some(len) = days_of(month).map(u64::from).filter(|len| day >= *len) {
        day -= len;
        month += 1;
    }
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    format!(
        "{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z",
        day + 1
    )
}

/// Returns the days from 1970-01-01 to a day of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March end with the leap day.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + year * 365 + year / 4 - year / 100 + day - 719_468
}

/// Whether the day exists in the Gregorian calendar.
pub(crate) fn is_date(year: u32, month: u32, day: u32) -> bool {
    let leap = (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leap_days_follow_the_gregorian_calendar() {
        assert!(is_time("2000-02-29T23:59:59.000000001-23:59"));
        assert!(!is_time("1900-02-29T23:59:59Z"));
    }

    #[test]
    fn seconds_and_text_are_inverses() {
        for (time, want) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2026-11-26T00:00:00Z", 1_795_651_200),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            assert_eq!(seconds(time), Some(want), "{time}");
            assert_eq!(text(want), time);
        }
        for time in ["2026-11-26T02:30:00.5+02:30", "2026-11-25T23:00:00-01:00"] {
            assert_eq!(seconds(time), Some(1_795_651_200), "{time}");
        }
        for none in [
            "1969-12-31T23:59:59Z",
            "2026-11-26",
            "2026-13-01T00:00:00Z",
            "",
        ] {
            assert_eq!(seconds(none), None, "{none}");
        }
        for day in 0..50_000 {
            assert_eq!(seconds(&text(day * 86400 + 7)), Some(day * 86400 + 7));
        }
        assert_eq!(text(u64::MAX), "9999-12-31T23:59:59Z");
    }
}

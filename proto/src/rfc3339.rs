//! Times as proxies write them.
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
}

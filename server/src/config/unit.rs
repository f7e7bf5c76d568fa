//! Durations (`90s`, `1m30s`, `500ms`) and sizes (`64MiB`) as people write them.
//!
//! Two small parsers instead of two crates: a setting without a unit is an error
//! here, and what is printed is read back as the same value.

use std::marker::PhantomData;
use std::time::Duration;

use super::kind::Kind;

/// A duration, which may be zero.
pub(super) struct Pause;

impl Kind for Pause {
    type Setting = Duration;

    fn parse(text: &str) -> Result<Duration, String> {
        parse_duration(text)
    }

    fn print(duration: &Duration) -> String {
        print_duration(*duration)
    }
}

/// A duration that must not be zero: something waits this long.
pub(super) struct Timeout;

impl Kind for Timeout {
    type Setting = Duration;

    fn parse(text: &str) -> Result<Duration, String> {
        let duration = parse_duration(text)?;
        if duration.is_zero() {
            return Err("must be longer than zero".to_owned());
        }
        Ok(duration)
    }

    fn print(duration: &Duration) -> String {
        print_duration(*duration)
    }
}

/// A whole number from 1 to `MAX`.
pub(super) struct Count<N, const MAX: u64>(PhantomData<N>);

impl<N: TryFrom<u64> + ToString, const MAX: u64> Kind for Count<N, MAX> {
    type Setting = N;

    fn parse(text: &str) -> Result<N, String> {
        text.parse()
            .ok()
            .filter(|number| (1..=MAX).contains(number))
            .and_then(|number| N::try_from(number).ok())
            .ok_or_else(|| format!("`{text}` is not a whole number from 1 to {MAX}"))
    }

    fn print(number: &N) -> String {
        number.to_string()
    }
}

/// A number of bytes from `MIN` to `MAX`.
pub(super) struct Size<N, const MIN: u64, const MAX: u64>(PhantomData<N>);

impl<N, const MIN: u64, const MAX: u64> Kind for Size<N, MIN, MAX>
where
    N: TryFrom<u64> + TryInto<u64> + Copy,
{
    type Setting = N;

    fn parse(text: &str) -> Result<N, String> {
        let bytes = parse_size(text)?;
        let fits = |bytes: &u64| (MIN..=MAX).contains(bytes);
        let fitting = Some(bytes).filter(fits).and_then(|it| N::try_from(it).ok());
        fitting.ok_or_else(|| {
            let (min, max) = (print_size(MIN), print_size(MAX));
            format!("`{text}` is not between {min} and {max}")
        })
    }

    fn print(bytes: &N) -> String {
        print_size((*bytes).try_into().unwrap_or(u64::MAX))
    }
}

/// Parses a duration: whole numbers with a unit each, largest first or not.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration; write 500ms, 90s, 1m30s, 2h or 7d");
    let mut total_ms: u64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let (number, after) = leading_number(rest).ok_or_else(wrong)?;
        let unit_len = after
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_len);
        let (_, unit_ms) = DURATION_UNITS
            .into_iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(wrong)?;
        total_ms = number
            .checked_mul(unit_ms)
            .and_then(|ms| total_ms.checked_add(ms))
            .filter(|ms| *ms <= DURATION_MS_MAX)
            .ok_or_else(|| format!("`{text}` is longer than a hundred years"))?;
        rest = after;
    }
    Ok(Duration::from_millis(total_ms))
}

/// Prints a duration in the largest unit that fits without a rest.
fn print_duration(duration: Duration) -> String {
    let ms = u64::try_from(duration.as_millis()).unwrap_or(DURATION_MS_MAX);
    print(ms, &DURATION_UNITS, "s")
}

/// Parses a size: a whole number of bytes, or one with a unit.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a size; write 65536, 64KiB, 64MiB or 2GiB");
    let (number, unit) = leading_number(text.trim()).ok_or_else(wrong)?;
    let unit = unit.trim_start();
    let unit_bytes = if unit.is_empty() {
        1
    } else {
        SIZE_UNITS
            .into_iter()
            .chain(SIZE_UNITS_DECIMAL)
            .chain(SIZE_UNITS_SHORT)
            .find(|(name, _)| name.eq_ignore_ascii_case(unit))
            .ok_or_else(wrong)?
            .1
    };
    number
        .checked_mul(unit_bytes)
        .ok_or_else(|| format!("`{text}` is more bytes than 64 bits count"))
}

/// Prints a size in the largest unit that fits without a rest.
fn print_size(bytes: u64) -> String {
    print(bytes, &SIZE_UNITS, "B")
}

fn print(value: u64, units: &[(&str, u64)], zero: &str) -> String {
    units
        .iter()
        .find(|(_, size)| value >= *size && value.is_multiple_of(*size))
        .map_or_else(
            || format!("0{zero}"),
            |(name, size)| format!("{}{name}", value / size),
        )
}

fn leading_number(text: &str) -> Option<(u64, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}

const DURATION_UNITS: [(&str, u64); 5] = [
    ("d", 24 * 3_600_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// Deadlines are added to clocks, which must not overflow.
const DURATION_MS_MAX: u64 = 100 * 365 * 24 * 3_600_000;

const SIZE_UNITS: [(&str, u64); 5] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];

const SIZE_UNITS_DECIMAL: [(&str, u64); 4] = [
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1000),
];

/// As `df -h` and systemd write them.
const SIZE_UNITS_SHORT: [(&str, u64); 4] = [
    ("T", 1 << 40),
    ("G", 1 << 30),
    ("M", 1 << 20),
    ("K", 1 << 10),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, ms) in [
            ("0s", 0),
            ("500ms", 500),
            ("90s", 90_000),
            ("1m30s", 90_000),
            ("2h", 7_200_000),
            ("30d", 2_592_000_000),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_millis(ms)),
                "{text}"
            );
        }
    }

    #[test]
    fn durations_without_a_known_unit_are_refused() {
        for text in [
            "",
            " ",
            "60",
            "s",
            "1.5s",
            "-1s",
            "1 min",
            "1µs",
            "99999999999999999999s",
        ] {
            let error = parse_duration(text).unwrap_err();
            assert!(error.contains("90s"), "{text}: {error}");
        }
        assert!(parse_duration("36501d").unwrap_err().contains("hundred"));
        assert!(parse_duration("18446744073709551615d").is_err());
    }

    #[test]
    fn sizes_are_read() {
        for (text, bytes) in [
            ("0", 0),
            ("65536", 65_536),
            ("64KiB", 65_536),
            ("64 mib", 64 << 20),
            ("1GB", 1_000_000_000),
            ("20G", 20 << 30),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn sizes_that_mean_nothing_are_refused() {
        for text in ["", "MiB", "1.5MiB", "-1", "12 parsecs", "17000000TiB"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_printed_is_read_back() {
        for ms in [
            0, 1, 999, 1000, 1500, 60_000, 90_000, 3_600_000, 86_400_000, 90_061_001,
        ] {
            let duration = Duration::from_millis(ms);
            assert_eq!(parse_duration(&print_duration(duration)), Ok(duration));
        }
        for bytes in [
            0,
            1,
            1023,
            1024,
            1025,
            1 << 20,
            500 << 20,
            1 << 40,
            u64::MAX,
        ] {
            assert_eq!(parse_size(&print_size(bytes)), Ok(bytes));
        }
    }
}

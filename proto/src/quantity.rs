//! How many and how much, in words for people.

use std::fmt::Display;

/// Returns a number and what is counted, with commas between thousands:
/// `1 entry`, `1,204 entries`.
pub fn count(number: impl Display, one: &str, many: &str) -> String {
    let number = grouped(number, ',');
    let noun = if number == "1" { one } else { many };
    format!("{number} {noun}")
}

/// Returns a number of bytes in full: `1 byte`, `20 bytes`.
pub fn bytes(number: impl Display) -> String {
    match number.to_string() {
        one if one == "1" => "1 byte".to_owned(),
        many => format!("{many} bytes"),
    }
}

/// Says how many differ: `1 differs`, `20 differ`.
pub fn differ(number: impl Display) -> String {
    match number.to_string() {
        one if one == "1" => "1 differs".to_owned(),
        many => format!("{many} differ"),
    }
}

/// Says how many bytes differ: `1 byte differs`, `20 bytes differ`.
pub fn bytes_differ(number: impl Display) -> String {
    match bytes(number) {
        one if one == "1 byte" => "1 byte differs".to_owned(),
        many => format!("{many} differ"),
    }
}

/// Returns a size in bytes as people say it: `1.5 KiB`.
pub fn size(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        // One decimal is enough for a reader; the exact size is in the JSON.
        Some((unit, name)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => self::bytes(bytes),
    }
}

/// Returns a whole number that is not negative in groups of three digits.
pub fn grouped(number: impl Display, separator: char) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well() {
        assert_eq!(
            [size(0), size(1), size(1536), size(10 << 20)],
            ["0 bytes", "1 byte", "1.5 KiB", "10.0 MiB"]
        );
        assert_eq!([bytes(1), bytes(2048)], ["1 byte", "2048 bytes"]);
        assert_eq!(
            [differ(1), differ(0), differ(1204)],
            ["1 differs", "0 differ", "1204 differ"]
        );
        assert_eq!(
            [bytes_differ(1), bytes_differ(11)],
            ["1 byte differs", "11 bytes differ"]
        );
    }

    #[test]
    fn one_thing_is_singular_and_thousands_are_apart() {
        let table = [
            (0, "0 entries"),
            (1, "1 entry"),
            (999, "999 entries"),
            (1000, "1,000 entries"),
            (1_234_567, "1,234,567 entries"),
        ];
        for (number, want) in table {
            assert_eq!(count(number, "entry", "entries"), want);
        }
    }
}

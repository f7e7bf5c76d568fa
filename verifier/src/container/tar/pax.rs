//! The records of a pax header: `<length> <key>=<value>\n`, the length counting
//! the whole record in bytes.

use std::collections::BTreeMap;

use super::super::fault::{Fault, Kind};
use super::super::listing::{self, Time, text};

/// Records by key; of two with one key the later counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Records(BTreeMap<Vec<u8>, Vec<u8>>);

/// The most records that hold for one member.
const RECORDS_MAX: usize = 1000;

/// The extended attribute by which a program gets rights that its caller has not.
const CAPABILITY: &[u8] = b"SCHILY.xattr.security.capability";

/// Keys whose values are compared as fields of their own.
const COMMON: [&str; 8] = [
    "path", "linkpath", "size", "mtime", "uid", "gid", "uname", "gname",
];

impl Records {
    /// Reads all records.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let mut records = Self::default();
        let mut rest = bytes;
        // Some writers fill the block up with zeros.
        while rest.first().is_some_and(|byte| *byte != 0) {
            let (record, after) = split(rest).ok_or_else(|| {
                Fault::malformed(format!(
                    "a pax header has a record that is none, at its byte {}",
                    bytes.len() - rest.len()
                ))
            })?;
            records.set(record.0.to_vec(), record.1.to_vec())?;
            rest = after;
        }
        Ok(records)
    }

    pub(super) fn extend(&mut self, later: Self) -> Result<(), Fault> {
        later
            .0
            .into_iter()
            .try_for_each(|(key, value)| self.set(key, value))
    }

    fn set(&mut self, key: Vec<u8>, value: Vec<u8>) -> Result<(), Fault> {
        if self.0.len() >= RECORDS_MAX && !self.0.contains_key(&key) {
            return Err(Kind::TooMany {
                what: "pax records",
                max: RECORDS_MAX,
            }
            .into());
        }
        self.0.insert(key, value);
        Ok(())
    }

    pub(super) fn get(&self, key: &str) -> Option<&[u8]> {
        self.0.get(key.as_bytes()).map(Vec::as_slice)
    }

    /// Says whether there are records whose keys begin with this.
    pub(super) fn has(&self, start: &str) -> bool {
        self.of(start).next().is_some()
    }

    /// Returns the records whose keys begin with this, in order of the keys.
    pub(super) fn text_of(&self, start: &str) -> Vec<u8> {
        let text =
            |(key, value): (&Vec<u8>, &Vec<u8>)| [key, b"=".as_slice(), value, b"\n"].concat();
        self.of(start).flat_map(text).collect()
    }

    fn of(&self, start: &str) -> impl Iterator<Item = (&Vec<u8>, &Vec<u8>)> {
        let start = start.as_bytes();
        let from = self.0.range(start.to_vec()..);
        from.take_while(move |(key, _)| key.starts_with(start))
    }

    /// Returns what these records alone say: times of access, extended
    /// attributes and the like.
    pub(super) fn own(&self) -> Vec<(&'static str, String)> {
        let is_own = |key: &[u8]| !COMMON.iter().any(|common| common.as_bytes() == key);
        let mut own: Vec<String> = Vec::new();
        let mut times: Vec<(&'static str, String)> = Vec::new();
        for (key, value) in self.0.iter().filter(|(key, _)| is_own(key.as_slice())) {
            match key.as_slice() {
                b"atime" => times.push(("access time", text(value))),
                b"ctime" => times.push(("change time", text(value))),
                CAPABILITY => times.push((listing::CAPABILITY, text(value))),
                _ => own.push(format!("{}={}", text(key), text(value))),
            }
        }
        if !own.is_empty() {
            own.sort_unstable();
            times.push(("pax records", own.join(" ")));
        }
        times
    }
}

type Record<'a> = (&'a [u8], &'a [u8]);

fn split(bytes: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let blank = memchr::memchr(b' ', bytes)?;
    let len: usize = std::str::from_utf8(&bytes[..blank]).ok()?.parse().ok()?;
    let record = bytes.get(blank + 1..len)?.strip_suffix(b"\n")?;
    let equals = memchr::memchr(b'=', record)?;
    Some(((&record[..equals], &record[equals + 1..]), &bytes[len..]))
}

pub(super) fn number(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// Reads seconds with a fraction.
pub(super) fn time(value: &[u8]) -> Option<Time> {
    let value = std::str::from_utf8(value).ok()?;
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let seconds: i64 = whole.parse().ok()?;
    let mut nanoseconds: u32 = 0;
    for digit in fraction.bytes().chain(std::iter::repeat(b'0')).take(9) {
        let digit = char::from(digit).to_digit(10)?;
        nanoseconds = nanoseconds * 10 + digit;
    }
    // -1.5 is half a second before -1.
    if whole.starts_with('-') && nanoseconds > 0 {
        return Some(Time {
            seconds: seconds.checked_sub(1)?,
            nanoseconds: 1_000_000_000 - nanoseconds,
        });
    }
    Some(Time {
        seconds,
        nanoseconds,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_count_their_own_length() {
        let records = Records::read(b"11 path=a\nb\n13 mtime=1.5\n9 x=\0\0y\n\0\0").unwrap_err();
        assert!(records.to_string().contains("record that is none"));
        let records = Records::read(b"12 path=a\nb\n13 mtime=1.5\n\0\0").unwrap();
        assert_eq!(records.get("path"), Some(&b"a\nb"[..]));
        assert_eq!(records.own(), []);
        for lie in [&b"99 path=a\n"[..], b"3 a=b\n", b"7 path=\n", b"0 \n", b"x"] {
            assert!(Records::read(lie).is_err(), "{lie:?}");
        }
    }

    #[test]
    fn times_have_fractions_and_may_lie_before_1970() {
        let read = |text: &str| time(text.as_bytes()).map(|time| (time.seconds, time.nanoseconds));
        assert_eq!(read("1.5"), Some((1, 500_000_000)));
        assert_eq!(read("-1.5"), Some((-2, 500_000_000)));
        assert_eq!(read("7"), Some((7, 0)));
        assert_eq!(read("7.x"), None);
        assert_eq!(read("1.0000000019"), Some((1, 1)));
    }
}

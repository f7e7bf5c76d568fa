//! What a proxy says about versions: `.info` and `@latest` (JSON), and `list`
//! (one version a line).
//!
//! ```
//! use proto::info::Info;
//!
//! let info = Info::parse(br#"{"Version":"v0.3.0","Time":"2017-12-14T13:08:43Z"}"#)?;
//! assert_eq!(info.version, "v0.3.0");
//! # Ok::<(), proto::info::Error>(())
//! ```
//!
//! The bytes themselves are relayed as they came: fields that are not read here,
//! such as `Origin`, matter to the go command.
//!
//! Source: go.dev/ref/mod#goproxy-protocol.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::module::{Version, pseudo};

/// The longest `.info` that is read, in bytes.
pub const INFO_LEN_MAX: usize = 256 << 10;

/// The longest `list` that is read, in bytes.
pub const LIST_LEN_MAX: usize = 16 << 20;

/// The most lines of a `list` that are read.
pub const LIST_LINES_MAX: usize = 200_000;

/// Why an answer was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The answer is longer than any that is read.
    #[error("{len} bytes, and at most {max} are read")]
    TooLong {
        /// Length in bytes.
        len: usize,
        /// The most that is read.
        max: usize,
    },
    /// The list has more lines than are read.
    #[error("more than {max} lines")]
    TooManyLines {
        /// The most that are read.
        max: usize,
    },
    /// Not JSON of the expected shape; also a field that is given twice.
    #[error("malformed info: {0}")]
    Json(#[from] serde_json::Error),
    /// `Version` is missing, or no canonical version.
    #[error("info names version {version:?}, which is not canonical")]
    Version {
        /// The version as given; empty when missing.
        version: String,
    },
    /// `Time` is no RFC 3339 time.
    #[error("info names time {time:?}, which is not RFC 3339")]
    Time {
        /// The time as given.
        time: String,
    },
    /// The list is a page of markup, as a log-in portal answers.
    #[error("the list is a page of markup, not versions")]
    Markup,
}

/// The fields of `.info` that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// A canonical version.
    pub version: String,
    /// When it was made, RFC 3339.
    pub time: Option<String>,
}

impl Info {
    /// Parses `.info`. Names of fields are compared as the go command does,
    /// without regard to case; a field that comes twice is refused, since
    /// readers differ in which one counts.
    ///
    /// # Errors
    /// [`Error::TooLong`], [`Error::Json`], [`Error::Version`], [`Error::Time`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        limit(bytes, INFO_LEN_MAX)?;
        let Fields { version, time } = serde_json::from_slice(bytes)?;
        let version = version.unwrap_or_default();
        if Version::parse(&version).is_err() {
            return Err(Error::Version { version });
        }
        match time {
            Some(time) if !is_rfc3339(&time) => Err(Error::Time { time }),
            time => Ok(Self { version, time }),
        }
    }
}

/// One version of a `list`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// A canonical version, no pseudo-version.
    pub version: Version,
    /// When it was made, RFC 3339, where the list says so.
    pub time: Option<String>,
}

/// Parses a `list`. Lines that do not start with a canonical version, and
/// pseudo-versions, are passed over as the go command does; the order is kept.
///
/// # Errors
/// [`Error::TooLong`], [`Error::TooManyLines`], [`Error::Markup`].
pub fn version_list(bytes: &[u8]) -> Result<Vec<Listed>, Error> {
    limit(bytes, LIST_LEN_MAX)?;
    if bytes.trim_ascii_start().starts_with(b"<") {
        return Err(Error::Markup);
    }
    let mut versions = Vec::new();
    for (at, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        if at >= LIST_LINES_MAX {
            let max = LIST_LINES_MAX;
            return Err(Error::TooManyLines { max });
        }
        versions.extend(listed(line));
    }
    Ok(versions)
}

fn listed(line: &[u8]) -> Option<Listed> {
    let mut fields = std::str::from_utf8(line).ok()?.split_whitespace();
    let version = Version::parse(fields.next()?).ok()?;
    if pseudo::is_pseudo(version.as_str()) {
        return None;
    }
    let time = fields.next().filter(|time| is_rfc3339(time));
    Some(Listed {
        version,
        time: time.map(str::to_owned),
    })
}

fn limit(bytes: &[u8], max: usize) -> Result<(), Error> {
    let len = bytes.len();
    if len > max {
        return Err(Error::TooLong { len, max });
    }
    Ok(())
}

#[derive(Default)]
struct Fields {
    version: Option<String>,
    time: Option<String>,
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with Version")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        let (mut saw_version, mut saw_time) = (false, false);
        while let Some(key) = map.next_key::<String>()? {
            let (slot, saw) = match folded(&key).as_str() {
                "version" => (&mut fields.version, &mut saw_version),
                "time" => (&mut fields.time, &mut saw_time),
                // Not read here, but the go command refuses an answer whose origin
                // has another shape.
                "origin" => {
                    map.next_value::<Option<Origin>>()?;
                    continue;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if std::mem::replace(saw, true) {
                return Err(de::Error::custom(format_args!("field {key:?} comes twice")));
            }
            *slot = map.next_value()?;
        }
        Ok(fields)
    }
}

/// Where a version came from: an object whose known fields are texts.
///
/// Source: cmd/go/internal/modfetch/codehost (Origin)
struct Origin;

const ORIGIN_TEXTS: [&str; 8] = [
    "vcs",
    "url",
    "subdir",
    "hash",
    "tagprefix",
    "tagsum",
    "ref",
    "reposum",
];

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OriginVisitor)
    }
}

struct OriginVisitor;

impl<'de> Visitor<'de> for OriginVisitor {
    type Value = Origin;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object that says where the version came from")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Origin, A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if ORIGIN_TEXTS.contains(&folded(&key).as_str()) {
                map.next_value::<Option<String>>()?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Origin)
    }
}

/// Lower case, with the long s that Go's JSON takes for an s.
fn folded(key: &str) -> String {
    key.chars()
        .map(|c| {
            if c == 'ſ' {
                's'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

/// `2006-01-02T15:04:05`, a fraction, then `Z` or an offset.
fn is_rfc3339(time: &str) -> bool {
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

    fn version(json: &str) -> Result<String, Error> {
        Info::parse(json.as_bytes()).map(|info| info.version)
    }

    #[test]
    fn refuses_an_origin_that_the_go_command_cannot_read() {
        let parse = |origin: &str| {
            let text = format!(r#"{{"Version":"v1.0.0","Origin":{origin}}}"#);
            Info::parse(text.as_bytes())
        };
        for origin in ["null", "{}", r#"{"VCS":"git","Hash":null,"Else":5}"#] {
            assert!(parse(origin).is_ok(), "{origin}");
        }
        for origin in ["5", "[]", r#""git""#, r#"{"VCS":5}"#, r#"{"tagſum":{}}"#] {
            assert!(matches!(parse(origin), Err(Error::Json(_))), "{origin}");
        }
    }

    #[test]
    fn reads_what_proxies_write() {
        let info = Info::parse(
            br#"{"Version":"v1.5.0","Time":"2025-03-11T08:04:05.123+01:00","Origin":{"VCS":"git","Hash":"x"}}"#,
        )
        .unwrap();
        assert_eq!(info.version, "v1.5.0");
        assert_eq!(info.time.as_deref(), Some("2025-03-11T08:04:05.123+01:00"));
        assert_eq!(version(r#"{"version":"v1.0.0"}"#).unwrap(), "v1.0.0");
        let info = Info::parse(br#"{"Version":"v2.0.0+incompatible","Time":null}"#).unwrap();
        assert_eq!(info.time, None);
    }

    #[test]
    fn refuses_what_readers_would_take_differently() {
        for json in [
            "",
            "[]",
            "null",
            "<html>",
            r#"{"Version":"v1.0.0"} x"#,
            r#"{"Version":1}"#,
            r#"{"Version":"v1.0.0","Version":"v1.0.0"}"#,
            r#"{"Version":"v1.0.0","verſion":"v2.0.0"}"#,
        ] {
            assert!(matches!(version(json), Err(Error::Json(_))), "{json}");
        }
        for json in [
            "{}",
            r#"{"Version":null}"#,
            r#"{"Version":"v1"}"#,
            r#"{"Version":"master"}"#,
            r#"{"Version":"v1.0.0+meta"}"#,
            r#"{"Version":"v1.0.0/../x"}"#,
        ] {
            assert!(
                matches!(version(json), Err(Error::Version { .. })),
                "{json}"
            );
        }
        let long = vec![b' '; INFO_LEN_MAX + 1];
        assert!(matches!(Info::parse(&long), Err(Error::TooLong { .. })));
        let deep = format!("{{\"x\":{}", "[".repeat(100_000));
        assert!(matches!(version(&deep), Err(Error::Json(_))));
    }

    #[test]
    fn refuses_times_that_do_not_exist() {
        for time in [
            "",
            "2025-03-11",
            "2025-03-11T08:04:05",
            "2025-03-11 08:04:05Z",
            "2025-02-29T08:04:05Z",
            "2025-13-01T08:04:05Z",
            "2025-03-11T24:04:05Z",
            "2025-03-11T08:04:05.Z",
            "2025-03-11T08:04:05.5",
            "2025-03-11T08:04:05+0100",
            "2025-03-11T08:04:05z",
        ] {
            let json = format!(r#"{{"Version":"v1.0.0","Time":{time:?}}}"#);
            assert!(matches!(version(&json), Err(Error::Time { .. })), "{time}");
        }
        assert!(is_rfc3339("2000-02-29T23:59:59.000000001-23:59"));
        assert!(!is_rfc3339("1900-02-29T23:59:59Z"));
    }

    #[test]
    fn passes_over_lines_that_are_no_tags() {
        let text = "v1.0.0\nv1.1.0 2025-03-11T08:04:05Z\r\n\nmaster\nv2\nv1.2.3+meta\n\
            v0.0.0-20240306222714-3ec4d716e805\n  v1.2.0-rc.1  yesterday\nv3.0.0+incompatible";
        let list = version_list(text.as_bytes()).unwrap();
        let got: Vec<_> = list
            .iter()
            .map(|l| (l.version.as_str(), l.time.as_deref()))
            .collect();
        let want = [
            ("v1.0.0", None),
            ("v1.1.0", Some("2025-03-11T08:04:05Z")),
            ("v1.2.0-rc.1", None),
            ("v3.0.0+incompatible", None),
        ];
        assert_eq!(got, want);
        assert!(version_list(b"").unwrap().is_empty());
        assert!(version_list(b"\xff\xfe\n").unwrap().is_empty());
    }

    #[test]
    fn bounds_lists() {
        let lines = "\n".repeat(LIST_LINES_MAX);
        assert!(matches!(
            version_list(lines.as_bytes()),
            Err(Error::TooManyLines { .. })
        ));
        let long = vec![b'v'; LIST_LEN_MAX + 1];
        assert!(matches!(version_list(&long), Err(Error::TooLong { .. })));
        assert!(matches!(
            version_list(b"\n <!DOCTYPE html>"),
            Err(Error::Markup)
        ));
    }
}

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

pub mod versions;

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::module::Version;
use crate::rfc3339;

/// The longest `.info` that is read, in bytes.
pub const INFO_LEN_MAX: usize = 256 << 10;

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
    /// `Time` is not an RFC 3339 time.
    #[error("info names time {time:?}, which is not RFC 3339")]
    Time {
        /// The time as given.
        time: String,
    },
    /// The list is a page of markup, as a log-in portal answers.
    #[error("the list is a page of markup, not versions")]
    Markup,
    /// No line of the list begins as a version does.
    #[error("the list names no version at all")]
    NoVersions,
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
            Some(time) if !rfc3339::is_time(&time) => Err(Error::Time { time }),
            time => Ok(Self { version, time }),
        }
    }
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
    }
}

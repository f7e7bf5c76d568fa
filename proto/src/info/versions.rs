//! What `list` says: one version a line, sometimes with its time.

use super::{Error, limit};
use crate::module::{Version, pseudo};
use crate::rfc3339;

/// The longest `list` that is read, in bytes.
pub const LEN_MAX: usize = 16 << 20;

/// The most lines of a `list` that are read.
pub const LINES_MAX: usize = 200_000;

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
/// [`Error::TooLong`], [`Error::TooManyLines`], [`Error::Markup`], and
/// [`Error::NoVersions`] for text none of whose lines begins as a version does:
/// JSON, or words for people.
pub fn parse(bytes: &[u8]) -> Result<Vec<Listed>, Error> {
    limit(bytes, LEN_MAX)?;
    if bytes.trim_ascii_start().starts_with(b"<") {
        return Err(Error::Markup);
    }
    let mut versions = Vec::new();
    let (mut has_text, mut has_versions) = (false, false);
    for (at, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        if at >= LINES_MAX {
            let max = LINES_MAX;
            return Err(Error::TooManyLines { max });
        }
        let line = line.trim_ascii();
        has_text |= !line.is_empty();
        has_versions |= is_like_version(line);
        versions.extend(listed(line));
    }
    if has_text && !has_versions {
        return Err(Error::NoVersions);
    }
    Ok(versions)
}

/// Tells whether a line begins with `v` and a digit, as versions and
/// pseudo-versions do.
fn is_like_version(line: &[u8]) -> bool {
    matches!(line, [b'v', digit, ..] if digit.is_ascii_digit())
}

fn listed(line: &[u8]) -> Option<Listed> {
    let mut fields = std::str::from_utf8(line).ok()?.split_whitespace();
    let version = Version::parse(fields.next()?).ok()?;
    if pseudo::is_pseudo(version.as_str()) {
        return None;
    }
    let time = fields.next().filter(|time| rfc3339::is_time(time));
    Some(Listed {
        version,
        time: time.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_over_lines_that_are_no_tags() {
        let text = "v1.0.0\nv1.1.0 2025-03-11T08:04:05Z\r\n\nmaster\nv2\nv1.2.3+meta\n\
            v0.0.0-20240306222714-3ec4d716e805\n  v1.2.0-rc.1  yesterday\nv3.0.0+incompatible";
        let list = parse(text.as_bytes()).unwrap();
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
        assert!(parse(b"").unwrap().is_empty());
        assert!(parse(b"\n \n").unwrap().is_empty());
        assert!(
            parse(b"v0.0.0-20240306222714-3ec4d716e805\n")
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn bounds_lists() {
        let lines = "\n".repeat(LINES_MAX);
        assert!(matches!(
            parse(lines.as_bytes()),
            Err(Error::TooManyLines { .. })
        ));
        let long = vec![b'v'; LEN_MAX + 1];
        assert!(matches!(parse(&long), Err(Error::TooLong { .. })));
        assert!(matches!(parse(b"\n <!DOCTYPE html>"), Err(Error::Markup)));
    }

    #[test]
    fn refuses_what_lists_no_version_at_all() {
        for text in [
            "{\"errors\":[{\"status\":404}]}",
            "[]",
            "not found: fetch timed out\n",
            "\u{feff}",
            "master\n",
        ] {
            assert!(
                matches!(parse(text.as_bytes()), Err(Error::NoVersions)),
                "{text}"
            );
        }
        assert!(matches!(parse(b"\xff\xfe\n"), Err(Error::NoVersions)));
    }
}

//! Pseudo-versions: versions that name a commit by time and hash.
//!
//! Three forms, by what the commit comes after:
//! `vX.0.0-20240306222714-3ec4d716e805` nothing,
//! `vX.Y.Z-pre.0.20240306222714-3ec4d716e805` the pre-release `vX.Y.Z-pre`,
//! `vX.Y.(Z+1)-0.20240306222714-3ec4d716e805` the release `vX.Y.Z`;
//! each with `+incompatible` or the like after it.
//!
//! Source: go.dev/ref/mod#pseudo-versions, golang.org/x/mod/module.

use super::Error;
use crate::semver;

/// A pseudo-version taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pseudo {
    /// The version that the commit comes after, build metadata included; `None`
    /// in the form `vX.0.0-…`.
    pub base: Option<String>,
    /// The major version with its `v`.
    pub major: String,
    /// Commit time in UTC, `yyyymmddhhmmss`; checked to be a date that exists.
    pub time: String,
    /// The commit, most often its first 12 hexadecimal digits.
    pub revision: String,
    /// Build metadata with its plus.
    pub build: String,
}

impl Pseudo {
    /// The pseudo-version this was parsed from.
    pub fn version(&self) -> String {
        let Self { time, revision, .. } = self;
        let stem = match self.base.as_deref() {
            None => format!("{}.0.0-", self.major),
            Some(base) => {
                let bare = base.strip_suffix(semver::build(base)).unwrap_or(base);
                match bare.rsplit_once('.') {
                    _ if !semver::prerelease(base).is_empty() => format!("{bare}.0."),
                    Some((head, patch)) => format!("{head}.{}-0.", increment(patch)),
                    None => format!("{bare}-0."),
                }
            }
        };
        format!("{stem}{time}-{revision}{}", self.build)
    }

    /// The commit time as RFC 3339: `2024-03-06T22:27:14Z`.
    pub fn time_rfc3339(&self) -> String {
        let at = |from: usize, to: usize| self.time.get(from..to).unwrap_or_default();
        let (date, clock) = (
            (at(0, 4), at(4, 6), at(6, 8)),
            (at(8, 10), at(10, 12), at(12, 14)),
        );
        format!(
            "{}-{}-{}T{}:{}:{}Z",
            date.0, date.1, date.2, clock.0, clock.1, clock.2
        )
    }
}

/// Tells whether the text has one of the three forms; the time in it need not exist.
pub fn is_pseudo(version: &str) -> bool {
    split(version).is_some()
}

/// Takes a pseudo-version apart.
///
/// # Errors
/// [`Error::Pseudo`] when it has none of the three forms, its time does not
/// exist, it comes before any version that could be its base (`vX.Y.0-0.…`), or it
/// has build metadata and no base to have it from.
pub fn parse(version: &str) -> Result<Pseudo, Error> {
    taken_apart(version).ok_or_else(|| Error::Pseudo {
        version: version.to_owned(),
    })
}

fn taken_apart(version: &str) -> Option<Pseudo> {
    let Split {
        stem,
        time,
        revision,
        build,
    } = split(version)?;
    if !is_time(time) {
        return None;
    }
    let base = match semver::prerelease(stem) {
        // `+incompatible` speaks of a base's major version, and there is no base.
        "" if build.is_empty() => None,
        "" => return None,
        "-0" => {
            let (head, patch) = stem.strip_suffix("-0")?.rsplit_once('.')?;
            Some(format!("{head}.{}{build}", decrement(patch)?))
        }
        _ => Some(format!("{}{build}", stem.strip_suffix(".0")?)),
    };
    Some(Pseudo {
        base,
        major: semver::major(version)?.to_owned(),
        time: time.to_owned(),
        revision: revision.to_owned(),
        build: build.to_owned(),
    })
}

struct Split<'a> {
    /// `vX.0.0`, `vX.Y.Z-pre.0` or `vX.Y.Z-0`.
    stem: &'a str,
    time: &'a str,
    revision: &'a str,
    build: &'a str,
}

fn split(version: &str) -> Option<Split<'_>> {
    if !semver::is_valid(version) {
        return None;
    }
    let build = semver::build(version);
    let (front, revision) = version.strip_suffix(build)?.rsplit_once('-')?;
    let time_at = front.len().checked_sub(TIME_LEN + 1)?;
    let (stem, time) = (front.get(..time_at)?, front.get(time_at + 1..)?);
    let fits = match front.as_bytes().get(time_at)? {
        b'-' => semver::prerelease(stem).is_empty() && stem.ends_with(".0.0"),
        b'.' => {
            let pre = semver::prerelease(stem);
            pre == "-0" || pre.ends_with(".0")
        }
        _ => false,
    };
    let fits = fits
        && semver::is_valid(stem)
        && time.bytes().all(|byte| byte.is_ascii_digit())
        && !revision.is_empty()
        && revision.bytes().all(|byte| byte.is_ascii_alphanumeric());
    fits.then_some(Split {
        stem,
        time,
        revision,
        build,
    })
}

/// `yyyymmddhhmmss`.
const TIME_LEN: usize = 14;

fn is_time(time: &str) -> bool {
    let number = |from: usize, to: usize| {
        time.get(from..to)
            .and_then(|digits| digits.parse::<u32>().ok())
            .unwrap_or(u32::MAX)
    };
    crate::rfc3339::is_date(number(0, 4), number(4, 6), number(6, 8))
        && number(8, 10) < 24
        && number(10, 12) < 60
        && number(12, 14) < 60
}

/// Adds one to a number written in digits, however long.
fn increment(number: &str) -> String {
    let kept = number.trim_end_matches('9');
    let nines = number.len() - kept.len();
    let mut out = step_last_digit(kept, 1).unwrap_or_else(|| "1".to_owned());
    out.push_str(&"0".repeat(nines));
    out
}

/// Takes one from a number written in digits; `None` for zero.
fn decrement(number: &str) -> Option<String> {
    let kept = number.trim_end_matches('0');
    let zeros = number.len() - kept.len();
    let mut out = step_last_digit(kept, -1)?;
    out.push_str(&"9".repeat(zeros));
    let trimmed = out.trim_start_matches('0');
    Some(if trimmed.is_empty() { "0" } else { trimmed }.to_owned())
}

/// Steps the last digit, which the caller knows not to carry.
fn step_last_digit(number: &str, step: i8) -> Option<String> {
    let mut digits = number.chars();
    let last = digits
        .next_back()?
        .to_digit(10)?
        .checked_add_signed(step.into())?;
    Some(format!("{}{last}", digits.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: &str = "20060102150405-hash";

    #[test]
    fn takes_all_forms_apart_and_puts_them_together() {
        let cases: &[(&str, Option<&str>)] = &[
            ("v0.0.0-", None),
            ("v3.0.0-", None),
            ("v1.2.3-0.", Some("v1.2.2")),
            ("v1.2.1-0.", Some("v1.2.0")),
            ("v1.2.10-0.", Some("v1.2.9")),
            ("v1.2.100-0.", Some("v1.2.99")),
            (
                "v1.2.1000000000000000000000000-0.",
                Some("v1.2.999999999999999999999999"),
            ),
            ("v1.2.3-pre.0.", Some("v1.2.3-pre")),
            ("v1.2.3-pre.9.x.0.", Some("v1.2.3-pre.9.x")),
            ("v1.0.0-0.0.", Some("v1.0.0-0")),
        ];
        for &(stem, base) in cases {
            for build in ["", "+incompatible"] {
                if base.is_none() && !build.is_empty() {
                    continue;
                }
                let version = format!("{stem}{T}{build}");
                assert!(is_pseudo(&version), "{version}");
                let pseudo = parse(&version).unwrap();
                assert_eq!(
                    pseudo.base,
                    base.map(|b| format!("{b}{build}")),
                    "{version}"
                );
                assert_eq!(pseudo.revision, "hash");
                assert_eq!(pseudo.time_rfc3339(), "2006-01-02T15:04:05Z");
                assert_eq!(pseudo.version(), version);
            }
        }
    }

    #[test]
    fn refuses_what_only_looks_alike() {
        let not_pseudo = [
            "v1.2.3".to_owned(),
            "v1.2.3-pre".to_owned(),
            format!("1.0.0-{T}"),
            // A base of the first form always ends in .0.0.
            format!("v1.2.3-{T}"),
            format!("v1.2.3-pre.{T}"),
            format!("v1.2.3-pre0.{T}"),
            "v1.0.0-2006010215040-hash".to_owned(),
            "v1.0.0-200601021504055-hash".to_owned(),
            "v1.0.0-20060102150405".to_owned(),
            "v1.0.0-20060102150405-".to_owned(),
            "v1.0.0-20060102150405-ha.sh".to_owned(),
            "v1.0.0-20060102150405+hash".to_owned(),
        ];
        for version in not_pseudo {
            assert!(!is_pseudo(&version), "{version}");
        }
        let no_meaning = [
            // Nothing comes before v1.2.0.
            format!("v1.2.0-0.{T}"),
            // The hour 25, the 30th of February.
            "v1.0.0-20060102250405-hash".to_owned(),
            "v1.0.0-20060230150405-hash".to_owned(),
            // Metadata belongs to a base, and there is none.
            format!("v1.0.0-{T}+meta"),
            format!("v2.0.0-{T}+incompatible"),
        ];
        for version in no_meaning {
            assert!(is_pseudo(&version), "{version}");
            assert_eq!(parse(&version), Err(Error::Pseudo { version }));
        }
    }
}

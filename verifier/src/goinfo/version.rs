//! Versions of Go and of glibc, compared by their numbers.

use std::cmp::Ordering;

/// A Go version: `go1.27.3`, `go1.27rc2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoVersion {
    /// 1 in `go1.27.3`.
    pub major: u32,
    /// 27 in `go1.27.3`.
    pub minor: u32,
    /// 3 in `go1.27.3`; `None` when it names none, as `1.27` does.
    pub patch: Option<u32>,
    /// Alpha, beta or release candidate, with its number.
    pub prerelease: Option<(Prerelease, u32)>,
}

/// What comes before a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Prerelease {
    /// `go1.18beta1`
    Beta,
    /// `go1.18rc1`
    Candidate,
}

impl GoVersion {
    /// Parses `go1.27.3`, with or without `go` in front.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("go").unwrap_or(text);
        let (numbers, prerelease) = if let Some((numbers, count)) = text.split_once("rc") {
            (numbers, Some((Prerelease::Candidate, number(count)?)))
        } else if let Some((numbers, count)) = text.split_once("beta") {
            (numbers, Some((Prerelease::Beta, number(count)?)))
        } else {
            (text, None)
        };
        let mut parts = numbers.split('.').map(number);
        let version = Self {
            major: parts.next()??,
            minor: parts.next()??,
            patch: match parts.next() {
                None => None,
                Some(patch) => Some(patch?),
            },
            prerelease,
        };
        parts.next().is_none().then_some(version)
    }

    /// Whether a version is this one, or one of its patches when this names none.
    pub fn covers(&self, other: &Self) -> bool {
        let same = (self.major, self.minor) == (other.major, other.minor);
        match (self.patch, self.prerelease) {
            (None, None) => same,
            _ => same && self.compare(other) == Ordering::Equal,
        }
    }

    /// Compares by precedence: candidates come before their release.
    pub fn compare(&self, other: &Self) -> Ordering {
        let key = |version: &Self| (version.major, version.minor);
        let rank = |version: &Self| match version.prerelease {
            Some((kind, number)) => (0, Some(kind), number),
            None => (1, None, version.patch.unwrap_or(0)),
        };
        key(self)
            .cmp(&key(other))
            .then_with(|| rank(self).cmp(&rank(other)))
    }
}

/// Parses a version of numbers and points alone: `2.34`.
pub fn numbers(text: &str) -> Option<Vec<u32>> {
    text.split('.').map(number).collect()
}

fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_they_came() {
        let order = [
            "go1.20",
            "1.21rc2",
            "go1.21.0",
            "go1.21.13",
            "1.27beta1",
            "go1.27rc1",
            "go1.27.0",
            "go1.27.3",
            "go2.0",
        ];
        let parsed: Vec<GoVersion> = order
            .iter()
            .map(|text| GoVersion::parse(text).unwrap())
            .collect();
        for pair in parsed.windows(2) {
            assert_eq!(pair[0].compare(&pair[1]), Ordering::Less, "{pair:?}");
        }
        for bad in [
            "",
            "go",
            "1",
            "go1.x",
            "1.2.3.4",
            "devel",
            "1.27rc",
            "1.27rc+1",
            "1.27.",
            "go1.27.3 X",
        ] {
            assert_eq!(GoVersion::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_minor_version_covers_its_patches() {
        let covers = |want: &str, got: &str| {
            GoVersion::parse(want)
                .unwrap()
                .covers(&GoVersion::parse(got).unwrap())
        };
        assert!(covers("1.27", "go1.27.3") && covers("1.27.3", "go1.27.3"));
        assert!(!covers("1.27.2", "go1.27.3") && !covers("1.26", "go1.27.3"));
        assert!(!covers("1.27.0", "go1.27rc1"));
        assert!(numbers("2.34") > numbers("2.4") && numbers("2.x").is_none());
    }
}

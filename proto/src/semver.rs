//! Semantic versions as Go reads them: a leading `v`, and the short forms
//! `v1` and `v1.2` beside the full `v1.2.3-pre.1+build`.
//!
//! ```
//! use std::cmp::Ordering;
//! use proto::semver;
//!
//! assert!(semver::is_valid("v1.2.3-pre.1+meta"));
//! assert_eq!(semver::canonical("v1.2").as_deref(), Some("v1.2.0"));
//! assert_eq!(semver::compare("v1.2.0-rc.10", "v1.2.0-rc.9"), Ordering::Greater);
//! ```
//!
//! Numbers are compared as text of digits, so they have no upper bound.
//!
//! Source: semver.org 2.0.0, golang.org/x/mod/semver.

use std::cmp::Ordering;

/// Tells whether the text is a version: `vMAJOR[.MINOR[.PATCH[-PRERELEASE][+BUILD]]]`.
pub fn is_valid(version: &str) -> bool {
    Parts::parse(version).is_some()
}

/// Returns the version in full form without build metadata: `v1` becomes
/// `v1.0.0`, `v1.2.3+meta` becomes `v1.2.3`. `None` when it is not valid.
pub fn canonical(version: &str) -> Option<String> {
    let parts = Parts::parse(version)?;
    let bare = version.strip_suffix(parts.build)?;
    let mut full = bare.to_owned();
    full.push_str(parts.missing);
    Some(full)
}

/// Returns the `v` and the major number: `v2` for `v2.1.0`.
pub fn major(version: &str) -> Option<&str> {
    let parts = Parts::parse(version)?;
    version.get(..1 + parts.major.len())
}

/// Returns major and minor: `v2.1` for `v2.1.0-rc`, and `v2.0` for `v2`.
pub fn major_minor(version: &str) -> Option<String> {
    let parts = Parts::parse(version)?;
    Some(format!("v{}.{}", parts.major, parts.minor))
}

/// Returns the pre-release with its dash, `-rc.1` for `v1.0.0-rc.1+meta`;
/// empty when there is none or the version is not valid.
pub fn prerelease(version: &str) -> &str {
    Parts::parse(version).map_or("", |parts| parts.prerelease)
}

/// Returns the build metadata with its plus, `+meta` for `v1.0.0+meta`; empty
/// when there is none or the version is not valid.
pub fn build(version: &str) -> &str {
    Parts::parse(version).map_or("", |parts| parts.build)
}

/// Orders two versions by precedence. Build metadata does not count, an
/// invalid version is below every valid one, and invalid ones are equal.
pub fn compare(left: &str, right: &str) -> Ordering {
    match (Parts::parse(left), Parts::parse(right)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(a), Some(b)) => compare_numbers(a.major, b.major)
            .then_with(|| compare_numbers(a.minor, b.minor))
            .then_with(|| compare_numbers(a.patch, b.patch))
            .then_with(|| compare_prereleases(a.prerelease, b.prerelease)),
    }
}

struct Parts<'a> {
    major: &'a str,
    minor: &'a str,
    patch: &'a str,
    /// What a short form leaves out: `.0.0`, `.0` or nothing.
    missing: &'static str,
    /// With its dash.
    prerelease: &'a str,
    /// With its plus.
    build: &'a str,
}

impl<'a> Parts<'a> {
    fn parse(version: &'a str) -> Option<Self> {
        let (major, rest) = take_number(version.strip_prefix('v')?)?;
        let mut parts = Self {
            major,
            minor: "0",
            patch: "0",
            missing: ".0.0",
            prerelease: "",
            build: "",
        };
        if rest.is_empty() {
            return Some(parts);
        }
        let (minor, rest) = take_number(rest.strip_prefix('.')?)?;
        parts.minor = minor;
        parts.missing = ".0";
        if rest.is_empty() {
            return Some(parts);
        }
        let (patch, rest) = take_number(rest.strip_prefix('.')?)?;
        parts.patch = patch;
        parts.missing = "";
        let plus = rest.find('+').unwrap_or(rest.len());
        let (prerelease, build) = rest.split_at(plus);
        let fits = (prerelease.is_empty() || is_prerelease(prerelease))
            && (build.is_empty() || build.strip_prefix('+').is_some_and(are_identifiers));
        parts.prerelease = prerelease;
        parts.build = build;
        fits.then_some(parts)
    }
}

/// Splits a number without superfluous leading zeros off the front.
fn take_number(text: &str) -> Option<(&str, &str)> {
    let end = text
        .bytes()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let fits = number == "0" || (!number.is_empty() && !number.starts_with('0'));
    fits.then_some((number, rest))
}

fn is_prerelease(text: &str) -> bool {
    let Some(list) = text.strip_prefix('-') else {
        return false;
    };
    are_identifiers(list)
        && list
            .split('.')
            .all(|part| part == "0" || !part.starts_with('0') || !is_number(part))
}

fn are_identifiers(list: &str) -> bool {
    list.split('.').all(|part| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

fn is_number(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_digit())
}

fn compare_numbers(left: &str, right: &str) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// A release is above its pre-releases; numbers are below words; a list that
/// goes on is above the one it continues.
fn compare_prereleases(left: &str, right: &str) -> Ordering {
    match (left.strip_prefix('-'), right.strip_prefix('-')) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) => {
            let (mut a, mut b) = (a.split('.'), b.split('.'));
            loop {
                match (a.next(), b.next()) {
                    (None, None) => return Ordering::Equal,
                    (None, Some(_)) => return Ordering::Less,
                    (Some(_), None) => return Ordering::Greater,
                    (Some(x), Some(y)) => match compare_identifiers(x, y) {
                        Ordering::Equal => {}
                        unequal => return unequal,
                    },
                }
            }
        }
    }
}

fn compare_identifiers(left: &str, right: &str) -> Ordering {
    match (is_number(left), is_number(right)) {
        (true, true) => compare_numbers(left, right),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => left.cmp(right),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Versions in ascending order of precedence; those in one row are equal.
    /// The second column is the canonical form ("" when not valid).
    const LADDER: &[&[(&str, &str)]] = &[
        &[
            ("", ""),
            ("1.2.3", ""),
            ("v", ""),
            ("v01", ""),
            ("v1.", ""),
            ("v1.2.", ""),
            ("v1.2.3.4", ""),
            ("v1.02.3", ""),
            ("v1.2.03", ""),
            ("v1-pre", ""),
            ("v1.2-pre", ""),
            ("v1+meta", ""),
            ("v1.2+meta", ""),
            ("v1.2.3-", ""),
            ("v1.2.3+", ""),
            ("v1.2.3-a..b", ""),
            ("v1.2.3-a.", ""),
            ("v1.2.3-01", ""),
            ("v1.2.3-a.00", ""),
            ("v1.2.3-a_b", ""),
            ("v1.2.3+a..b", ""),
            ("v1.2.3+a+b", ""),
            ("v1.2.3-pré", ""),
            ("V1.2.3", ""),
            (" v1.2.3", ""),
            ("v1.2.3 ", ""),
            ("v-1", ""),
        ],
        &[("v0.0.0-0", "v0.0.0-0")],
        &[("v0", "v0.0.0"), ("v0.0", "v0.0.0"), ("v0.0.0", "v0.0.0")],
        &[("v1.0.0-1", "v1.0.0-1")],
        &[("v1.0.0-9", "v1.0.0-9")],
        &[("v1.0.0-10", "v1.0.0-10")],
        // Digits beyond any machine word are still compared as numbers.
        &[(
            "v1.0.0-99999999999999999999999",
            "v1.0.0-99999999999999999999999",
        )],
        // A dash makes a word of digits, and capitals sort below small letters.
        &[("v1.0.0--1", "v1.0.0--1")],
        &[("v1.0.0-0a", "v1.0.0-0a")],
        &[("v1.0.0-Z", "v1.0.0-Z")],
        &[("v1.0.0-alpha", "v1.0.0-alpha")],
        &[("v1.0.0-alpha.1", "v1.0.0-alpha.1")],
        &[("v1.0.0-alpha.beta", "v1.0.0-alpha.beta")],
        &[("v1.0.0-beta.2", "v1.0.0-beta.2")],
        &[("v1.0.0-beta.11", "v1.0.0-beta.11")],
        &[
            ("v1.0.0-rc.1", "v1.0.0-rc.1"),
            ("v1.0.0-rc.1+01.x-", "v1.0.0-rc.1"),
        ],
        &[
            ("v1", "v1.0.0"),
            ("v1.0.0", "v1.0.0"),
            ("v1.0.0+incompatible", "v1.0.0"),
        ],
        &[("v1.2", "v1.2.0"), ("v1.2.0", "v1.2.0")],
        &[("v1.2.3", "v1.2.3")],
        &[("v1.10.0", "v1.10.0")],
        &[("v2", "v2.0.0")],
        &[("v10.0.0", "v10.0.0")],
        &[("v18446744073709551616.0.0", "v18446744073709551616.0.0")],
    ];

    #[test]
    fn orders_and_canonicalises_every_pair_of_the_ladder() {
        for (i, low) in LADDER.iter().enumerate() {
            for &(a, canon) in *low {
                assert_eq!(is_valid(a), !canon.is_empty(), "{a}");
                assert_eq!(canonical(a).unwrap_or_default(), canon, "{a}");
                for (j, high) in LADDER.iter().enumerate() {
                    for &(b, _) in *high {
                        assert_eq!(compare(a, b), i.cmp(&j), "{a} against {b}");
                    }
                }
            }
        }
    }

    #[test]
    fn takes_versions_apart() {
        assert_eq!(major("v12.3.4-x"), Some("v12"));
        assert_eq!(major("12.3.4"), None);
        assert_eq!(major_minor("v12.3.4-x").as_deref(), Some("v12.3"));
        assert_eq!(major_minor("v12").as_deref(), Some("v12.0"));
        assert_eq!(prerelease("v1.0.0-rc.1+meta"), "-rc.1");
        assert_eq!(prerelease("v1.0.0+meta-x"), "");
        assert_eq!(build("v1.0.0-rc.1+meta-x"), "+meta-x");
        assert_eq!(build("v1"), "");
    }

    proptest! {
        #[test]
        fn canonical_is_idempotent_and_equal(version in "v[0-9.a-z+-]{1,12}") {
            if let Some(once) = canonical(&version) {
                prop_assert_eq!(canonical(&once), Some(once.clone()));
                prop_assert_eq!(compare(&version, &once), Ordering::Equal);
            }
        }

        #[test]
        fn compare_is_antisymmetric(a in "v[0-2](\\.[0-9]){2}(-[a0-9.-]{1,4})?", b in "v[0-2](\\.[0-9]){2}(-[a0-9.-]{1,4})?") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
        }
    }
}

//! What to do about different Go versions: what helps depends on them, since only
//! some can be fetched by name.

use crate::goinfo::version::GoVersion;

/// The first Go that fetches other versions and knows toolchain lines.
const FETCHES_SINCE: u32 = 21;

/// Parses a version that is the name of a release: not `devel`, and nothing that a
/// distribution put behind.
fn release(version: &str) -> Option<GoVersion> {
    let parsed = GoVersion::parse(version).filter(|_| version.starts_with("go1."))?;
    // From then on the first release has a zero behind it.
    let is_named =
        parsed.patch.is_some() || parsed.prerelease.is_some() || parsed.minor < FETCHES_SINCE;
    is_named.then_some(parsed)
}

fn fetches(release: &GoVersion) -> bool {
    release.minor >= FETCHES_SINCE
}

/// Returns the minor number of a version, also where something stands behind it:
/// 22 of `go1.22 (Red Hat 1.22.3-1.el9)`.
pub(super) fn minor(version: &str) -> Option<u32> {
    let rest = version.strip_prefix("go1.")?;
    let end = rest.find(|c: char| !c.is_ascii_digit());
    rest[..end.unwrap_or(rest.len())].parse().ok()
}

/// Says how to build both with one Go, given the two versions.
pub(super) fn advice(a: &str, b: &str) -> String {
    let releases = [a, b].map(|version| release(version).map(|parsed| (parsed, version)));
    let releases = releases.into_iter().flatten();
    let Some((newest, name)) = releases.max_by(|(a, _), (b, _)| a.compare(b)) else {
        return format!(
            "build both with one release of Go from https://go.dev/dl/: neither {a} nor {b} is one that the go \
             command can fetch by its name"
        );
    };
    if !fetches(&newest) {
        return format!(
            "install {name} for both builds (https://go.dev/dl/): Go before 1.{FETCHES_SINCE} does not fetch \
             another version, and a toolchain line in go.mod is an error to it"
        );
    }
    let other = if name == a { b } else { a };
    match release(other) {
        Some(other) if fetches(&other) => format!(
            "build both with one Go version: add \"toolchain {name}\" to go.mod, or set GOTOOLCHAIN={name} on both \
             machines"
        ),
        Some(_) => format!(
            "install {name} where {other} is (https://go.dev/dl/): Go before 1.{FETCHES_SINCE} does not fetch another \
             version, and a toolchain line in go.mod is an error to it"
        ),
        None => format!(
            "build both with the release {name}: install it on both machines (https://go.dev/dl/), or set \
             GOTOOLCHAIN={name}; {other} need not give way to a toolchain line in go.mod"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_releases() {
        let names = ["go1.20", "go1.20.14", "go1.21rc2", "go1.21.0", "go1.27.3"];
        let parsed = names.map(|name| release(name).unwrap_or_else(|| panic!("{name}")));
        assert!(parsed.is_sorted_by(|a, b| a.compare(b).is_le()));
        for name in [
            "go1.22",
            "go1.22 (Red Hat 1.22.3-1.el9)",
            "go1.22.3-custom",
            "go1.26-devel_5b0b8d4 Mon",
            "devel go1.28-abc",
            "go2",
            "go1.",
            "",
        ] {
            assert_eq!(release(name), None, "{name}");
        }
        assert_eq!(minor("go1.22 (Red Hat 1.22.3-1.el9)"), Some(22));
        assert_eq!(minor("devel go1.28-abc"), None);
    }

    /// Advice that the go command of either side can follow.
    #[test]
    fn advice_works_for_the_versions() {
        let toolchain = "add \"toolchain ";
        let set = "GOTOOLCHAIN=";
        let table: [(&str, &str, &[&str], &[&str]); 7] = [
            (
                "go1.21.13",
                "go1.27.3",
                &["add \"toolchain go1.27.3\"", "GOTOOLCHAIN=go1.27.3"],
                &[],
            ),
            ("go1.27.3", "go1.27rc1", &["\"toolchain go1.27.3\""], &[]),
            (
                "go1.20.14",
                "go1.24.1",
                &["install go1.24.1 where go1.20.14 is"],
                &[toolchain, set],
            ),
            (
                "go1.19",
                "go1.20",
                &["install go1.20 for both"],
                &[toolchain, set],
            ),
            (
                "devel go1.28-abc",
                "go1.27.3",
                &["GOTOOLCHAIN=go1.27.3"],
                &[toolchain, "GOTOOLCHAIN=devel"],
            ),
            (
                "go1.22 (Red Hat 1.22.3-1.el9)",
                "go1.22.2",
                &["the release go1.22.2"],
                &[toolchain, "GOTOOLCHAIN=go1.22 "],
            ),
            (
                "go1.22 (Red Hat 1.22.3-1.el9)",
                "devel go1.28-abc",
                &["one release of Go"],
                &[toolchain, set],
            ),
        ];
        for (a, b, says, never) in table {
            for text in [advice(a, b), advice(b, a)] {
                assert!(
                    says.iter().all(|words| text.contains(words)),
                    "{a} {b}: {text}"
                );
                assert!(
                    !never.iter().any(|words| text.contains(words)),
                    "{a} {b}: {text}"
                );
            }
        }
    }
}

//! What to do about different Go versions: what helps depends on them, since only
//! some can be fetched by name.

/// The first Go that fetches other versions and knows toolchain lines.
const FETCHES_SINCE: u32 = 21;

/// A release of Go, by the numbers in its name: `go1.27.3`, `go1.27rc1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Release {
    /// 27 in `go1.27.3`.
    pub(super) minor: u32,
    stage: Stage,
    /// 3 in `go1.27.3`, 1 in `go1.27rc1`.
    number: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Beta,
    Candidate,
    Release,
}

impl Release {
    /// Parses a version that is the name of a release: not `devel`, and nothing
    /// that a distribution put behind.
    pub(super) fn parse(version: &str) -> Option<Self> {
        let text = version.strip_prefix("go1.")?;
        let number = |text: &str| {
            let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| is_number)
        };
        let stages = [
            ("rc", Stage::Candidate),
            ("beta", Stage::Beta),
            (".", Stage::Release),
        ];
        let split = stages
            .into_iter()
            .find_map(|(mark, stage)| Some((text.split_once(mark)?, stage)));
        let Some(((minor, rest), stage)) = split else {
            let (minor, stage, number) = (number(text)?, Stage::Release, 0);
            // Since then the first release has a zero behind it.
            return (minor < FETCHES_SINCE).then_some(Self {
                minor,
                stage,
                number,
            });
        };
        Some(Self {
            minor: number(minor)?,
            stage,
            number: number(rest)?,
        })
    }

    fn fetches(self) -> bool {
        self.minor >= FETCHES_SINCE
    }
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
    let releases = [a, b].map(|version| Release::parse(version).map(|parsed| (parsed, version)));
    let Some((newest, name)) = releases.into_iter().flatten().max() else {
        return format!(
            "build both with one release of Go from https://go.dev/dl/: neither {a} nor {b} is one that the go \
             command can fetch by its name"
        );
    };
    if !newest.fetches() {
        return format!(
            "install {name} for both builds (https://go.dev/dl/): Go before 1.{FETCHES_SINCE} does not fetch \
             another version, and a toolchain line in go.mod is an error to it"
        );
    }
    let other = if name == a { b } else { a };
    match Release::parse(other) {
        Some(other) if other.fetches() => format!(
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
        let parsed = names.map(|name| Release::parse(name).unwrap_or_else(|| panic!("{name}")));
        assert!(parsed.is_sorted());
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
            assert_eq!(Release::parse(name), None, "{name}");
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

//! Values that tell of a clock, a host, a person or a folder, and so differ where
//! a build is made again.

use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;

/// What a value reads as. A value alone proves none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Smell {
    /// A time that does not read as the commit's.
    Time,
    /// A host, or a person at one.
    Host,
    /// A folder of a machine.
    Folder,
}

/// Times as programs and people write them, seconds since 1970 too.
static TIME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        \b(19|20)\d\d[-/](0[1-9]|1[0-2])[-/](0[1-9]|[12]\d|3[01])(\b|[T_])  # 2026-11-22
      | \b(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([T_.-]?\d{4,6}Z?)?\b  # 20261122-191500
      | \b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s+\d{1,2},?\s.*\d\d:?\d\d # Nov 22 19:15
      | \b\d{1,2}[\s-](Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*[\s-](19|20)?\d\d\b # 22 Nov 2026
      | ^1[0-9]{9}([0-9]{3})?$  # seconds or milliseconds since 1970
        ",
    )
    .ok()
});

/// `me@host`, but no mail address, whose host has a domain.
static PERSON: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(^|[\s(<])[\w.+-]+@[\w-]+(\.(local|lan|internal|localdomain|home))?($|[\s)>:])")
        .ok()
});

/// `tool@v1.2.3`, `alpine@sha256:…`: what they name is not a host.
static PINNED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"@(v?\d[\w.+-]*|sha(256|512):[0-9a-fA-F]+|latest|main|master)($|[\s)>])").ok()
});

/// Folders that builds are made in.
static FOLDER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(^|[\s=:,(])(/(home|root|Users|tmp|private|var/(folders|tmp|lib/jenkins)|builds?|workspace|github/workspace|go/src|src)/[^\s,:]+|[A-Za-z]:[\\/][^\s,]+)",
    )
    .ok()
});

/// Names of variables that hold who built something, or where.
static HOST_NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(host(name)?|whoami|user(name)?|build_?(er|by|user|host|machine)|(built|compiled)_?(by|on|at_host))$").ok()
});

/// What is written where nothing is known.
const NOTHING: [&str; 12] = [
    "",
    "unknown",
    "none",
    "n/a",
    "na",
    "dev",
    "devel",
    "development",
    "unset",
    "undefined",
    "false",
    "true",
];

/// Judges the value of a variable, given the commit's time where it is known.
pub fn of(name: &str, value: &str, commit_time: Option<&str>) -> Option<Smell> {
    let fits = |regex: &LazyLock<Option<Regex>>, text: &str| {
        regex.as_ref().is_some_and(|regex| regex.is_match(text))
    };
    let is_pseudo = |word: &str| proto::module::pseudo::is_pseudo(word);
    if NOTHING.contains(&value.to_ascii_lowercase().as_str()) {
        return None;
    }
    // A pseudo-version has the commit's own time in it.
    let told = !value.split_whitespace().any(is_pseudo);
    if told && fits(&TIME, value) && !is_commit_time(value, commit_time) {
        return Some(Smell::Time);
    }
    if fits(&FOLDER, value) {
        return Some(Smell::Folder);
    }
    if fits(&PERSON, value) && !fits(&PINNED, value) {
        return Some(Smell::Host);
    }
    let last = name.rsplit(['.', '/']).next().unwrap_or(name);
    fits(&HOST_NAME, last).then_some(Smell::Host)
}

/// Whether a time is the commit's own, however it is written.
fn is_commit_time(value: &str, commit_time: Option<&str>) -> bool {
    let Some(commit_time) = commit_time else {
        return false;
    };
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let (ours, theirs) = (digits(value), digits(commit_time));
    if ours.len() >= 8 && theirs.starts_with(&ours) {
        return true;
    }
    let Ok(commit) = commit_time.parse::<Timestamp>() else {
        return false;
    };
    let value = value.trim();
    let spaced = value.replacen(' ', "T", 1).replace(' ', "");
    let same = |text: &str| text.parse::<Timestamp>().is_ok_and(|time| time == commit);
    value.parse() == Ok(commit.as_second())
        || same(value)
        || same(&spaced)
        || in_words(value) == Some(commit)
}

/// Reads a time as mail (RFC 2822) and date(1) in UTC write it.
fn in_words(value: &str) -> Option<Timestamp> {
    if let Ok(time) = jiff::fmt::rfc2822::parse(value) {
        return Some(time.timestamp());
    }
    // date pads a day below ten with a space.
    let words: Vec<&str> = value.split_whitespace().collect();
    let value = words.join(" ").replace(" GMT ", " UTC ");
    let civil = jiff::civil::DateTime::strptime("%a %b %d %H:%M:%S UTC %Y", &value).ok()?;
    let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_hosts_and_folders_are_noticed() {
        let table = [
            ("main.date", "2026-11-22T19:15:00Z", Some(Smell::Time)),
            ("main.date", "2026-11-22_19:15:00", Some(Smell::Time)),
            ("main.date", "20261122-191500", Some(Smell::Time)),
            ("main.date", "20261122", Some(Smell::Time)),
            (
                "main.date",
                "Sun Nov 22 19:15:00 UTC 2026",
                Some(Smell::Time),
            ),
            (
                "main.date",
                "Nov 22, 2026 at 7:15pm (UTC) 19:15",
                Some(Smell::Time),
            ),
            ("main.date", "22 Nov 2026", Some(Smell::Time)),
            ("main.date", "1795374900", Some(Smell::Time)),
            ("main.by", "root@buildkitsandbox", Some(Smell::Host)),
            ("main.by", "me@laptop.local", Some(Smell::Host)),
            ("main.hostname", "ci-17", Some(Smell::Host)),
            ("main.buildUser", "alice", Some(Smell::Host)),
            ("main.BuiltBy", "goreleaser", Some(Smell::Host)),
            ("main.root", "/home/me/tool", Some(Smell::Folder)),
            ("main.root", r"C:\work\tool", Some(Smell::Folder)),
            ("main.conf", "/etc/tool/tool.yaml", None),
            ("main.version", "v1.2.3", None),
            ("main.version", "v1.2.3-0.20261122191500-0123456789ab", None),
            ("main.version", "v2026.11.1", None),
            (
                "main.commit",
                "0123456789abcdef0123456789abcdef01234567",
                None,
            ),
            ("main.contact", "me@example.com", None),
            ("main.tool", "stringer@v1", None),
            ("main.image", "alpine@sha256:0123abcd", None),
            ("main.plugin", "plugin@latest", None),
            ("main.date", "unknown", None),
            ("main.builtBy", "unknown", None),
            ("main.port", "8080", None),
        ];
        for (name, value, want) in table {
            assert_eq!(of(name, value, None), want, "{name}={value}");
        }
    }

    #[test]
    fn the_commits_own_time_is_no_clock() {
        let commit = Some("2026-11-22T18:15:00Z");
        for value in [
            "2026-11-22T18:15:00Z",
            "2026-11-22T19:15:00+01:00",
            "2026-11-22 19:15:00 +0100",
            "20261122181500",
            "2026-11-22",
            "1795371300",
            "Sun Nov 22 18:15:00 UTC 2026",
            "Sun, 22 Nov 2026 19:15:00 +0100",
        ] {
            assert_eq!(of("main.date", value, commit), None, "{value}");
        }
        for value in ["2026-11-22T18:15:01Z", "Sun Nov 22 18:15:01 UTC 2026"] {
            assert_eq!(of("main.date", value, commit), Some(Smell::Time), "{value}");
        }
    }

    #[test]
    fn every_pattern_is_one() {
        for pattern in [&TIME, &PERSON, &PINNED, &FOLDER, &HOST_NAME] {
            assert!(pattern.is_some());
        }
    }
}

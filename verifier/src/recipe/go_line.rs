//! The go line of a main module's go.mod, read off the GODEBUG defaults that the go command
//! compiled in.
//!
//! Without `godebug` lines they are a function of toolchain and go line: each setting whose
//! default changed after the go line's release gets its old value.
//!
//! Source: cmd/go/internal/load/godebug.go, internal/godebugs/table.go

use serde::Serialize;

use super::release::release;
use crate::artifact::Artifact;

/// What the GODEBUG defaults tell of go.mod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GoLine {
    /// The highest version that gives these defaults: `1.21`. go.mod may name a patch, too.
    pub version: String,
    /// The lowest one, where it is another.
    pub lowest: Option<String>,
    /// Settings that no go line gives: `godebug` lines of go.mod or go.work, `//go:debug`
    /// lines of package main. Key and value.
    pub godebug: Vec<(String, String)>,
}

/// A setting whose default changed: its name, the minor version of Go since which, and the
/// value before.
type Setting = (&'static str, u32, &'static str);

/// Settings of Go 1.21 to 1.27, those that later releases took out included.
const SETTINGS: [Setting; 39] = [
    ("asynctimerchan", 23, "1"),
    ("containermaxprocs", 25, "0"),
    ("cryptocustomrand", 26, "1"),
    ("decoratemappings", 25, "0"),
    ("gotestjsonbuildtext", 24, "1"),
    ("gotypesalias", 23, "0"),
    ("httpcookiemaxnum", 24, "0"),
    ("httplaxcontentlength", 22, "1"),
    ("httpmuxgo121", 22, "1"),
    ("httpservecontentkeepheaders", 23, "1"),
    ("httpservecontentmaxranges", 26, "1"),
    ("multipathtcp", 24, "0"),
    ("netedns0", 19, "0"),
    ("panicnil", 21, "1"),
    ("randseednop", 24, "0"),
    ("rsa1024min", 24, "0"),
    ("tls10server", 22, "1"),
    ("tls3des", 23, "1"),
    ("tlskyber", 23, "0"),
    ("tlsmlkem", 24, "0"),
    ("tlsrsakex", 22, "1"),
    ("tlssecpmlkem", 26, "0"),
    ("tlssha1", 25, "1"),
    ("tlsunsafeekm", 22, "1"),
    ("tracebacklabels", 27, "0"),
    ("updatemaxprocs", 25, "0"),
    ("urlmaxqueryparams", 24, "0"),
    ("urlstrictcolons", 26, "0"),
    ("winreadlinkvolume", 22, "0"),
    ("winreadlinkvolume", 23, "0"),
    ("winsymlink", 22, "0"),
    ("winsymlink", 23, "0"),
    ("x509keypairleaf", 23, "0"),
    ("x509negativeserial", 23, "1"),
    ("x509rsacrt", 24, "0"),
    ("x509sha256skid", 25, "0"),
    ("x509sslcertoverrideplatform", 27, "0"),
    ("x509usepolicies", 24, "0"),
    ("x509usepolicies", 23, "0"),
];

/// One setting for each release, of those that every Go of at least that release has: when
/// it is not there, the go line is at least that release. Others came with a patch, or went.
const MARKS: [(&str, u32); 8] = [
    ("netedns0", 19),
    ("panicnil", 21),
    ("httpmuxgo121", 22),
    ("httpservecontentkeepheaders", 23),
    ("randseednop", 24),
    ("updatemaxprocs", 25),
    ("urlstrictcolons", 26),
    ("tracebacklabels", 27),
];

/// The releases whose settings are known.
const KNOWN: std::ops::RangeInclusive<u32> = 21..=27;

/// Reads the go line off a program's defaults; `None` where they do not tell.
pub fn of(artifact: &Artifact) -> Option<GoLine> {
    let release = release(artifact)?;
    // Without build information nothing says that there are no defaults.
    artifact.go.info()?;
    read(release.minor, artifact.go.setting("DefaultGODEBUG"))
}

/// Reads the go line off `DefaultGODEBUG`, given the minor version of the toolchain.
fn read(toolchain: u32, defaults: Option<&str>) -> Option<GoLine> {
    if !KNOWN.contains(&toolchain) {
        return None;
    }
    let entries: Vec<(&str, &str)> = defaults
        .unwrap_or_default()
        .split(',')
        .filter_map(|entry| entry.split_once('='))
        .collect();
    let has = |name: &str| entries.iter().any(|(known, _)| *known == name);
    let marks = MARKS.iter().filter(|(_, changed)| *changed <= toolchain);
    let (there, absent): (Vec<_>, Vec<_>) = marks.partition(|(name, _)| has(name));
    let lowest = absent.iter().map(|(_, changed)| *changed).max();
    let highest = there.iter().map(|(_, changed)| *changed - 1).min();
    let highest = highest.unwrap_or(toolchain);
    // A line between: only lines by hand give that, and then nothing is certain.
    if lowest.is_some_and(|lowest| lowest > highest) {
        return None;
    }
    let is_default = |(name, value): &(&str, &str)| {
        SETTINGS
            .iter()
            .any(|(known, changed, old)| known == name && *changed > highest && old == value)
    };
    let by_hand = entries.iter().filter(|entry| !is_default(entry));
    Some(GoLine {
        version: format!("1.{highest}"),
        lowest: match lowest {
            Some(lowest) if lowest == highest => None,
            Some(lowest) => Some(format!("1.{lowest}")),
            None => Some("1.1".into()),
        },
        godebug: by_hand
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the go command gives a program whose go.mod says so.
    fn defaults(go_line: u32, toolchain: u32) -> String {
        let mut entries: Vec<String> = SETTINGS
            .iter()
            .filter(|(_, changed, _)| *changed > go_line && *changed <= toolchain)
            .map(|(name, _, old)| format!("{name}={old}"))
            .collect();
        entries.sort();
        entries.dedup();
        entries.join(",")
    }

    #[test]
    fn each_go_line_is_read_off_its_defaults() {
        for toolchain in KNOWN {
            for line in 21..=toolchain {
                let defaults = defaults(line, toolchain);
                let got = read(
                    toolchain,
                    Some(&defaults)
                        .filter(|text| !text.is_empty())
                        .map(String::as_str),
                );
                let got = got.unwrap_or_else(|| panic!("go {line} by go1.{toolchain}: {defaults}"));
                assert_eq!(
                    got.version,
                    format!("1.{line}"),
                    "by go1.{toolchain}: {defaults}"
                );
                assert_eq!((got.lowest, got.godebug), (None, vec![]));
            }
        }
        // Nothing changed in 1.20.
        let old = read(27, Some(&defaults(20, 27))).unwrap();
        assert_eq!(
            (old.version.as_str(), old.lowest.as_deref()),
            ("1.20", Some("1.19"))
        );
    }

    #[test]
    fn lines_by_hand_are_told_apart() {
        let with = |extra: &str| format!("{},{extra}", defaults(22, 27));
        let got = read(27, Some(&with("tlsmaxrsasize=0"))).unwrap();
        assert_eq!(got.version, "1.22");
        assert_eq!(got.godebug, [("tlsmaxrsasize".to_owned(), "0".to_owned())]);
        // A setting of an older release beside a newer go line.
        assert_eq!(read(27, Some(&with("panicnil=1"))), None);
        assert_eq!(read(28, None), None);
        assert_eq!(read(20, None), None);
        assert_eq!(read(27, None).unwrap().version, "1.27");
    }
}

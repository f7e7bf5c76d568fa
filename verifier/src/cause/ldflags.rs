//! Causes in -ldflags, where the build information shows them.

use proto::goflags;

use super::{Cause, Confidence, Evidence, Name, Pair, Reach, line};

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let Some(field) = pair.diff.setting("-ldflags") else {
        return Vec::new();
    };
    if pair.diff.setting("-trimpath").is_some() {
        // Builds with -trimpath do not record the flags, so that one side has
        // none says nothing; what they did shows in the bytes.
        return Vec::new();
    }
    let a = flags(field.a.as_deref().unwrap_or_default());
    let b = flags(field.b.as_deref().unwrap_or_default());
    let mut by_name: Vec<(Name, Vec<Evidence>)> = Vec::new();
    for (flag, a, b) in differing(&a, &b) {
        let name = name(&flag);
        let evidence = Evidence::sides(format!("-ldflags: {flag}"), a, b);
        match by_name.iter_mut().find(|(known, _)| *known == name) {
            Some((_, all)) => all.push(evidence),
            None => by_name.push((name, vec![evidence])),
        }
    }
    let is_spelling = by_name.is_empty();
    if is_spelling {
        // The same flags in another order or spelling still differ as text.
        by_name.push((Name::LinkerFlags, vec![line(field)]));
    }
    by_name
        .into_iter()
        .map(|(name, evidence)| cause(pair, name, evidence))
        .map(|cause| match is_spelling {
            true => Cause {
                summary: "the same linker flags, spelled or ordered otherwise".into(),
                reach: pair.reach_of_a_stamp(),
                ..cause
            },
            false => cause,
        })
        .collect()
}

/// A linker flag: its name without hyphens (for -X with the variable) and value.
pub(crate) type Flag = (String, String);

/// Flags of Go's linker that take the next word as value.
const WITH_VALUE: [&str; 23] = [
    "B",
    "E",
    "H",
    "I",
    "L",
    "R",
    "T",
    "X",
    "benchmark",
    "benchmarkprofile",
    "buildid",
    "buildmode",
    "capturehostobjs",
    "cpuprofile",
    "extar",
    "extld",
    "extldflags",
    "fipso",
    "installsuffix",
    "k",
    "libgcc",
    "linkmode",
    "r",
];

/// Stands for the pattern of packages that the flags are for.
const PACKAGES: &str = "(packages)";

/// Takes -ldflags apart.
pub(crate) fn flags(text: &str) -> Vec<Flag> {
    let (packages, words) = goflags::for_packages(text);
    let packages = packages.map(|packages| (PACKAGES.to_owned(), packages.to_owned()));
    let flags = flags_of(goflags::split(words));
    packages.into_iter().chain(flags).collect()
}

/// The same for flags that are split already.
pub(super) fn flags_of(words: Vec<String>) -> Vec<Flag> {
    let mut words = words.into_iter();
    let mut flags = Vec::new();
    while let Some(word) = words.next() {
        let bare = word.trim_start_matches('-');
        let (name, value) = match bare.split_once('=') {
            Some((name, value)) => (name.to_owned(), value.to_owned()),
            None if WITH_VALUE.contains(&bare) => {
                (bare.to_owned(), words.next().unwrap_or_default())
            }
            None => (bare.to_owned(), String::new()),
        };
        flags.push(match value.split_once('=') {
            Some((variable, value)) if name == "X" => (format!("-X {variable}"), value.to_owned()),
            _ => (format!("-{name}"), value),
        });
    }
    flags
}

pub(super) type Sides = (String, Option<String>, Option<String>);

/// The last of several equal flags counts, as in the linker.
pub(super) fn differing(a: &[Flag], b: &[Flag]) -> Vec<Sides> {
    let value = |flags: &[Flag], name: &str| {
        flags
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
    };
    let mut names: Vec<&str> = a.iter().chain(b).map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let sides = names
        .into_iter()
        .map(|name| (name.to_owned(), value(a, name), value(b, name)));
    sides.filter(|(_, a, b)| a != b).collect()
}

pub(super) fn name(flag: &str) -> Name {
    match flag {
        "-s" | "-w" => Name::SymbolsStripped,
        "-buildid" => Name::BuildIdFlag,
        "-B" => Name::GnuBuildIdFlag,
        "-linkmode" => Name::LinkMode,
        "-extld" | "-extldflags" | "-extar" | "-r" | "-L" | "-libgcc" => Name::ExternalLinkFlags,
        "-I" => Name::DynamicLinker,
        "-randlayout" => Name::LinkOrder,
        "-compressdwarf" => Name::DebugCompression,
        _ if flag.starts_with("-X ") => Name::LdflagsVariable,
        _ => Name::LinkerFlags,
    }
}

fn cause(pair: &Pair<'_>, name: Name, evidence: Vec<Evidence>) -> Cause {
    let (summary, fix, reach) = match name {
        Name::LdflagsVariable => (
            "-ldflags=-X set variables to different values",
            "pass values that depend on the source alone: the commit's own time (git log -1 --format=%ct) in place of \
             the clock, no host or user names",
            Reach::Anything,
        ),
        Name::SymbolsStripped => (
            "only one file was linked without symbols (-s) or debug information (-w)",
            "pass the same -s and -w in -ldflags to both builds",
            // The flags are a line of build information as well.
            match pair.reach_of_a_stamp() {
                Reach::Stamps => Reach::OneSided,
                moved => moved,
            },
        ),
        Name::BuildIdFlag => (
            "the build ID was set by hand",
            "leave -buildid out of -ldflags: the go command's build ID is the same for the same inputs",
            pair.reach_of_a_stamp(),
        ),
        Name::GnuBuildIdFlag => (
            "the GNU build ID was set by hand",
            "use -ldflags='-B gobuildid' (the default since Go 1.24), which depends on the inputs alone",
            Reach::Anything,
        ),
        _ => (
            "linked with different linker flags",
            "pass the same -ldflags to both builds",
            Reach::Anything,
        ),
    };
    Cause {
        name,
        confidence: Confidence::Proven,
        summary: summary.into(),
        evidence,
        fix: fix.into(),
        reach,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_as_the_go_command_does() {
        let got = flags(
            "-s  -w -X main.a=1 -X=main.b=2 -X 'main.c=a b' --extldflags \"-static -lm\" -B none",
        );
        let want = [
            ("-s", ""),
            ("-w", ""),
            ("-X main.a", "1"),
            ("-X main.b", "2"),
            ("-X main.c", "a b"),
            ("-extldflags", "-static -lm"),
            ("-B", "none"),
        ];
        let want: Vec<Flag> = want
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect();
        assert_eq!(got, want);
    }

    #[test]
    fn the_pattern_of_packages_is_no_flag() {
        let differ = |a: &str, b: &str| -> Vec<String> {
            let found = differing(&flags(a), &flags(b));
            found.into_iter().map(|(flag, ..)| flag).collect()
        };
        assert_eq!(differ("all=-X main.v=1", "all=-X main.v=2"), ["-X main.v"]);
        assert_eq!(differ("all=-s -w", "-s -w"), [PACKAGES]);
    }

    #[test]
    fn the_last_of_equal_flags_counts() {
        let a = flags("-X main.v=1 -X main.v=2 -s");
        let b = flags("-s -X main.v=2");
        assert_eq!(differing(&a, &b), []);
        let c = flags("-X main.v=1");
        let want = [
            ("-X main.v".into(), Some("2".into()), Some("1".into())),
            ("-s".into(), Some(String::new()), None),
        ];
        assert_eq!(differing(&a, &c), want);
    }
}

//! Causes that are one build setting each: the build information names them.

use proto::buildinfo::keys::{C_FLAGS, CPU_LEVELS};

use super::keys::{is_cpu_level, is_unrecorded_c_flag};
use super::{Cause, Confidence, Evidence, Name, Pair, Reach, line};
use crate::artifact::Artifact;
use crate::diff::fields::{self, Field};

/// What a setting's difference means.
struct Meaning {
    keys: &'static [&'static str],
    name: Name,
    what: &'static str,
    fix: &'static str,
    /// Whether the setting reaches the compiler or only the build information.
    changes_code: bool,
}

const MEANINGS: [Meaning; 10] = [
    Meaning {
        keys: &["-buildmode"],
        name: Name::BuildMode,
        what: "built in different modes",
        fix: "pass the same -buildmode to both builds (some platforms default to pie)",
        changes_code: true,
    },
    Meaning {
        keys: &CPU_LEVELS,
        name: Name::CpuLevel,
        what: "built for different processor levels",
        fix: "set the variable alike on both machines, or unset it on both; a toolchain built elsewhere can have another default",
        changes_code: true,
    },
    Meaning {
        keys: &[
            "-race",
            "-msan",
            "-asan",
            "-cover",
            "-covermode",
            "-coverpkg",
        ],
        name: Name::Instrumentation,
        what: "only one file, or another kind in each, has instrumentation (-race, -msan, -asan, -cover)",
        fix: "build both without -race, -msan, -asan and -cover, or both with the same ones",
        changes_code: true,
    },
    Meaning {
        keys: &["-gcflags", "-asmflags", "-gccgoflags"],
        name: Name::CompilerFlags,
        what: "compiled with different compiler flags",
        fix: "pass the same -gcflags and -asmflags to both builds",
        changes_code: true,
    },
    Meaning {
        keys: &["-tags"],
        name: Name::BuildTags,
        what: "built with different build tags",
        fix: "pass the same -tags to both builds",
        changes_code: true,
    },
    Meaning {
        keys: &["CGO_ENABLED"],
        name: Name::CgoEnabled,
        what: "cgo was on in one build and off in the other",
        fix: "set CGO_ENABLED=0 (or 1) explicitly; unset, it depends on whether a C compiler is found",
        changes_code: true,
    },
    Meaning {
        keys: &C_FLAGS,
        name: Name::CgoFlags,
        what: "built with different C flags",
        fix: "set CGO_CFLAGS, CGO_CPPFLAGS, CGO_CXXFLAGS and CGO_LDFLAGS alike on both machines, or unset them",
        changes_code: true,
    },
    Meaning {
        keys: &["GOFIPS140"],
        name: Name::Fips140,
        what: "built against different FIPS 140 modules",
        fix: "set GOFIPS140 alike on both machines",
        changes_code: true,
    },
    Meaning {
        keys: &["-pgo"],
        name: Name::PgoProfile,
        what: "compiled with different profiles",
        fix: "commit default.pgo beside package main, or pass -pgo=off to both builds",
        changes_code: true,
    },
    Meaning {
        keys: &["DefaultGODEBUG"],
        name: Name::GodebugDefault,
        what: "the GODEBUG defaults compiled in differ",
        fix: "use the same go line and godebug lines in go.mod (and go.work), and the same //go:debug lines in package main",
        changes_code: false,
    },
];

/// Settings that other explainers look after.
const ELSEWHERE: [&str; 6] = [
    "-compiler",
    "-ldflags",
    "-trimpath",
    "GOOS",
    "GOARCH",
    "GOEXPERIMENT",
];

/// Returns the settings that a cause is about.
pub(crate) fn settings_of(cause: Name) -> &'static [&'static str] {
    let of_cause = MEANINGS.iter().find(|meaning| meaning.name == cause);
    of_cause.map_or(&[], |meaning| meaning.keys)
}

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let follows = super::toolchain::follows(pair);
    let target_differs = pair.diff.setting("GOARCH").is_some();
    let settings: Vec<(&str, &Field)> = pair
        .diff
        .fields
        .iter()
        .filter(|field| !follows.contains(field))
        .filter_map(|field| match &field.name {
            fields::Name::Setting(key) => Some((key.as_str(), field)),
            _ => None,
        })
        // Another architecture has another variable for its levels.
        .filter(|(key, _)| !(target_differs && is_cpu_level(key)))
        .filter(|(key, field)| !is_unrecorded_c_flag(key, field))
        .collect();
    let mut causes: Vec<Cause> = MEANINGS
        .iter()
        .filter_map(|meaning| cause(pair, meaning, &settings))
        .collect();
    causes.extend(unknown(pair, &settings));
    causes
}

fn cause(pair: &Pair<'_>, meaning: &Meaning, settings: &[(&str, &Field)]) -> Option<Cause> {
    let evidence: Vec<Evidence> = settings
        .iter()
        .filter(|(key, _)| meaning.keys.contains(key))
        .map(|(_, field)| line(field))
        .collect();
    if evidence.is_empty() {
        return None;
    }
    let mut evidence = evidence;
    evidence.extend(super::dependencies::following(pair, meaning.name));
    // C flags that -trimpath hides on one side may be the same there.
    let is_hidden = meaning.name == Name::CgoFlags && pair.diff.setting("-trimpath").is_some();
    // Another Go that does not record the mode: the kind of file tells it, and flags
    // of the host's linker can change that, too.
    let by_kind = meaning.name == Name::BuildMode && pair.other_go() && is_one_sided(pair);
    if by_kind {
        let kind = |artifact: &Artifact| artifact.image.machine.kind;
        evidence.push(Evidence::sides("kind of file", kind(pair.a), kind(pair.b)));
    }
    Some(Cause {
        name: meaning.name,
        confidence: match (is_hidden, by_kind) {
            (true, _) => Confidence::Possible,
            (false, true) => Confidence::Likely,
            (false, false) => Confidence::Proven,
        },
        summary: meaning.what.into(),
        evidence,
        fix: meaning.fix.into(),
        reach: if meaning.changes_code {
            Reach::Anything
        } else if pair.has_stamps_of_one_length() {
            Reach::Stamps
        } else {
            // The go line behind it chooses the language, and so code, too.
            Reach::Anything
        },
    })
}

fn is_one_sided(pair: &Pair<'_>) -> bool {
    let field = pair.diff.setting("-buildmode");
    field.is_some_and(|field| field.a.is_some() != field.b.is_some())
}

/// Settings that this version does not know are shown, not passed over.
fn unknown(pair: &Pair<'_>, settings: &[(&str, &Field)]) -> Option<Cause> {
    let is_known = |key: &str| {
        ELSEWHERE.contains(&key)
            || key.starts_with("vcs")
            || MEANINGS.iter().any(|meaning| meaning.keys.contains(&key))
    };
    let mut evidence: Vec<Evidence> = settings
        .iter()
        .filter(|(key, _)| !is_known(key))
        .map(|(_, field)| line(field))
        .collect();
    let other = pair
        .diff
        .fields
        .iter()
        .filter(|field| field.name == fields::Name::Other);
    evidence.extend(other.map(line));
    if evidence.is_empty() {
        return None;
    }
    Some(Cause {
        name: Name::Unexplained,
        confidence: Confidence::Possible,
        summary: "build information differs in settings this version of verify-build does not know"
            .into(),
        evidence,
        fix: "make these settings equal and compare again".into(),
        reach: Reach::Anything,
    })
}

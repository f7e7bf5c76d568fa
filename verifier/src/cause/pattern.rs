//! What the A/B/C/D pattern allows where nothing in the build information
//! differs. Hardly anything here is proven: the pattern narrows, it does not name.

mod texts;

use std::ops::Range;

use super::{Cause, Confidence, Name, Pair, Reach, import_unreached};
use crate::artifact::Artifact;
use crate::goinfo::selfcheck::SelfCheck;
use crate::image::Format;

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let changed = |artifact: &Artifact| matches!(artifact.go.self_check, SelfCheck::Changed { .. });
    let Some(pattern) = pair
        .diff
        .pattern
        .filter(|_| !changed(pair.a) && !changed(pair.b))
    else {
        return Vec::new();
    };
    match pattern.0 {
        [true, true, true, false] => same_inputs(pair),
        [_, same_inputs, same_output, true] if pair.diff.accounting.remaining() == 0 => {
            without_effect(pair, same_inputs, same_output)
        }
        _ if !pair.same_build_info() => Vec::new(),
        [false, true, true, false] => link_inputs(pair),
        [false, false, true, false] => direct_inputs(pair),
        [false, false, false, false] => main_inputs(pair),
        _ => Vec::new(),
    }
}

/// `===X`: every declared input equal, other bytes.
fn same_inputs(pair: &Pair<'_>) -> Vec<Cause> {
    let evidence = vec![pair.pattern("every declared input is equal, the bytes are not")];
    let external = !pair.a.image.producers.is_empty() || pair.a.image.interpreter.is_some();
    let linker = Cause {
        name: Name::HostLinker,
        confidence: Confidence::Likely,
        summary: "the host's linker, or what it links in (crt1.o, libgcc, static C libraries), is not the same or not deterministic".into(),
        evidence: evidence.clone(),
        fix: "build both in one container image, or with CGO_ENABLED=0 so that Go's own linker does it".into(),
        reach: Reach::Stamps,
    };
    let poisoned = Cause {
        name: Name::CachePoisoned,
        confidence: if external { Confidence::Possible } else { Confidence::Likely },
        summary: "ALARM: one build linked something else than its inputs say, as a changed build-cache entry or a \
                  -toolexec wrapper would have it"
            .into(),
        evidence,
        fix: "first keep the GOCACHE folders of both machines aside: they are the evidence (verify-build cache audit \
              and cache compare read them). Then build again on both without -toolexec and with a new, empty GOCACHE; \
              the file that changes was the wrong one"
            .into(),
        reach: Reach::Stamps,
    };
    if external && in_go_alone(pair) {
        return vec![
            Cause {
                confidence: Confidence::Likely,
                ..poisoned
            },
            Cause {
                confidence: Confidence::Possible,
                ..linker
            },
        ];
    }
    if external {
        vec![linker, poisoned]
    } else {
        vec![poisoned]
    }
}

/// Says whether only sections differ that hold Go's code and data, and none in
/// size: a linker that does something else does so elsewhere, too.
fn in_go_alone(pair: &Pair<'_>) -> bool {
    const GO_OWN: [&str; 6] = [
        ".text",
        ".rodata",
        ".data",
        ".noptrdata",
        ".gopclntab",
        ".go.buildinfo",
    ];
    let open = pair
        .diff
        .regions
        .iter()
        .filter(|region| region.differing > region.stamped);
    let len = |range: &Option<Range<usize>>| range.as_ref().map(Range::len);
    let mut open = open.peekable();
    open.peek().is_some()
        && open.all(|region| {
            GO_OWN.contains(&region.name.as_str()) && len(&region.a) == len(&region.b)
        })
}

/// `X===`, `XX==`, `XXX=` and `X=X=`: other inputs, the same program.
fn without_effect(pair: &Pair<'_>, same_inputs: bool, same_output: bool) -> Vec<Cause> {
    match (same_inputs, same_output) {
        (true, true) => vec![
            import_unreached::possible(pair, WITHOUT_EFFECT),
            linker_flags(pair),
        ],
        (true, false) => vec![compiled_otherwise(pair)],
        // What is compiled into package main is made from its own files, from what
        // it imports, and from flags: the build ID has one number for all of it.
        (false, _) => [
            comment(pair),
            import_unreached::possible(pair, WITHOUT_EFFECT),
        ]
        .into_iter()
        .chain(c_inputs(pair))
        .collect(),
    }
}

const WITHOUT_EFFECT: &str = "inputs differ, the content is equal";

fn comment(pair: &Pair<'_>) -> Cause {
    Cause {
        name: Name::SourceContent,
        confidence: Confidence::Possible,
        summary: "the source of package main differs in what does not reach the program: a comment, white space, a \
                  function that nobody calls; the build ID is made from the files as they are"
            .into(),
        evidence: vec![pair.pattern(WITHOUT_EFFECT)],
        fix: "build from the same commit, with the same line ends (.gitattributes); code and data are equal already"
            .into(),
        reach: Reach::Stamps,
    }
}

fn linker_flags(pair: &Pair<'_>) -> Cause {
    Cause {
        name: Name::LinkerFlags,
        confidence: Confidence::Possible,
        summary: "flags or settings of the linker differ that change the build ID and nothing else".into(),
        evidence: vec![pair.pattern(WITHOUT_EFFECT)],
        fix: "pass the same flags to both builds (-ldflags above all, which builds with -trimpath do not record) and \
              set GO_EXTLINK_ENABLED and GOROOT alike; code and data are equal already"
            .into(),
        reach: Reach::Stamps,
    }
}

/// What changes compiled C packages, and not the program that is linked from them.
fn c_inputs(pair: &Pair<'_>) -> Vec<Cause> {
    let Some(flags) = c_flags(pair, WITHOUT_EFFECT) else {
        return Vec::new();
    };
    let flags = Cause {
        summary: "flags of cgo packages differ in what does not reach the program, such as a folder in CGO_LDFLAGS; \
                  builds with -trimpath do not record them"
            .into(),
        ..flags
    };
    // Objects of C name folders in debug information alone.
    let has_debug = |artifact: &Artifact| {
        let mut regions = artifact.image.regions.iter();
        regions.any(|region| crate::image::is_debug(&region.name))
    };
    let folder = (!has_debug(pair.a) && !has_debug(pair.b)).then(|| Cause {
        name: Name::CgoTempPath,
        confidence: Confidence::Possible,
        summary: format!("{TEMP_PATH}; linking left it out (-s, -w)"),
        evidence: vec![pair.pattern(WITHOUT_EFFECT)],
        fix: TEMP_PATH_FIX.into(),
        reach: Reach::Stamps,
    });
    std::iter::once(flags).chain(folder).collect()
}

const TEMP_PATH: &str = "objects of C hold what is not the same in each build, as the random name of the go command's \
                         temporary folder is";

const TEMP_PATH_FIX: &str = "use a C compiler that takes -ffile-prefix-map (a wrapper around it must pass the flag on), \
                             and leave -grecord-gcc-switches out of CGO_CFLAGS; code and data are equal already";

/// `X=X=`: equal inputs, compiled to something else that linking leaves out.
fn compiled_otherwise(pair: &Pair<'_>) -> Cause {
    let meaning = "package main came out differently from equal inputs, the program did not";
    if has_c(pair) {
        return Cause {
            name: Name::CgoTempPath,
            confidence: Confidence::Likely,
            summary: format!("{TEMP_PATH}; linking left it out"),
            evidence: vec![pair.pattern(meaning)],
            fix: TEMP_PATH_FIX.into(),
            reach: Reach::Stamps,
        };
    }
    Cause {
        name: Name::CompilerNondeterminism,
        confidence: Confidence::Likely,
        summary: "package main was compiled from equal inputs to something else, by the compiler or a -toolexec program"
            .into(),
        evidence: vec![pair.pattern(meaning)],
        fix: "build again without -toolexec, each with a GOCACHE of its own; code and data are equal already".into(),
        reach: Reach::Stamps,
    }
}

/// `X==X`: package main is the same, the link got other flags or packages.
fn link_inputs(pair: &Pair<'_>) -> Vec<Cause> {
    let meaning = "package main is equal, what it is linked with or how is not";
    let trimmed = pair.a.go.setting("-trimpath") == Some("true");
    let mut causes = Vec::new();
    if trimmed {
        // String variables are known where functions are, and tell more.
        let texts = if pair.diff.functions.is_some() && pair.a.image.format != Format::Wasm {
            Vec::new()
        } else {
            texts::small(pair)
        };
        let mut evidence = vec![pair.pattern(meaning)];
        let confidence = if texts.is_empty() {
            Confidence::Possible
        } else {
            Confidence::Likely
        };
        evidence.extend(texts);
        causes.push(Cause {
            name: Name::LdflagsVariable,
            confidence,
            summary: "-ldflags differ, which builds with -trimpath do not record (-X variables, -s, -w and others)".into(),
            evidence,
            fix: "pass the same -ldflags to both builds; give -X values that depend on the source alone".into(),
            reach: Reach::Stamps,
        });
    }
    causes.push(dependency_content(pair, meaning));
    causes.extend(c_flags(pair, meaning));
    causes
}

/// `XX=X`: package main's code is equal, something it imports is not.
fn direct_inputs(pair: &Pair<'_>) -> Vec<Cause> {
    let meaning = "the code of package main is equal, a package it imports is not";
    let mut causes = vec![dependency_content(pair, meaning)];
    causes.extend(c_flags(pair, meaning));
    causes
}

/// Files that Go's linker alone made have no C in them.
fn has_c(pair: &Pair<'_>) -> bool {
    let has_c = |artifact: &Artifact| {
        !artifact.image.producers.is_empty() || artifact.image.interpreter.is_some()
    };
    has_c(pair.a) && has_c(pair.b)
}

fn c_flags(pair: &Pair<'_>, meaning: &str) -> Option<Cause> {
    has_c(pair).then(|| Cause {
        name: Name::CgoFlags,
        confidence: Confidence::Possible,
        summary: "the C side of cgo packages differs (flags, headers, libraries), which builds with -trimpath do not \
                  record"
            .into(),
        evidence: vec![pair.pattern(meaning)],
        fix: "set CC and the CGO_ variables alike, pin headers and libraries by a container image, build with an \
              empty GOCACHE"
            .into(),
        reach: Reach::Stamps,
    })
}

/// `XXXX`: package main itself was compiled from something else.
fn main_inputs(pair: &Pair<'_>) -> Vec<Cause> {
    let meaning = "package main was compiled from other inputs to other code";
    let mut causes = vec![Cause {
        name: Name::SourceContent,
        // Where every function is the same, it is data, and others name it.
        confidence: if super::embedded::code_is_same(pair) {
            Confidence::Possible
        } else {
            Confidence::Likely
        },
        summary: "the source, or a file embedded in package main, is not the same".into(),
        evidence: vec![pair.pattern(meaning)],
        fix: "build both from one commit with a clean tree; check generated and embedded files for times and for line ends (core.autocrlf)".into(),
        reach: Reach::Stamps,
    }];
    if pair.a.go.setting("-pgo").is_some() {
        causes.push(Cause {
            name: Name::PgoProfile,
            confidence: Confidence::Possible,
            summary:
                "both builds used a profile of the same name, which need not be the same profile"
                    .into(),
            evidence: vec![pair.pattern(meaning)],
            fix: "commit default.pgo, or pass -pgo=off to both builds".into(),
            reach: Reach::Stamps,
        });
    }
    causes
}

fn dependency_content(pair: &Pair<'_>, meaning: &str) -> Cause {
    Cause {
        name: Name::DependencyContent,
        confidence: Confidence::Possible,
        summary: "a package linked in differs though module versions are equal (this module's own other packages, a \
                  replaced folder, vendored or generated code)"
            .into(),
        evidence: vec![pair.pattern(meaning)],
        fix: "build both from one commit with a clean tree, without replace lines that name folders".into(),
        reach: Reach::Stamps,
    }
}

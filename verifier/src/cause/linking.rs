//! build-id-flag, gnu-build-id-flag, link-mode: what the linker
//! leaves in a file's structure.

use proto::buildid::BuildId;

use super::{Cause, Confidence, Evidence, Name, Pair, Reach};
use crate::artifact::Artifact;
use crate::goinfo::HostIdOrigin;
use crate::goinfo::selfcheck::SelfCheck;

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let both_go = pair.a.go.is_go() && pair.b.go.is_go();
    if !both_go || pair.a.image.format != pair.b.image.format {
        return Vec::new();
    }
    let link_mode = link_mode(pair);
    let by_c_flags = link_mode.as_ref().and_then(|cause| by_c_flags(pair, cause));
    [build_id(pair), gnu_build_id(pair), link_mode, by_c_flags]
        .into_iter()
        .flatten()
        .collect()
}

/// The most names in one piece of evidence.
const NAMES_SHOWN: usize = 40;

/// Joins names, and says how many more there are.
pub(super) fn list(names: &[String]) -> String {
    let shown = names[..names.len().min(NAMES_SHOWN)].join(" ");
    match names.len().saturating_sub(NAMES_SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn build_id(pair: &Pair<'_>) -> Option<Cause> {
    let own = |artifact: &Artifact| {
        matches!(
            artifact.go.build_id,
            Some(BuildId::Program(_) | BuildId::Package { .. })
        )
    };
    if own(pair.a) == own(pair.b) {
        return None;
    }
    let show = |artifact: &Artifact| artifact.go.build_id.as_ref().map(ToString::to_string);
    let replaced = |artifact: &Artifact| !own(artifact) && artifact.go.build_id.is_some();
    let set = pair.which(replaced).is_some();
    let which = pair.which(|artifact| !own(artifact)).unwrap_or_default();
    Some(Cause {
        name: Name::BuildIdFlag,
        // A note can also be cut out afterwards; text can hardly be put in.
        confidence: if set { Confidence::Proven } else { Confidence::Likely },
        summary: format!("{which} does not have the build ID that the go command gives"),
        evidence: vec![Evidence::sides("Go build ID", show(pair.a), show(pair.b))],
        fix: "leave -buildid out of -ldflags: the go command's build ID is the same for the same inputs".into(),
        reach: Reach::Anything,
    })
}

fn gnu_build_id(pair: &Pair<'_>) -> Option<Cause> {
    let origin = |artifact: &Artifact| match (&artifact.image.host_id, artifact.go.host_id_origin) {
        (None, _) => "absent",
        (Some(_), Some(HostIdOrigin::Go(_))) => "derived from the Go build ID",
        (Some(_), Some(HostIdOrigin::Content)) => "made by Go's linker from the program",
        (Some(_), Some(HostIdOrigin::Elsewhere) | None) => "set by hand or by the host's linker",
    };
    let (a, b) = (origin(pair.a), origin(pair.b));
    let linked_alike = pair.a.image.producers.is_empty() == pair.b.image.producers.is_empty();
    // strip takes away what tells the host's linker, which makes IDs of its own.
    let changed = |artifact: &Artifact| matches!(artifact.go.self_check, SelfCheck::Changed { .. });
    if pair.which(changed).is_some() {
        return None;
    }
    let has_ids = pair.a.go.program().is_some() && pair.b.go.program().is_some();
    if a == b || !pair.same_go() || !linked_alike || !has_ids {
        return None;
    }
    let evidence = Evidence::new("GNU build ID or UUID", a, b);
    let same_link = pair.diff.pattern.is_some_and(|pattern| pattern.0[0]);
    if same_link && pair.a.image.producers.is_empty() {
        return Some(edited_id(pair, evidence));
    }
    Some(Cause {
        name: Name::GnuBuildIdFlag,
        // An intact file had the note, or its absence, from the linker.
        confidence: sure_if_intact(pair),
        summary: "the GNU build ID was made in different ways (-ldflags=-B)".into(),
        evidence: vec![evidence],
        fix: "use -ldflags='-B gobuildid' (the default since Go 1.24) in both builds".into(),
        reach: Reach::OneSided,
    })
}

/// Part A of the build ID is made from -B too, and Go's linker does what it says.
/// The content ID leaves this ID out, so that the self-check can't see it.
fn edited_id(pair: &Pair<'_>, evidence: Evidence) -> Cause {
    let same = pair.build_ids("Go build ID, part A equal: linked with the same flags");
    Cause {
        name: Name::ModifiedAfterBuild,
        confidence: Confidence::Proven,
        summary: "the GNU build ID or UUID of one file was changed after go build wrote it".into(),
        evidence: vec![evidence, same],
        fix: "compare the files as go build left them".into(),
        reach: Reach::OneSided,
    }
}

fn link_mode(pair: &Pair<'_>) -> Option<Cause> {
    let external = |artifact: &Artifact| artifact.image.is_externally_linked() == Some(true);
    if external(pair.a) == external(pair.b) || pair.links_otherwise() || pair.has_other_c_flags() {
        return None;
    }
    let show = |artifact: &Artifact| {
        if external(artifact) {
            "host linker"
        } else {
            "Go's linker"
        }
    };
    let evidence = vec![
        Evidence::new("linked by", show(pair.a), show(pair.b)),
        Evidence::sides(
            "what the linker says of itself",
            traces(pair.a),
            traces(pair.b),
        ),
    ];
    let by_flags = pair.diff.setting("-ldflags").is_some();
    // To be linked by the host's linker package main imports runtime/cgo, and is
    // compiled to the same.
    let same_main = pair.diff.pattern.is_some_and(|pattern| pattern.0[2]);
    Some(Cause {
        name: Name::LinkMode,
        confidence: if by_flags || same_main {
            sure_if_intact(pair)
        } else {
            // A package with C that only one build has does the same.
            Confidence::Likely
        },
        summary: "one file was linked by the host's linker, the other by Go's".into(),
        evidence,
        fix: "set CC, CGO_CFLAGS, CGO_LDFLAGS and the other CGO_ variables alike for both builds (with C flags that it does \
              not know, as -fcf-protection, the go command leaves the linking to the host's linker), and then pass the \
              same -ldflags=-linkmode=internal (or external) and set GO_EXTLINK_ENABLED alike"
            .into(),
        reach: Reach::Anything,
    })
}

/// C flags choose the linker, too, and builds with -trimpath do not record them.
///
/// Source: cmd/go/internal/work/exec.go flagsNotCompatibleWithInternalLinking,
/// golang/go#60865
fn by_c_flags(pair: &Pair<'_>, link_mode: &Cause) -> Option<Cause> {
    let has_c = |artifact: &Artifact| artifact.image.interpreter.is_some();
    let is_open = pair.same_build_info() && has_c(pair.a) && has_c(pair.b);
    let other_inputs = pair.diff.pattern.is_none_or(|pattern| !pattern.0[1]);
    (is_open && other_inputs).then(|| Cause {
        name: Name::CgoFlags,
        confidence: Confidence::Possible,
        summary: "C flags need not be the same: with some, as -fcf-protection, the go command leaves the linking to the \
                  host's linker; builds with -trimpath do not record them"
            .into(),
        evidence: link_mode.evidence.clone(),
        fix: "set CC, CGO_CFLAGS, CGO_LDFLAGS and the other CGO_ variables alike for both builds; the same \
              -ldflags=-linkmode alone would leave C code that was compiled differently"
            .into(),
        reach: Reach::Stamps,
    })
}

/// An intact file has what it has, and lacks what it lacks, from its linker.
pub(super) fn sure_if_intact(pair: &Pair<'_>) -> Confidence {
    let intact = |artifact: &Artifact| {
        matches!(
            artifact.go.self_check,
            SelfCheck::Intact(_) | SelfCheck::Signed { .. }
        )
    };
    if intact(pair.a) && intact(pair.b) {
        Confidence::Proven
    } else {
        Confidence::Likely
    }
}

/// An ELF file has `.comment` from the host's linker alone; in others linkers
/// leave versions.
fn traces(artifact: &Artifact) -> Option<String> {
    let image = &artifact.image;
    let mut traces = image.producers.clone();
    traces.extend(image.linkage.linker.clone());
    traces.extend(
        image
            .linkage
            .platform
            .iter()
            .flat_map(|platform| platform.tools.clone()),
    );
    traces.dedup();
    (!traces.is_empty()).then(|| traces.join("; "))
}

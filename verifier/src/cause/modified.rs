//! modified-after-build, code-signature: the file is not what `go build` wrote.

use super::{Cause, Confidence, Evidence, Name, Pair, Reach, line, stretches};
use crate::artifact::Artifact;
use crate::goinfo::selfcheck::SelfCheck;
use crate::image::signature::Signature;
use crate::image::{Content, Format};

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    modified(pair).into_iter().chain(signature(pair)).collect()
}

fn modified(pair: &Pair<'_>) -> Option<Cause> {
    let which = pair.which(is_changed)?;
    let mut evidence = vec![Evidence::new(
        "content part of the build ID, computed again",
        verdict(&pair.a.go.self_check),
        verdict(&pair.b.go.self_check),
    )];
    let symbols = |artifact: &Artifact| {
        let names: Vec<String> = artifact
            .image
            .regions
            .iter()
            .filter(|region| region.content == Content::Symbols && region.name != ".shstrtab")
            .map(|region| region.name.clone())
            .collect();
        if names.is_empty() {
            "none".to_owned()
        } else {
            super::linking::list(&names)
        }
    };
    let (a, b) = (symbols(pair.a), symbols(pair.b));
    let stripped = a != b;
    if stripped {
        evidence.push(Evidence::new("symbol and debug sections", a, b));
    }
    let packed = pair.which(is_packed);
    if packed.is_some() {
        let mark = |artifact: &Artifact| is_packed(artifact).then_some("UPX!");
        evidence.push(Evidence::sides("packer's mark", mark(pair.a), mark(pair.b)));
    }
    let how = match (packed, stripped) {
        (Some(_), _) => "packed with UPX",
        (None, true) => "stripped or edited by strip, objcopy or the like",
        (None, false) => how_by_traces(pair),
    };
    let (verb, it) = if which.contains(' ') {
        ("were", "them")
    } else {
        ("was", "it")
    };
    evidence.extend(behind(pair));
    let is_one_build = pair.may_be_one_build();
    let before = if is_one_build {
        ""
    } else {
        evidence.push(build_ids(pair));
        "; the builds differed before that, by the parts A, B and C of their build IDs"
    };
    Some(Cause {
        name: Name::ModifiedAfterBuild,
        confidence: Confidence::Proven,
        summary: format!("{which} {verb} changed after go build wrote {it}: {how}{before}"),
        evidence,
        fix: "compare the files as go build left them; to leave symbols out, build with -ldflags='-s -w' \
              instead of running strip, or run the same tool on both"
            .into(),
        // What two builds gave is no tool's doing.
        reach: if is_one_build { Reach::Anything } else { Reach::OneSided },
    })
}

/// The parts that tools leave, and that the content ID is not among.
fn build_ids(pair: &Pair<'_>) -> Evidence {
    let pattern = pair.diff.pattern.map(|pattern| pattern.to_string());
    pair.build_ids(format!(
        "Go build ID, pattern {}",
        pattern.unwrap_or_default()
    ))
}

/// Bytes that no header names, where they are not the same.
fn behind(pair: &Pair<'_>) -> Option<Evidence> {
    const BEHIND: &str = "(after the last section)";
    let regions = &pair.diff.regions;
    let region = regions.iter().find(|region| region.name == BEHIND)?;
    Some(stretches(
        "bytes after the last section, which no header names",
        [&region.a, &region.b],
    ))
}

/// Tells by what the changed files have left.
fn how_by_traces(pair: &Pair<'_>) -> &'static str {
    let sides = [pair.a, pair.b];
    let changed = || sides.into_iter().filter(|side| is_changed(side));
    let is_bare = |artifact: &Artifact| {
        let mut regions = artifact.image.regions.iter();
        regions.all(|region| region.content != Content::Symbols || region.name == ".shstrtab")
    };
    let is_linked = |artifact: &Artifact| {
        let links = super::symbols_stripped::LINKS;
        links
            .iter()
            .any(|link| artifact.image.region(link).is_some())
    };
    // Go's linker puts section headers before all sections; strip and objcopy put
    // them behind, as the host's linker does.
    let is_rewritten = |artifact: &Artifact| {
        let start = |name: &str| Some(artifact.image.region(name)?.range.start);
        let behind = start("(section headers)").zip(start(".text"));
        artifact.image.is_externally_linked() == Some(false)
            && behind.is_some_and(|(headers, text)| headers > text)
    };
    if !changed().all(is_bare) {
        "edited, signed or damaged"
    } else if changed().all(is_linked) {
        "stripped, and the debug information split off to another file, as a distribution's packaging does"
    } else if changed().all(|side| is_linked(side) || is_rewritten(side)) {
        "stripped or edited by strip, objcopy or the like (no symbols are left, and the sections were written anew)"
    } else {
        "edited, signed or damaged; or stripped, for no symbols are left"
    }
}

fn is_changed(artifact: &Artifact) -> bool {
    matches!(artifact.go.self_check, SelfCheck::Changed { .. })
}

fn verdict(check: &SelfCheck) -> String {
    match check {
        SelfCheck::Intact(_) => "holds: its bytes give it".into(),
        SelfCheck::Signed { .. } => "holds with the signature put aside".into(),
        SelfCheck::Changed { recorded, computed } => {
            format!("file says {recorded}, its bytes give {computed}")
        }
        SelfCheck::Unknown(why) => format!("unknown: {why}"),
    }
}

/// UPX leaves its mark within the first kilobyte or so.
fn is_packed(artifact: &Artifact) -> bool {
    let head = &artifact.bytes()[..artifact.bytes().len().min(4096)];
    artifact.image.format.is_program() && memchr::memmem::find(head, b"UPX!").is_some()
}

/// A signature covers the content, so it differs whenever that does; it is a
/// cause only where one side lacks it, nothing else differs, or the content ID shows that a
/// file was signed after it was built.
fn signature(pair: &Pair<'_>) -> Option<Cause> {
    let (a, b) = (&pair.a.image.signature, &pair.b.image.signature);
    let name = match pair.a.image.format {
        Format::Pe => "certificate table",
        _ => "code signature",
    };
    let one_sided = a.is_some() != b.is_some();
    let alone =
        a.is_some()
            && b.is_some()
            && pair.diff.regions.iter().all(|region| {
                matches!(region.name.as_str(), "(code signature)" | "(certificates)")
            });
    let is_told = one_sided || alone || signed(pair).is_some();
    if pair.a.image.format != pair.b.image.format || !is_told {
        return None;
    }
    let says = |artifact: &Artifact| {
        let signature = Signature::read(artifact.bytes(), &artifact.image);
        signature.map(|signature| signature.to_string())
    };
    let mut evidence = vec![stretches(name, [a, b])];
    evidence.push(Evidence::sides("signed", says(pair.a), says(pair.b)));
    let signed = signed(pair);
    if signed.is_some() {
        evidence.push(Evidence::new(
            "content part of the build ID, computed again",
            verdict(&pair.a.go.self_check),
            verdict(&pair.b.go.self_check),
        ));
    }
    // The headers that name a signature changed with it.
    let is_one_build = pair
        .diff
        .pattern
        .is_some_and(|pattern| pattern.0 == [true; 4]);
    let is_all = signed.is_some() && is_one_build;
    Some(Cause {
        name: Name::CodeSignature,
        confidence: Confidence::Proven,
        summary: match signed {
            Some(signed) => signed,
            None if one_sided => format!("only one file has a {name}"),
            None => format!("only the {name} differs"),
        },
        evidence,
        fix: "compare the files before they are signed".into(),
        reach: match (is_all, one_sided) {
            (true, _) => Reach::Anything,
            (false, true) => Reach::OneSided,
            (false, false) => Reach::Stamps,
        },
    })
}

/// Says which file was only signed after go build, and whom its signature names.
fn signed(pair: &Pair<'_>) -> Option<String> {
    let is_signed =
        |artifact: &Artifact| matches!(artifact.go.self_check, SelfCheck::Signed { .. });
    let which = pair.which(is_signed)?;
    let verb = if which.contains(' ') { "were" } else { "was" };
    let mut by: Vec<String> = [pair.a, pair.b]
        .into_iter()
        .filter(|artifact| is_signed(artifact))
        .filter_map(|artifact| Signature::read(artifact.bytes(), &artifact.image)?.claim())
        .collect();
    by.dedup();
    let by = match by.is_empty() {
        true => String::new(),
        false => format!(" ({})", by.join("; ")),
    };
    Some(format!("{which} {verb} only signed after go build{by}"))
}

/// The most fields of build information shown.
const FIELDS_SHOWN_MAX: usize = 12;

/// Explains build information that the build ID belies. Part B of the build ID is made
/// from the build information: modules, settings and the Go version. Where B is equal and
/// they are not, one of them was written over afterwards, and tells nothing of how the
/// program was built.
///
/// Source: cmd/go/internal/work/exec.go buildActionID ("modinfo")
pub(super) fn edited_info(pair: &Pair<'_>) -> Option<Cause> {
    let same_b = pair.diff.pattern.is_some_and(|pattern| pattern.0[1]);
    if !same_b || pair.diff.fields.is_empty() {
        return None;
    }
    let fields = pair.diff.fields.iter().take(FIELDS_SHOWN_MAX);
    let mut evidence: Vec<Evidence> = fields.map(line).collect();
    evidence
        .push(pair.build_ids("Go build ID, part B equal: made from the same build information"));
    let changed = |artifact: &Artifact| matches!(artifact.go.self_check, SelfCheck::Changed { .. });
    let which = pair.which(changed);
    Some(Cause {
        name: Name::ModifiedAfterBuild,
        // Anyone who can forge content IDs that hold can forge the other parts, too.
        confidence: if which.is_some() {
            Confidence::Proven
        } else {
            Confidence::Likely
        },
        summary: format!(
            "the build information of {} was changed after go build wrote it",
            which.as_deref().unwrap_or("one file")
        ),
        evidence,
        fix: "compare the files as go build left them; what the build information says is not how the changed file \
              was built"
            .into(),
        reach: Reach::Stamps,
    })
}

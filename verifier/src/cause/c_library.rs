//! c-library: the files ask for different libraries, or for other versions of
//! them.

use super::{Cause, Confidence, Evidence, Name, Pair, Reach};
use crate::artifact::Artifact;
use crate::image::linkage::Versions;

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    if pair.links_otherwise() || !pair.both_externally_linked() {
        return Vec::new();
    }
    let (a, b) = (&pair.a.image.linkage, &pair.b.image.linkage);
    // What is static on one side asks for nothing there.
    if a.is_static == Some(true) || b.is_static == Some(true) {
        return Vec::new();
    }
    let mut evidence = Vec::new();
    let mut libraries = [a.libraries.clone(), b.libraries.clone()];
    libraries.iter_mut().for_each(|names| names.sort());
    let other_libraries = libraries[0] != libraries[1];
    if other_libraries {
        let [a, b] = [pair.a, pair.b].map(|artifact| show(&artifact.image.linkage.libraries));
        evidence.push(Evidence::sides(place(pair.a), a, b));
    }
    let other_versions = versions(a.versions.as_slice(), b.versions.as_slice());
    let versions_differ = !other_versions.is_empty();
    evidence.extend(other_versions);
    let (confidence, summary) = match (other_libraries, versions_differ) {
        (true, _) => (
            Confidence::Proven,
            "the C parts are linked with different libraries",
        ),
        // The same library, and another version of it: or C code that asks for
        // another function.
        (false, true) => (
            Confidence::Likely,
            "the C parts are linked with other versions of the same libraries",
        ),
        (false, false) => return Vec::new(),
    };
    vec![Cause {
        name: Name::CLibrary,
        confidence,
        summary: summary.into(),
        evidence,
        fix: "set CGO_LDFLAGS alike, build both in one container image so that headers and libraries are the same, \
              with an empty GOCACHE (it does not notice changed libraries), or with CGO_ENABLED=0"
            .into(),
        reach: Reach::Anything,
    }]
}

fn place(artifact: &Artifact) -> &'static str {
    match artifact.image.format {
        crate::image::Format::MachO => "LC_LOAD_DYLIB",
        crate::image::Format::Pe => "imported libraries",
        _ => ".dynamic: NEEDED",
    }
}

fn show(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| super::linking::list(names))
}

/// The versions of each library that one side asks for and the other does not.
fn versions(a: &[Versions], b: &[Versions]) -> Vec<Evidence> {
    let of = |all: &[Versions], library: &str| -> Vec<String> {
        let found = all.iter().find(|versions| versions.library == library);
        found
            .map(|versions| versions.names.clone())
            .unwrap_or_default()
    };
    let mut libraries: Vec<&str> = a.iter().chain(b).map(|all| all.library.as_str()).collect();
    libraries.sort_unstable();
    libraries.dedup();
    let evidence = |library: &&str| {
        let (a, b) = (of(a, library), of(b, library));
        (a != b).then(|| {
            let place = format!(".gnu.version_r: versions of {library}");
            Evidence::sides(place, show(&a), show(&b))
        })
    };
    libraries.iter().filter_map(evidence).collect()
}

//! split-debug: debug information was moved to a file of its own.

use super::{Cause, Confidence, Evidence, Name, Pair, Reach};
use crate::artifact::Artifact;

/// Sections that name a file with debug information.
pub(super) const LINKS: [&str; 2] = [".gnu_debuglink", ".gnu_debugaltlink"];

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let evidence: Vec<Evidence> = LINKS
        .into_iter()
        .filter_map(|section| {
            let (a, b) = (link(pair.a, section), link(pair.b, section));
            (a != b).then(|| Evidence::sides(section, a, b))
        })
        .collect();
    if evidence.is_empty() {
        return Vec::new();
    }
    let linked = |artifact: &Artifact| LINKS.iter().any(|name| link(artifact, name).is_some());
    let summary = if linked(pair.a) && linked(pair.b) {
        "debug information was split off to different files".into()
    } else {
        let which = pair.which(linked).unwrap_or_default();
        format!("the debug information of {which} was split off to a file of its own")
    };
    vec![Cause {
        name: Name::SplitDebug,
        confidence: Confidence::Proven,
        summary,
        evidence,
        fix: "compare the files before objcopy --add-gnu-debuglink (or the packaging tool that runs it), or run it on \
              both; the link holds a checksum of the debug file"
            .into(),
        reach: Reach::Debug,
    }]
}

/// The file's name and, in hexadecimal, what follows: padding and a checksum, or
/// a build ID.
fn link(artifact: &Artifact, section: &str) -> Option<String> {
    let region = artifact.image.region(section)?;
    let bytes = &artifact.bytes()[region.range.clone()];
    let end = memchr::memchr(0, bytes)?;
    let (name, rest) = bytes.split_at(end);
    let rest = &rest[..rest.len().min(64)];
    Some(format!(
        "{} {}",
        String::from_utf8_lossy(name),
        hex::encode(rest)
    ))
}

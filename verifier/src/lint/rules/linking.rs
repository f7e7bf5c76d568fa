//! The C side: what the machine's own compiler and linker put in.

use proto::finding::{Finding, Level};

use super::found;
use crate::image::Format;
use crate::lint::facts::Facts;

/// The most libraries and tools named in one finding.
const SHOWN_MAX: usize = 20;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let mut all: Vec<Finding> = external(facts).into_iter().collect();
    all.extend(enabled(facts));
    all.extend(link_flags(facts));
    all.extend(shuffled(facts));
    all
}

fn external(facts: &Facts<'_>) -> Option<Finding> {
    let image = &facts.artifact.image;
    if image.is_externally_linked() != Some(true) {
        return None;
    }
    let mut finding = found(
        "external-linking",
        Level::Warning,
        "the linker of the machine's C compiler made the file: it depends on that compiler, its linker, and the C libraries there",
    );
    for producer in image.producers.iter().take(SHOWN_MAX) {
        finding = finding.seen(".comment", producer.clone());
    }
    if let Some(linker) = &image.linkage.linker {
        finding = finding.seen("linker", linker.clone());
    }
    for library in image.linkage.libraries.iter().take(SHOWN_MAX) {
        finding = finding.seen("needs", library.clone());
    }
    if let Some(version) = image.linkage.highest("GLIBC_") {
        finding = finding.seen("needs glibc", version);
    }
    Some(finding.fix(
        "build with CGO_ENABLED=0 if the program can do without C; else in a container image named by its digest, with a cold GOCACHE",
    ))
}

/// cgo was on, and the file does not depend on it in sight: where there is no C
/// compiler, it is off.
fn enabled(facts: &Facts<'_>) -> Option<Finding> {
    let image = &facts.artifact.image;
    let internal = image.is_externally_linked() != Some(true);
    // macOS programs load the system's library either way.
    let quiet = internal && (image.linkage.libraries.is_empty() || image.format != Format::Elf);
    if facts.setting("CGO_ENABLED") != Some("1") {
        return None;
    }
    let (level, summary) = if quiet {
        let summary = if image.format == Format::Elf {
            "cgo was on, though the file loads no library: a machine without a C compiler builds with cgo off, and says so in the file"
        } else {
            "cgo was on: a machine without a C compiler builds with cgo off, and says so in the file"
        };
        (Level::Note, summary)
    } else if internal {
        (
            Level::Warning,
            "cgo was on, and the file loads the machine's libraries, for the resolver of names or users, say",
        )
    } else {
        return None;
    };
    let mut finding = found("cgo-enabled", level, summary).seen("build info: CGO_ENABLED", "1");
    for library in image
        .linkage
        .libraries
        .iter()
        .filter(|_| !quiet)
        .take(SHOWN_MAX)
    {
        finding = finding.seen("needs", library.clone());
    }
    Some(finding.fix("set CGO_ENABLED explicitly: to 0 if the program can do without C"))
}

fn link_flags(facts: &Facts<'_>) -> Option<Finding> {
    let known = ["-extldflags", "-extld", "-r", "-L", "-linkmode"];
    let flags = facts
        .linker_flags
        .iter()
        .filter(|(flag, _)| known.contains(&flag.as_str()));
    let paths = &facts.artifact.image.linkage.search_paths;
    let own = |path: &str| path.starts_with('/') && !path.starts_with("/usr/");
    let mut finding = found(
        "external-link-flags",
        Level::Note,
        "flags about the machine's linker or folders of libraries, or folders where the program looks for libraries",
    );
    let mut any = false;
    for (flag, value) in flags.take(SHOWN_MAX) {
        any = true;
        finding = finding.seen(format!("-ldflags: {flag}"), value.clone());
    }
    for path in paths.iter().take(SHOWN_MAX) {
        any = true;
        if own(&path.path) {
            finding.level = Level::Warning;
        }
        finding = finding.seen(path.kind, path.path.clone());
    }
    any.then(|| finding.fix("pass the same flags wherever it is built; name folders by $ORIGIN"))
}

fn shuffled(facts: &Facts<'_>) -> Option<Finding> {
    let (_, seed) = facts
        .linker_flags
        .iter()
        .find(|(flag, seed)| flag == "-randlayout" && seed != "0")?;
    Some(
        found(
            "link-order",
            Level::Note,
            "-randlayout shuffled the functions: a build with another seed, or without one, has them in another order",
        )
        .seen("-ldflags: -randlayout", seed.clone())
        .fix("leave -randlayout out of -ldflags, or pass the same seed wherever it is built"),
    )
}

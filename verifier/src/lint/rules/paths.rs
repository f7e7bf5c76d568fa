//! Folders of the machine that built the file.

use memchr::memmem;
use proto::finding::{Finding, Level};

use super::found;
use crate::image::Content;
use crate::lint::facts::Facts;

/// A C flag that maps folders to other names, and the longest value shown.
const PREFIX_MAP: &[u8] = b"-prefix-map=/";
const SHOWN_MAX: usize = 200;

/// The most of them looked at.
const PREFIX_MAPS_MAX: usize = 100;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let mut all = sources(facts);
    all.extend(temporary(facts));
    all.extend(prefix_map(facts));
    all
}

fn sources(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(sources) = &facts.artifact.go.sources else {
        return unread(facts).into_iter().collect();
    };
    let trimmed = facts.trimmed() == Some(true);
    let fix = if trimmed {
        "-trimpath was given, so they mostly come from //line directives in generated or C code (generate it with \
         relative paths), or from flags in -gcflags or -asmflags that took its place"
    } else {
        "build with -trimpath (GOFLAGS=-trimpath does it for every build)"
    };
    let kinds = [
        (
            "source-path",
            &sources.tree,
            "source files are named by the folder they were built in",
        ),
        (
            "goroot-path",
            &sources.goroot,
            "Go's own files are named by the folder where Go was installed",
        ),
        (
            "module-cache-path",
            &sources.module_cache,
            "the files of modules are named by the folder of the module cache",
        ),
    ];
    let finding = |(rule, folder, summary): (_, &Option<String>, &str)| {
        let folder = folder.clone()?;
        let summary = format!("{summary}: a build elsewhere differs");
        Some(
            found(rule, Level::Error, summary)
                .seen("line table", folder)
                .fix(fix),
        )
    };
    kinds.into_iter().filter_map(finding).collect()
}

/// No line table that can be read, and no -trimpath on record.
fn unread(facts: &Facts<'_>) -> Option<Finding> {
    (facts.trimmed() == Some(false)).then(|| {
        found(
            "source-path",
            Level::Warning,
            "built without -trimpath, which puts folders of the machine into the line table; it can't be read here",
        )
        .fix("build with -trimpath (GOFLAGS=-trimpath does it for every build)")
    })
}

fn temporary(facts: &Facts<'_>) -> Option<Finding> {
    let paths = facts.temporary_paths();
    if paths.is_empty() {
        return None;
    }
    let regions = &facts.artifact.image.regions;
    let in_symbols = |(at, _): &(usize, String)| {
        let mut around = regions.iter().filter(|region| region.range.contains(at));
        around.any(|region| region.content == Content::Symbols)
    };
    let (level, summary) = if paths.iter().any(in_symbols) {
        (
            Level::Error,
            "symbols or debug information name the temporary folder of the build; every build has another",
        )
    } else {
        (
            Level::Warning,
            "what reads as the temporary folder of a build is in the file; if it is one, every build has another",
        )
    };
    let first = found("cgo-temp-path", level, summary);
    let all = paths.into_iter().fold(first, |found, (at, path)| {
        found.seen(format!("offset {at:#x}"), path)
    });
    Some(all.fix(
        "take the C side's symbols away with -ldflags='-s -w', or build with a current Go and without -grecord-gcc-switches in CGO_CFLAGS",
    ))
}

fn prefix_map(facts: &Facts<'_>) -> Option<Finding> {
    let bytes = facts.artifact.bytes();
    memmem::find_iter(bytes, PREFIX_MAP)
        .take(PREFIX_MAPS_MAX)
        .find_map(|at| prefix_map_at(bytes, at))
}

fn prefix_map_at(bytes: &[u8], at: usize) -> Option<Finding> {
    let start = bytes
        .get(..at)?
        .iter()
        .rposition(|byte| !byte.is_ascii_graphic())
        .map_or(0, |end| end + 1);
    let text = bytes
        .get(start..)?
        .iter()
        .take(SHOWN_MAX)
        .take_while(|byte| byte.is_ascii_graphic());
    let text: String = text.map(|byte| char::from(*byte)).collect();
    // Go's own libraries name such flags in their text; a recorded flag begins with one.
    text.starts_with("-f").then(|| {
        found(
            "prefix-map-flag",
            Level::Warning,
            "what reads as a C flag with a folder of the machine in it is in the file",
        )
        .seen(format!("offset {start:#x}"), text)
        .fix("build in a folder of a fixed name, or without -grecord-gcc-switches in CGO_CFLAGS")
    })
}

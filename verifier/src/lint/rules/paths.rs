//! Folders of the machine that built the file.

use memchr::memmem;

use super::{Found, found};
use crate::lint::facts::Facts;
use crate::report::printed::Level;

/// A C flag that maps folders to other names, and the longest value shown.
const PREFIX_MAP: &[u8] = b"-prefix-map=/";
const SHOWN_MAX: usize = 200;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Found> {
    let mut all = sources(facts);
    all.extend(temporary(facts));
    all.extend(prefix_map(facts));
    all
}

fn sources(facts: &Facts<'_>) -> Vec<Found> {
    let Some(sources) = &facts.artifact.go.sources else {
        return unread(facts).into_iter().collect();
    };
    let trimmed = facts.trimmed() == Some(true);
    let fix = if trimmed {
        "-trimpath was given, so these come from //line directives in generated or C code: generate it with relative paths"
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
fn unread(facts: &Facts<'_>) -> Option<Found> {
    (facts.trimmed() == Some(false)).then(|| {
        found(
            "source-path",
            Level::Warning,
            "built without -trimpath, so folders of the machine are in it",
        )
        .fix("build with -trimpath (GOFLAGS=-trimpath does it for every build)")
    })
}

fn temporary(facts: &Facts<'_>) -> Option<Found> {
    let paths = facts.temporary_paths();
    if paths.is_empty() {
        return None;
    }
    let first = found(
        "cgo-temp-path",
        Level::Error,
        "the temporary folder of the build is in the file; every build has another",
    );
    let all = paths.into_iter().fold(first, |found, (at, path)| {
        found.seen(format!("offset {at:#x}"), path)
    });
    Some(all.fix(
        "take the C side's symbols away with -ldflags='-s -w', or build with a current Go and without -grecord-gcc-switches in CGO_CFLAGS",
    ))
}

fn prefix_map(facts: &Facts<'_>) -> Option<Found> {
    let bytes = facts.artifact.bytes();
    let at = memmem::find(bytes, PREFIX_MAP)?;
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
            "a C flag with a folder of the machine in it was recorded in the file",
        )
        .seen(format!("offset {start:#x}"), text)
        .fix("build in a folder of a fixed name, or without -grecord-gcc-switches in CGO_CFLAGS")
    })
}

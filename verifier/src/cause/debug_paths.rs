//! cgo-temp-path, prefix-map-flag, module-cache-path: paths that debug information
//! names.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::debug_text::Found;
use super::{Cause, Confidence, Evidence, Name, Pair, Reach, paths};

/// The names, random ones, that the go command gives to its temporary folders.
pub(super) static TEMP_FOLDERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"[^\x00-\x20]{0,200}/go-(build|link-)[0-9]+[^\x00-\x20]{0,200}").ok()
});

/// The number in such a name.
static TEMP_NUMBER: LazyLock<Option<regex::Regex>> =
    LazyLock::new(|| regex::Regex::new("/go-(build|link-)[0-9]+").ok());

/// Returns a text as if those folders had one name in all builds.
pub(super) fn without_temp_number(text: &str) -> String {
    match TEMP_NUMBER.as_ref() {
        Some(number) => number.replace_all(text, "/go-$1").into_owned(),
        None => text.to_owned(),
    }
}

/// Says whether a text names such a folder.
pub(super) fn names_temp_folder(text: &str) -> bool {
    TEMP_NUMBER
        .as_ref()
        .is_some_and(|number| number.is_match(text))
}

/// Explains what matches [`TEMP_FOLDERS`].
pub(super) fn temp_folders(found: &[Found]) -> Option<Cause> {
    (!found.is_empty()).then(|| Cause {
        name: Name::CgoTempPath,
        confidence: Confidence::Proven,
        summary: "the random name of the go command's temporary folder is in the files".into(),
        evidence: found.iter().map(Found::evidence).collect(),
        fix: "leave what records paths (-flto, -grecord-gcc-switches) out of CGO_CFLAGS and CGO_LDFLAGS, link with \
              -ldflags='-s -w' to leave out symbols and debug information, or build both with a newer Go; GOTMPDIR \
              does not make the name less random"
            .into(),
        reach: Reach::Debug,
    })
}

/// A flag that maps folders.
pub(super) static MAP_FLAGS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"-f(file|debug|macro)-prefix-map=[^\x00-\x20]{1,400}").ok());

/// Explains what matches [`MAP_FLAGS`].
pub(super) fn prefix_maps(mut found: Vec<Found>) -> Option<Cause> {
    // The go command's own map names its temporary folder.
    found.retain(|found| !found.is(names_temp_folder));
    (!found.is_empty()).then(|| Cause {
        name: Name::PrefixMapFlag,
        confidence: Confidence::Proven,
        summary: "a flag that maps folders is itself in the files, with the folder's name".into(),
        evidence: found.iter().map(Found::evidence).collect(),
        fix: "build both in a folder of one name, or leave -ffile-prefix-map out of CGO_CFLAGS and CGO_LDFLAGS: \
              -trimpath makes the go command pass its own"
            .into(),
        reach: Reach::Debug,
    })
}

/// A file of a module version in a module cache. A module whose code was put into others
/// leaves its files' names in debug information alone, and not in the line table.
pub(super) static MODULE_FILES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(/|[A-Za-z]:[/\\])[^\x00-\x20]{1,400}@v[0-9][^\x00-\x20]{0,400}").ok()
});

/// Says whether both builds were made without -trimpath, which leaves no such file.
pub(super) fn may_name_module_files(pair: &Pair<'_>) -> bool {
    paths::is_trimmed(pair.a) == Some(false) && paths::is_trimmed(pair.b) == Some(false)
}

/// Explains what matches [`MODULE_FILES`].
pub(super) fn module_files(found: &[Found]) -> Option<Cause> {
    let mut evidence: Vec<Evidence> = found.iter().map(Found::evidence).collect();
    evidence.retain(is_moved);
    (!evidence.is_empty()).then(|| Cause {
        name: Name::ModuleCachePath,
        confidence: Confidence::Proven,
        summary:
            "the module cache was another on each machine, and its path is in the debug information"
                .into(),
        evidence,
        fix: paths::FIX.into(),
        reach: Reach::Debug,
    })
}

/// Says whether both sides name one file of one module version, in two caches.
fn is_moved(evidence: &Evidence) -> bool {
    let (Some(a), Some(b)) = (&evidence.a, &evidence.b) else {
        return false;
    };
    let same = a.bytes().rev().zip(b.bytes().rev());
    let same = same.take_while(|(a, b)| a == b).count();
    // What is equal at the end begins before the module's version.
    let version = a.find("@v").map(|at| a.len() - at);
    a != b && version.is_some_and(|version| same > version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_in_two_caches() {
        let table = [
            ("/a/x.com/d@v1.0.0/d.go", "/b/c/x.com/d@v1.0.0/d.go", true),
            ("/a/x.com/d@v1.0.0/d.go", "/a/x.com/d@v1.0.1/d.go", false),
            ("/a/x.com/d@v1.0.0/d.go", "/a/x.com/d@v1.0.0/e.go", false),
            ("/a/x.com/d@v1.0.0/d.go", "/a/x.com/d@v1.0.0/d.go", false),
        ];
        for (a, b, want) in table {
            assert_eq!(is_moved(&Evidence::new("there", a, b)), want, "{a} {b}");
        }
        let one_sided = Evidence::sides("there", Some("/a/d@v1.0.0/d.go"), None::<String>);
        assert!(!is_moved(&one_sided));
    }
}

//! cgo-temp-path: the go command's temporary folders, whose names are random,
//! got into the file.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::debug_text::Found;
use super::{Cause, Confidence, Name, Reach};

/// The names that the go command gives to its temporary folders.
pub(super) static FOLDERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"[^\x00-\x20]{0,200}/go-(build|link-)[0-9]+[^\x00-\x20]{0,200}").ok()
});

/// The number in such a name.
static NUMBER: LazyLock<Option<regex::Regex>> =
    LazyLock::new(|| regex::Regex::new("/go-(build|link-)[0-9]+").ok());

/// Returns a text as if those folders had one name in all builds.
pub(super) fn without_number(text: &str) -> String {
    match NUMBER.as_ref() {
        Some(number) => number.replace_all(text, "/go-$1").into_owned(),
        None => text.to_owned(),
    }
}

/// Says whether a text names such a folder.
pub(super) fn names_folder(text: &str) -> bool {
    NUMBER.as_ref().is_some_and(|number| number.is_match(text))
}

/// Explains what matches [`FOLDERS`].
pub(super) fn explain(found: &[Found]) -> Option<Cause> {
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

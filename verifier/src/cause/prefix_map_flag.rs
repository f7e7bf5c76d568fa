//! prefix-map-flag: a flag that maps folders names them, and the compiler
//! recorded the flag.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::debug_text::Found;
use super::{Cause, Confidence, Name, Reach, cgo_temp_path};

/// A flag that maps folders.
pub(super) static FLAGS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"-f(file|debug|macro)-prefix-map=[^\x00-\x20]{1,400}").ok());

/// Explains what matches [`FLAGS`].
pub(super) fn explain(mut found: Vec<Found>) -> Option<Cause> {
    // The go command's own map names its temporary folder.
    found.retain(|found| !found.is(cgo_temp_path::names_folder));
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

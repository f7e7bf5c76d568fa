//! What of the build information can be masked: values of lines, each by itself. The
//! Go version stays in sight, and so does what the lines are called.

use memchr::memmem;
use proto::buildinfo::blob;

use super::{Mask, What, is_data, proper};
use crate::artifact::Artifact;
use crate::goinfo::stamps::Kind;

/// Returns the masks of every copy of the build information.
pub(super) fn masks(artifact: &Artifact) -> Vec<Mask> {
    let info = artifact.go.build_info.as_ref();
    let Some(info) = info.filter(|info| proper::is_build_info(info)) else {
        return Vec::new();
    };
    let text = &info.value.text;
    if text.is_empty() {
        return Vec::new();
    }
    let framed = [&blob::FRAME_START[..], text.as_bytes(), &blob::FRAME_END].concat();
    let stamps = artifact.go.stamps.iter();
    let stamps = stamps
        .filter(|stamp| stamp.kind == Kind::BuildInfo && is_data(&artifact.image, &stamp.range));
    let mut masks = Vec::new();
    for stamp in stamps {
        let bytes = artifact.bytes().get(stamp.range.clone());
        let Some(at) = bytes.and_then(|bytes| memmem::find(bytes, &framed)) else {
            continue;
        };
        let start = stamp.range.start + at + blob::FRAME_START.len();
        masks.extend(
            values(text).map(|(what, at)| Mask::zeros(what, start + at.start..start + at.end)),
        );
    }
    masks
}

/// Finds what lines say behind their names, within the text.
fn values(text: &str) -> impl Iterator<Item = (What, std::ops::Range<usize>)> {
    let mut start = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let at = start;
        start += line.len();
        let line = line.trim_end_matches('\n');
        let (name, said) = line.split_once('\t')?;
        let (what, value) = match (name, said.split_once('=')) {
            ("build", Some((key, value))) => (setting(key), value),
            ("build", None) => (setting(said), said),
            _ => (What::Modules, said),
        };
        let end = at + line.len();
        (!value.is_empty()).then(|| (what, end - value.len()..end))
    })
}

/// Says of which kind a setting is: some the go command takes from version control.
///
/// Source: cmd/go/internal/load/pkg.go setBuildInfo
fn setting(key: &str) -> What {
    match key {
        "vcs" | "vcs.revision" | "vcs.time" | "vcs.modified" => What::Vcs,
        _ => What::BuildInfo,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_masked_and_names_are_not() {
        let text = "path\tx/y\ndep\tz\tv1.0.0\th1:abc=\nbuild\t-tags=one\nbuild\tvcs.time=now\nbuild\tvcs\n\nbuild\tCC=\n";
        let found: Vec<(What, &str)> = values(text)
            .map(|(what, range)| (what, &text[range]))
            .collect();
        assert_eq!(
            found,
            [
                (What::Modules, "x/y"),
                (What::Modules, "z\tv1.0.0\th1:abc="),
                (What::BuildInfo, "one"),
                (What::Vcs, "now"),
                (What::Vcs, "vcs"),
            ]
        );
    }
}

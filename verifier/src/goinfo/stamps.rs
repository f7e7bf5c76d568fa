//! Stamps: bytes that name a build, or were put in by its command line, and are
//! no code or data of its source. What is equal outside them is equal but for
//! the name.

use std::ops::Range;

use memchr::memmem;
use proto::buildid::BuildId;
use proto::buildinfo::blob;

use super::stamped::Stamped;
use super::variables::Variable;
use crate::image::{Format, Image, Located};

/// The most copies of the build ID or of the module text looked for in one file.
const COPIES_MAX: usize = 64;

/// Shorter build IDs, set by hand, may occur anywhere by chance.
const ID_LEN_MIN: usize = 20;

/// Bytes that name a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// What they are.
    pub kind: Kind,
    /// Where they are in the file.
    pub range: Range<usize>,
}

/// The kinds of [`Stamp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The Go build ID.
    BuildId,
    /// The GNU build ID or the Mach-O UUID.
    HostId,
    /// The build information and its copy among the constants.
    BuildInfo,
    /// The value of a variable that `-ldflags=-X` set.
    Variable,
    /// The code signature.
    Signature,
    /// The time of linking in a PE header.
    Time,
    /// The checksum in a PE header.
    Checksum,
}

/// Finds every stamp of a file; they are sorted by where they begin.
pub fn read(
    bytes: &[u8],
    image: &Image,
    build_info: Option<&Located<Stamped>>,
    variables: Option<&[Variable]>,
) -> Vec<Stamp> {
    let mut stamps = Vec::new();
    let mut add = |kind, range| stamps.push(Stamp { kind, range });
    if let Some(id) = image
        .build_id
        .as_ref()
        .filter(|id| id.range.len() >= ID_LEN_MIN)
    {
        copies(bytes, &bytes[id.range.clone()]).for_each(|range| add(Kind::BuildId, range));
    }
    if let Some(id) = &image.host_id {
        add(Kind::HostId, id.range.clone());
    }
    if let Some(range) = &image.signature {
        add(Kind::Signature, range.clone());
    }
    for range in &image.times {
        add(Kind::Time, range.clone());
    }
    if let Some(range) = &image.checksum {
        add(Kind::Checksum, range.clone());
    }
    for variable in variables.unwrap_or_default() {
        add(Kind::Variable, variable.range.clone());
    }
    if let Some(found) = build_info {
        // A version alone was read from elsewhere.
        if !found.range.is_empty() {
            add(Kind::BuildInfo, found.range.clone());
        }
        if !found.value.text.is_empty() {
            let text = [
                &blob::FRAME_START[..],
                found.value.text.as_bytes(),
                &blob::FRAME_END,
            ]
            .concat();
            let outside = copies(bytes, &text).filter(|copy| !found.range.contains(&copy.start));
            outside.for_each(|range| add(Kind::BuildInfo, range));
        }
    }
    stamps.retain(|stamp| !image.is_code(&stamp.range) || may_lie_in_text(image, stamp));
    stamps.sort_by_key(|stamp| stamp.range.start);
    stamps
}

/// Formats without notes have the build ID where their code begins, and two have all
/// constants behind it. No other code is a stamp, whatever it looks like.
fn may_lie_in_text(image: &Image, stamp: &Stamp) -> bool {
    let is_own = |id: &Located<BuildId>| id.range == stamp.range && is_hashes(&id.value);
    match stamp.kind {
        Kind::BuildId => image.format != Format::Elf && image.build_id.as_ref().is_some_and(is_own),
        Kind::BuildInfo => matches!(image.format, Format::Plan9 | Format::Xcoff),
        Kind::HostId | Kind::Variable | Kind::Signature | Kind::Time | Kind::Checksum => false,
    }
}

/// Says whether an ID has the form that the go command gives it, which nobody chooses
/// freely.
pub(crate) fn is_hashes(id: &BuildId) -> bool {
    match id {
        BuildId::Program(_) | BuildId::Package { .. } => true,
        BuildId::Redacted | BuildId::Empty | BuildId::Custom(_) => false,
    }
}

fn copies<'a>(bytes: &'a [u8], text: &'a [u8]) -> impl Iterator<Item = Range<usize>> + 'a {
    memmem::find_iter(bytes, text)
        .take(COPIES_MAX)
        .map(|at| at..at + text.len())
}

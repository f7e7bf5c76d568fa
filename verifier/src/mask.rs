//! The second verdict: equal once the bytes that only name or sign a build are
//! left out. It never passes for equality: it says what was masked, on both
//! sides, and the files stay different.
//!
//! Masking is a function of one file alone, so that two machines can compare the
//! digest of what is left without seeing each other's file. [`SET`] names the
//! function; a change to it is another name.
//!
//! | mask | bytes |
//! |---|---|
//! | build ID | every occurrence of the whole text: zero |
//! | host ID | the GNU build ID or LC_UUID: zero |
//! | build information | the blob and `runtime.modinfo` among the constants: zero |
//! | variables | values that `-X` set, where symbols tell: zero |
//! | code signature | its bytes are taken away, and what names them reads as without |
//! | time | link times in PE headers: zero |
//! | checksum | the PE header's: zero |
//! | debug link | `.gnu_debuglink`, a file name and a checksum of that file: zero |
//!
//! What lies where a mark should and has not its shape is not masked.

mod macho;
mod pe;
mod proper;
mod view;

use std::ops::Range;

use serde::Serialize;

use crate::compare::Artifact;
use crate::goinfo::stamps::Kind;
use crate::image::{Content, Format, Image};
use view::View;

/// The name and version of the set of masks.
pub const SET: &str = "verify-build/masks-v1";

/// What a mask hides, in the order in which masks are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// The Go build ID.
    BuildId,
    /// The GNU build ID of an ELF file.
    GnuBuildId,
    /// The UUID of a Mach-O file.
    Uuid,
    /// Versions, modules and settings.
    BuildInfo,
    /// Values that `-ldflags=-X` set.
    Variables,
    /// The code signature and the fields that name it.
    CodeSignature,
    /// Times in PE headers.
    Timestamp,
    /// The PE checksum.
    Checksum,
    /// The name and checksum of a file with debug information.
    DebugLink,
}

/// One stretch of a file that is masked.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mask {
    what: What,
    range: Range<usize>,
    put: Put,
}

/// What stands in the masked file in place of a stretch.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Put {
    /// As many zero bytes.
    Zeros,
    /// Nothing: what follows moves up.
    Nothing,
    /// These bytes.
    Bytes(Vec<u8>),
}

/// Two files compared after masking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// Whether what is left of both is the same.
    pub equal: bool,
    /// SHA-256 of what is left, when it is the same.
    pub sha256: Option<[u8; 32]>,
    /// What was masked.
    pub masks: Vec<Sides>,
}

/// One kind of mask on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sides {
    /// What it hides.
    pub what: What,
    /// Whether the hidden bytes differ.
    pub differs: bool,
    /// The first file's masked bytes.
    pub a: Vec<Range<usize>>,
    /// The second file's masked bytes.
    pub b: Vec<Range<usize>>,
}

impl What {
    /// Returns the words for readers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BuildId => "build ID",
            Self::GnuBuildId => "GNU build ID",
            Self::Uuid => "LC_UUID",
            Self::BuildInfo => "build information",
            Self::Variables => "-X variables",
            Self::CodeSignature => "code signature",
            Self::Timestamp => "PE timestamp",
            Self::Checksum => "PE checksum",
            Self::DebugLink => "debug link",
        }
    }

    const ALL: [Self; 9] = [
        Self::BuildId,
        Self::GnuBuildId,
        Self::Uuid,
        Self::BuildInfo,
        Self::Variables,
        Self::CodeSignature,
        Self::Timestamp,
        Self::Checksum,
        Self::DebugLink,
    ];
}

impl Compared {
    /// Compares two files after masking; `None` where either is of a kind that
    /// has no marks to mask.
    pub fn of(a: &Artifact, b: &Artifact) -> Option<Self> {
        let (a_view, b_view) = (view(a)?, view(b)?);
        let equal = view::same(&a_view, &b_view);
        let masks = What::ALL
            .into_iter()
            .filter_map(|what| sides(&a_view, &b_view, what))
            .collect();
        Some(Self {
            equal,
            // Hashing costs as much as all the rest, and says nothing when the
            // masked files differ.
            sha256: equal.then(|| a_view.sha256()),
            masks,
        })
    }

    /// Returns the kinds of mask whose bytes differ.
    pub fn differing(&self) -> impl Iterator<Item = &Sides> {
        self.masks.iter().filter(|sides| sides.differs)
    }
}

impl Sides {
    /// Returns how many bytes are masked, on the side that has more.
    pub fn bytes(&self) -> usize {
        let sum = |ranges: &[Range<usize>]| ranges.iter().map(Range::len).sum::<usize>();
        sum(&self.a).max(sum(&self.b))
    }
}

/// Returns SHA-256 of a masked file, by which machines that don't exchange files
/// compare them; `None` for kinds of file without marks.
pub fn sha256(artifact: &Artifact) -> Option<[u8; 32]> {
    view(artifact).map(|view| view.sha256())
}

fn view(artifact: &Artifact) -> Option<View<'_>> {
    let align = match artifact.image.format {
        Format::Elf | Format::Wasm | Format::Plan9 | Format::Xcoff | Format::GoArchive => 1,
        // Signing tools pad a file before they append to it.
        Format::Pe => pe::ALIGN,
        Format::MachO => macho::ALIGN,
        // Each architecture is a file of its own.
        Format::MachOFat | Format::Container(_) | Format::Empty | Format::Other => return None,
    };
    let bytes = artifact.bytes();
    let mut masks = stamps(artifact);
    match artifact.image.format {
        Format::Pe => masks.extend(pe::masks(bytes, &artifact.image)),
        Format::MachO => masks.extend(macho::masks(bytes, &artifact.image)),
        Format::Elf | Format::Wasm | Format::Plan9 | Format::Xcoff | Format::GoArchive => {}
        Format::MachOFat | Format::Container(_) | Format::Empty | Format::Other => {}
    }
    if let Some(link) = artifact.image.region(".gnu_debuglink") {
        let is_link = proper::is_debug_link(&bytes[link.range.clone()]);
        masks.extend(is_link.then(|| Mask::zeros(What::DebugLink, link.range.clone())));
    }
    Some(View::new(bytes, masks, align))
}

fn stamps(artifact: &Artifact) -> Vec<Mask> {
    let host = if artifact.image.format == Format::MachO {
        What::Uuid
    } else {
        What::GnuBuildId
    };
    let image = &artifact.image;
    let is_proper = |stamp: &&crate::goinfo::stamps::Stamp| match stamp.kind {
        Kind::BuildId => {
            let id = image.build_id.as_ref();
            id.is_some_and(|id| proper::is_build_id(id, &stamp.range))
        }
        Kind::HostId => image.host_id.as_ref().is_some_and(proper::is_host_id),
        Kind::BuildInfo => {
            let info = artifact.go.build_info.as_ref();
            info.is_some_and(proper::is_build_info)
        }
        Kind::Variable | Kind::Time => is_data(image, &stamp.range),
        Kind::Checksum | Kind::Signature => true,
    };
    let mask = |stamp: &crate::goinfo::stamps::Stamp| {
        let what = match stamp.kind {
            Kind::BuildId => What::BuildId,
            Kind::HostId => host,
            Kind::BuildInfo => What::BuildInfo,
            Kind::Variable => What::Variables,
            Kind::Time => What::Timestamp,
            Kind::Checksum => What::Checksum,
            // Left to the formats: it is more than its own bytes.
            Kind::Signature => return None,
        };
        Some(Mask::zeros(what, stamp.range.clone()))
    };
    let stamps = artifact.go.stamps.iter().filter(is_proper);
    stamps.filter_map(mask).collect()
}

/// Says whether bytes are no code, whatever a table makes of them.
fn is_data(image: &Image, range: &Range<usize>) -> bool {
    let mut regions = image
        .regions
        .iter()
        .filter(|region| region.range.start < range.end && range.start < region.range.end);
    regions.all(|region| region.content != Content::Code)
}

impl Mask {
    fn zeros(what: What, range: Range<usize>) -> Self {
        Self {
            what,
            range,
            put: Put::Zeros,
        }
    }
}

fn sides(a: &View<'_>, b: &View<'_>, what: What) -> Option<Sides> {
    let (a_ranges, b_ranges) = (a.ranges(what), b.ranges(what));
    if a_ranges.is_empty() && b_ranges.is_empty() {
        return None;
    }
    Some(Sides {
        what,
        differs: !a.hidden(what).eq(b.hidden(what)),
        a: a_ranges,
        b: b_ranges,
    })
}

#[cfg(test)]
mod tests;

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
//! | version control | the values of `vcs` lines of the build information: zero |
//! | code signature | its bytes are taken away, and what names them reads as without |
//! | time | link times in PE headers: zero |
//! | checksum | the PE header's: zero |
//! | debug link | `.gnu_debuglink`, a file name and a checksum of that file: zero |
//!
//! Some bytes say more than which build it is: they are masked on demand alone, and a
//! file that differs in them is not equal after masking:
//!
//! | mask | bytes |
//! |---|---|
//! | build settings | values of the other `build` lines: zero |
//! | modules | what the lines of the program, its modules and their sums say: zero |
//! | variables | values that `-X` set, where symbols tell: zero |
//!
//! What lies where a mark should and has not its shape is not masked, and no byte that
//! the processor could execute is. Two exceptions follow from how Go's linker lays
//! programs out, with the text of the program in one segment with the headers: a build
//! ID of the form that the go command gives it, in its own place, and a host ID that
//! follows from the build ID. On Mach-O, fields of load commands that follow from where
//! the signature lies are a third.

mod build_info;
mod macho;
mod pe;
mod proper;
mod view;

use std::ops::Range;

use serde::Serialize;

use crate::artifact::Artifact;
use crate::goinfo::HostIdOrigin;
use crate::goinfo::stamps::{self, Kind, Stamp};
use crate::image::signature::proper::CERTIFICATE_ALIGN;
use crate::image::{Format, Image};
use view::View;

/// The name and version of the set of masks.
pub const SET: &str = "verify-build/masks-v2";

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
    /// Revision, time and state of version control.
    Vcs,
    /// Other build settings.
    BuildInfo,
    /// The path of the program, and modules with their versions and sums.
    Modules,
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
    /// Whether what is left of both is the same once everything is masked that only
    /// names or signs a build ([`What::is_mark`]).
    pub equal: bool,
    /// SHA-256 of what is left, when it is the same.
    pub sha256: Option<[u8; 32]>,
    /// What would have to be masked besides, when nothing else differs; empty when
    /// the files are equal, and when more than that differs.
    pub more: Vec<What>,
    /// What was masked, or can be on demand.
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
            Self::Vcs => "version control",
            Self::BuildInfo => "build settings",
            Self::Modules => "modules",
            Self::Variables => "-X variables",
            Self::CodeSignature => "code signature",
            Self::Timestamp => "PE timestamp",
            Self::Checksum => "PE checksum",
            Self::DebugLink => "debug link",
        }
    }

    /// Returns the name that reports and the command line use: `gnu-build-id`.
    pub fn name(self) -> &'static str {
        match self {
            Self::BuildId => "build-id",
            Self::GnuBuildId => "gnu-build-id",
            Self::Uuid => "uuid",
            Self::Vcs => "vcs",
            Self::BuildInfo => "build-info",
            Self::Modules => "modules",
            Self::Variables => "variables",
            Self::CodeSignature => "code-signature",
            Self::Timestamp => "timestamp",
            Self::Checksum => "checksum",
            Self::DebugLink => "debug-link",
        }
    }

    /// Says whether it only names or signs a build. Settings, modules and values that
    /// were set are what the program was made of: whoever wants to overlook them has
    /// to say so.
    pub fn is_mark(self) -> bool {
        match self {
            Self::BuildId | Self::GnuBuildId | Self::Uuid | Self::Vcs => true,
            Self::CodeSignature | Self::Timestamp | Self::Checksum | Self::DebugLink => true,
            Self::BuildInfo | Self::Modules | Self::Variables => false,
        }
    }

    /// Every kind, in the order in which they are listed.
    pub const ALL: [Self; 11] = [
        Self::BuildId,
        Self::GnuBuildId,
        Self::Uuid,
        Self::Vcs,
        Self::BuildInfo,
        Self::Modules,
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
        let ((a_masks, a_align), (b_masks, b_align)) = (masks(a)?, masks(b)?);
        let (a_marks, b_marks) = (marks(&a_masks), marks(&b_masks));
        let a_view = View::new(a.bytes(), a_masks, a_align);
        let b_view = View::new(b.bytes(), b_masks, b_align);
        let masks: Vec<Sides> = What::ALL
            .into_iter()
            .filter_map(|what| sides(&a_view, &b_view, what))
            .collect();
        let equal_in_all = view::same(&a_view, &b_view);
        let a_view = View::new(a.bytes(), a_marks, a_align);
        let equal = equal_in_all && view::same(&a_view, &View::new(b.bytes(), b_marks, b_align));
        let asked = masks.iter().filter(|sides| !sides.what.is_mark());
        let asked = asked.filter(|sides| sides.differs).map(|sides| sides.what);
        Some(Self {
            equal,
            // Hashing costs as much as all the rest, and says nothing when the
            // masked files differ.
            sha256: equal.then(|| a_view.sha256()),
            more: asked.filter(|_| equal_in_all && !equal).collect(),
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
    let (masks, align) = masks(artifact)?;
    Some(View::new(artifact.bytes(), marks(&masks), align).sha256())
}

/// Returns the masks that are put on without being asked for.
fn marks(masks: &[Mask]) -> Vec<Mask> {
    let marks = masks.iter().filter(|mask| mask.what.is_mark());
    marks.cloned().collect()
}

/// Returns every mask of a file, and what its length is filled up to; `None` for
/// kinds of file without marks.
fn masks(artifact: &Artifact) -> Option<(Vec<Mask>, usize)> {
    let align = match artifact.image.format {
        Format::Elf | Format::Wasm | Format::Plan9 | Format::Xcoff | Format::GoArchive => 1,
        // Signing tools pad a file before they append to it.
        Format::Pe => CERTIFICATE_ALIGN,
        Format::MachO => macho::ALIGN,
        // Each architecture is a file of its own.
        Format::MachOFat | Format::Container(_) | Format::Empty | Format::Other => return None,
    };
    let (bytes, image) = (artifact.bytes(), &artifact.image);
    let mut masks = stamps(artifact);
    masks.extend(build_info::masks(artifact));
    match image.format {
        Format::Pe => masks.extend(pe::masks(bytes, image)),
        Format::MachO => masks.extend(macho::masks(bytes, image)),
        Format::Elf | Format::Wasm | Format::Plan9 | Format::Xcoff | Format::GoArchive => {}
        Format::MachOFat | Format::Container(_) | Format::Empty | Format::Other => {}
    }
    if let Some(link) = image.region(".gnu_debuglink") {
        let is_link =
            is_data(image, &link.range) && proper::is_debug_link(&bytes[link.range.clone()]);
        masks.extend(is_link.then(|| Mask::zeros(What::DebugLink, link.range.clone())));
    }
    Some((masks, align))
}

fn stamps(artifact: &Artifact) -> Vec<Mask> {
    let image = &artifact.image;
    let host = if image.format == Format::MachO {
        What::Uuid
    } else {
        What::GnuBuildId
    };
    let what = |stamp: &Stamp| match stamp.kind {
        Kind::BuildId => {
            let id = image.build_id.as_ref()?;
            // The linker puts it where code is loaded, on some systems among it.
            let is_own = id.range == stamp.range && stamps::is_hashes(&id.value);
            let fits = is_data(image, &stamp.range) || is_own;
            (fits && proper::is_build_id(id, &stamp.range)).then_some(What::BuildId)
        }
        Kind::HostId => {
            let id = image.host_id.as_ref()?;
            // One that follows from the build ID was chosen by nobody.
            let is_derived = matches!(artifact.go.host_id_origin, Some(HostIdOrigin::Go(_)));
            let fits = is_data(image, &stamp.range) || is_derived;
            (fits && proper::is_host_id(id)).then_some(host)
        }
        Kind::Variable => is_data(image, &stamp.range).then_some(What::Variables),
        Kind::Time => is_data(image, &stamp.range).then_some(What::Timestamp),
        Kind::Checksum => is_data(image, &stamp.range).then_some(What::Checksum),
        // Left to others: not all of it is masked, or more than its own bytes.
        Kind::BuildInfo | Kind::Signature => None,
    };
    let mask = |stamp: &Stamp| Some(Mask::zeros(what(stamp)?, stamp.range.clone()));
    artifact.go.stamps.iter().filter_map(mask).collect()
}

/// Says whether bytes can't be executed, whatever a table makes of them.
fn is_data(image: &Image, range: &Range<usize>) -> bool {
    !image.can_execute(range) && !image.is_code(range)
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
        differs: a_ranges != b_ranges || !a.hidden(what).eq(b.hidden(what)),
        a: a_ranges,
        b: b_ranges,
    })
}

#[cfg(test)]
mod tests;

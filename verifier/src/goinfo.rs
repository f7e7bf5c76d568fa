//! What a file tells about its Go build: identity, whether it is still what
//! `go build` wrote, build information, and the source paths in it.

pub mod pclntab;
pub mod selfcheck;
pub mod sources;

use std::ops::Range;

use memchr::memmem;
use proto::buildid::gnu::{self, Derivation};
use proto::buildid::{BuildId, Program};
use proto::buildinfo::{BuildInfo, blob};

use crate::image::{Content, Format, HostIdKind, Image, Located, Region};
use selfcheck::SelfCheck;
use sources::Sources;

/// The most copies of the build ID or of the module text looked for in one file.
const COPIES_MAX: usize = 64;

/// The most places tried for the build information.
const BLOBS_MAX: usize = 64;

/// What one file says about its Go build.
#[derive(Debug, Clone)]
pub struct GoInfo {
    /// The build ID; absent when the file has none.
    pub build_id: Option<BuildId>,
    /// Whether the file is still what its build ID says.
    pub self_check: SelfCheck,
    /// Where the GNU build ID or the UUID comes from.
    pub host_id_origin: Option<HostIdOrigin>,
    /// Go version, modules and settings.
    pub build_info: Option<Located<Stamped>>,
    /// Every place that only names the build and is no code or data of its own.
    pub stamps: Vec<Stamp>,
    /// Directories that source paths in the file begin with.
    pub sources: Option<Sources>,
    /// What could not be read, in words.
    pub problems: Vec<String>,
}

/// The build information of a program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stamped {
    /// The Go version as it stands in the file.
    pub version: String,
    /// Modules and settings; `None` when there are none or they can't be read.
    pub info: Option<BuildInfo>,
}

/// Who made the GNU build ID or the UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostIdOrigin {
    /// Go's linker, from the Go build ID.
    Go(Derivation),
    /// The host's linker, or a value given on the command line.
    Elsewhere,
}

/// Bytes that name a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// What they are.
    pub kind: StampKind,
    /// Where they are in the file.
    pub range: Range<usize>,
}

/// The kinds of [`Stamp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StampKind {
    /// The Go build ID.
    BuildId,
    /// The GNU build ID or the Mach-O UUID.
    HostId,
    /// The build information and its copy in read-only data.
    BuildInfo,
    /// The code signature.
    Signature,
}

impl GoInfo {
    /// Reads all of it; what is missing or broken is `None` or a problem.
    pub fn read(bytes: &[u8], image: &Image) -> Self {
        let mut problems = Vec::new();
        let build_info = read_build_info(bytes, image, &mut problems);
        let build_id = image.build_id.as_ref().map(|id| id.value.clone());
        let stamps = stamps(bytes, image, build_info.as_ref());
        Self {
            self_check: selfcheck::check(bytes, image),
            host_id_origin: host_id_origin(image, build_id.as_ref()),
            sources: pclntab::files(bytes, image).map(|files| Sources::of(&files)),
            build_info: build_info.map(|(found, _)| found),
            build_id,
            stamps,
            problems,
        }
    }

    /// Says whether anything in the file shows that Go built it.
    pub fn is_go(&self) -> bool {
        self.build_id.is_some() || self.build_info.is_some() || self.sources.is_some()
    }

    /// Returns the four-part build ID of a linked program.
    pub fn program(&self) -> Option<&Program> {
        match &self.build_id {
            Some(BuildId::Program(program)) => Some(program),
            _ => None,
        }
    }

    /// Returns the Go version, without experiments.
    pub fn version(&self) -> Option<&str> {
        let version = self.build_info.as_ref()?.value.version.as_str();
        // Until go1.25 experiments followed a space, since go1.26 a hyphen.
        Some(
            version
                .split(" X:")
                .next()
                .and_then(|version| version.split("-X:").next())
                .unwrap_or(version),
        )
    }

    /// Returns the experiments named behind the Go version.
    pub fn experiments(&self) -> Option<&str> {
        self.build_info
            .as_ref()?
            .value
            .version
            .split_once("X:")
            .map(|(_, experiments)| experiments)
    }

    /// Returns modules and settings.
    pub fn info(&self) -> Option<&BuildInfo> {
        self.build_info.as_ref()?.value.info.as_ref()
    }

    /// Returns a build setting.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.info()?.setting(key)
    }
}

fn host_id_origin(image: &Image, build_id: Option<&BuildId>) -> Option<HostIdOrigin> {
    let (Some(id), Some(BuildId::Program(program))) = (&image.host_id, build_id) else {
        return None;
    };
    let derivation = match id.kind {
        HostIdKind::Gnu => gnu::derivation_of_note(program, &id.bytes),
        HostIdKind::Uuid => gnu::derivation_of_uuid(program, &id.bytes),
    };
    Some(derivation.map_or(HostIdOrigin::Elsewhere, HostIdOrigin::Go))
}

/// Finds the build information and returns it with the module text as it stands.
fn read_build_info(
    bytes: &[u8],
    image: &Image,
    problems: &mut Vec<String>,
) -> Option<(Located<Stamped>, String)> {
    let mut broken = None;
    let mut tried = 0;
    for region in build_info_regions(image) {
        let data = &bytes[region.range.clone()];
        let base = region.address.unwrap_or(0);
        let mut from = 0;
        while let Some(at) = blob::find(data, base, from) {
            tried += 1;
            match blob::parse(data, at, |address, len| {
                image.at_address(bytes, address, len)
            }) {
                Ok(found) => {
                    let start = region.range.start;
                    let range = start + found.range.start..start + found.range.end;
                    return Some((stamped(&found, range, problems), found.modules));
                }
                Err(error) => broken = broken.or(Some(error)),
            }
            if tried >= BLOBS_MAX {
                break;
            }
            from = at + 1;
        }
    }
    problems.extend(broken.map(|error| error.to_string()));
    None
}

fn stamped(
    found: &blob::Blob,
    range: Range<usize>,
    problems: &mut Vec<String>,
) -> Located<Stamped> {
    let info = if found.modules.is_empty() {
        None
    } else {
        Some(BuildInfo::parse(&found.modules))
    };
    let info = info.and_then(|info| info.map_err(|error| problems.push(error.to_string())).ok());
    Located {
        value: Stamped {
            version: found.version.clone(),
            info,
        },
        range,
    }
}

/// The section made for the blob where there is one, else the data sections.
fn build_info_regions(image: &Image) -> Vec<&Region> {
    let named: Vec<&Region> = image
        .regions
        .iter()
        .filter(|region| matches!(region.name.as_str(), ".go.buildinfo" | "__go_buildinfo"))
        .collect();
    if !named.is_empty() {
        return named;
    }
    let is_data = |region: &&Region| match image.format {
        // UPX and sstrip leave no sections: then anything may hold it.
        Format::Elf
        | Format::MachO
        | Format::MachOFat
        | Format::Pe
        | Format::Xcoff
        | Format::Plan9 => region.content == Content::Data || image.regions.len() <= 2,
        Format::Wasm | Format::GoArchive | Format::Container(_) | Format::Empty | Format::Other => {
            false
        }
    };
    image.regions.iter().filter(is_data).collect()
}

fn stamps(
    bytes: &[u8],
    image: &Image,
    build_info: Option<&(Located<Stamped>, String)>,
) -> Vec<Stamp> {
    let mut stamps = Vec::new();
    let mut add = |kind, range| stamps.push(Stamp { kind, range });
    if let Some(id) = image.build_id.as_ref().filter(|id| id.range.len() >= 20) {
        let text = &bytes[id.range.clone()];
        let copies = memmem::find_iter(bytes, text).take(COPIES_MAX);
        copies.for_each(|at| add(StampKind::BuildId, at..at + text.len()));
    }
    if let Some(id) = &image.host_id {
        add(StampKind::HostId, id.range.clone());
    }
    if let Some(range) = &image.signature {
        add(StampKind::Signature, range.clone());
    }
    if let Some((found, modules)) = build_info {
        add(StampKind::BuildInfo, found.range.clone());
        if !modules.is_empty() {
            let framed = [&blob::FRAME_START[..], modules.as_bytes(), &blob::FRAME_END].concat();
            let copies = memmem::find_iter(bytes, &framed).take(COPIES_MAX);
            let outside = copies.filter(|at| !found.range.contains(at));
            outside.for_each(|at| add(StampKind::BuildInfo, at..at + framed.len()));
        }
    }
    stamps.sort_by_key(|stamp| stamp.range.start);
    stamps
}

//! Flags of Go's linker: recorded without -trimpath, else as far as the file shows what they
//! did.

use proto::buildid::BuildId;
use serde::Serialize;

use super::release::release;
use super::{Basis, Element, LDFLAGS, shell};
use crate::artifact::Artifact;
use crate::goinfo::HostIdOrigin;
use crate::goinfo::selfcheck::SelfCheck;
use crate::goinfo::symbols::Symbols;
use crate::image::{Content, Format};

/// Flags of Go's linker.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LinkerFlags {
    /// The value of `-ldflags`; `None` for none. Where it was recorded, that very text.
    pub text: Option<String>,
    /// The flags one by one; what was recorded is one element.
    pub flags: Vec<Element>,
    /// Whether these are known to be all: recorded, or proven by the build ID.
    pub is_complete: bool,
}

impl LinkerFlags {
    /// Takes words that are known to be all: those that a hash of the build is over.
    pub fn proven(words: &[String]) -> Self {
        let text = shell::join(words).filter(|text| !text.is_empty());
        let flag = |text: &String| {
            Element::new(
                LDFLAGS,
                text,
                Basis::Proven,
                "part A of the build ID is a hash over it",
            )
        };
        Self {
            flags: text.iter().map(flag).collect(),
            text,
            is_complete: true,
        }
    }

    /// Puts flags together; `None` for text that the go command can't be given.
    pub fn of(flags: Vec<Element>, is_complete: bool) -> Self {
        let words = flags.iter().flat_map(words);
        Self {
            text: (!flags.is_empty()).then(|| shell::join(words)).flatten(),
            flags,
            is_complete,
        }
    }
}

/// The words of a flag: `-X name=value` is two.
fn words(flag: &Element) -> Vec<String> {
    let Element { name, value, .. } = flag;
    match name.strip_prefix("-X ") {
        Some(variable) => vec!["-X".into(), format!("{variable}={value}")],
        // As Go's own documentation spells it.
        None if name == "-B" => vec![name.clone(), value.clone()],
        None if value.is_empty() && name != BUILD_ID => vec![name.clone()],
        None => vec![format!("{name}={value}")],
    }
}

const BUILD_ID: &str = "-buildid";

pub(super) fn read(artifact: &Artifact) -> LinkerFlags {
    if let Some(text) = artifact.go.setting(LDFLAGS) {
        return LinkerFlags {
            text: Some(text.to_owned()),
            flags: vec![Element::recorded(LDFLAGS, text)],
            is_complete: true,
        };
    }
    let is_trimmed = artifact.go.setting("-trimpath") == Some("true");
    let records =
        release(artifact).is_some_and(|release| (release.major, release.minor) >= (1, 18));
    // Without -trimpath they are recorded, if there are any.
    if artifact.go.info().is_some() && records && !is_trimmed {
        return LinkerFlags {
            is_complete: true,
            ..LinkerFlags::default()
        };
    }
    let is_changed = matches!(artifact.go.self_check, SelfCheck::Changed { .. });
    let mut flags = Vec::new();
    if !is_changed {
        flags.extend(stripped(artifact));
    }
    flags.extend(linking(artifact));
    flags.extend(variables(artifact));
    flags.extend(build_id(artifact));
    flags.extend(host_id(artifact));
    LinkerFlags::of(flags, false)
}

/// What is not there, was left out: -s leaves out symbols and debug information, -w debug
/// information.
fn stripped(artifact: &Artifact) -> Vec<Element> {
    let image = &artifact.image;
    let names = || {
        let symbols = image
            .regions
            .iter()
            .filter(|region| region.content == Content::Symbols);
        symbols.map(|region| region.name.as_str())
    };
    let has_debug = image.has_debug_of_go();
    let has_symbols = match image.format {
        Format::Elf => names().any(|name| name == ".symtab"),
        Format::Wasm => names().any(|name| name == "name"),
        Format::Plan9 => names().any(|name| name == "syms"),
        Format::Pe | Format::MachO => Symbols::read(artifact.bytes(), image).has_functions(),
        _ => return Vec::new(),
    };
    let flag = |name: &str, place: &str| Element::new(name, "", Basis::Read, place);
    match (has_symbols, has_debug) {
        (true, true) => Vec::new(),
        // Plan 9 programs and WebAssembly modules have no debug information.
        (true, false) if matches!(image.format, Format::Wasm | Format::Plan9) => Vec::new(),
        (true, false) => vec![flag("-w", "sections: no debug information")],
        // -s alone, or both in either order: most people write these.
        (false, _) => vec![
            flag("-s", "sections: no symbols"),
            Element {
                basis: Basis::Likely,
                ..flag(
                    "-w",
                    "most write it beside -s, which leaves out debug information as well",
                )
            },
        ],
    }
}

/// Linked by the host's linker though nothing of C asks for it.
fn linking(artifact: &Artifact) -> Vec<Element> {
    let image = &artifact.image;
    if image.is_externally_linked() != Some(true) {
        return Vec::new();
    }
    let mut flags = Vec::new();
    if artifact.go.setting("CGO_ENABLED") == Some("0") {
        flags.push(Element::new(
            "-linkmode",
            "external",
            Basis::Likely,
            "linked by the host's linker without cgo",
        ));
    }
    if image.format == Format::Elf && image.linkage.is_static == Some(true) {
        flags.push(Element::new(
            "-extldflags",
            "-static",
            Basis::Likely,
            "linked by the host's linker, and no library is loaded beside it",
        ));
    }
    flags
}

fn variables(artifact: &Artifact) -> Vec<Element> {
    let mut variables: Vec<_> = artifact.go.variables.iter().flatten().collect();
    variables.sort_by_key(|variable| variable.place);
    let flag = |variable: &crate::goinfo::variables::Variable| {
        Element::new(
            format!("-X {}", variable.name),
            &variable.value,
            Basis::Read,
            format!("symbol {}.str", variable.name),
        )
    };
    variables.into_iter().map(flag).collect()
}

fn build_id(artifact: &Artifact) -> Option<Element> {
    let text = match artifact.image.build_id.as_ref().map(|id| &id.value) {
        // Taken away after the build, it may have been given all the same; where it lies in
        // code (PE, Mach-O) no tool takes it.
        None if has_build_id_by_default(artifact.image.format) => "",
        Some(BuildId::Empty) => "",
        Some(BuildId::Redacted) => "redacted",
        Some(BuildId::Custom(text)) => text,
        None | Some(BuildId::Program(_) | BuildId::Package { .. }) => return None,
    };
    let place = match text {
        "" => "the file has no build ID",
        _ => "the build ID is not the go command's",
    };
    Some(Element::new(BUILD_ID, text, Basis::Read, place))
}

/// Says whether go build puts a build ID into a file of this format, where it is found.
fn has_build_id_by_default(format: Format) -> bool {
    matches!(format, Format::Elf | Format::Pe | Format::MachO)
}

/// Go 1.24 and later write a GNU build ID made of Go's, unless told otherwise.
fn host_id(artifact: &Artifact) -> Option<Element> {
    let image = &artifact.image;
    let release = release(artifact)?;
    artifact.go.program()?;
    if image.format != Format::Elf {
        return None;
    }
    let is_default = (release.major, release.minor) >= (1, 24);
    let has_id = image.host_id.is_some();
    let by_go = matches!(artifact.go.host_id_origin, Some(HostIdOrigin::Go(_)));
    match (is_default, has_id) {
        (true, false) => Some(Element::new(
            "-B",
            "none",
            Basis::Likely,
            "the file has no GNU build ID",
        )),
        (false, true) if by_go => Some(Element::new(
            "-B",
            "gobuildid",
            Basis::Read,
            "the GNU build ID is made of Go's",
        )),
        _ => None,
    }
}

//! Finding the build information in a program.

use proto::buildinfo::{BuildInfo, blob};

use super::build_version;
use crate::image::{Content, Format, Image, Located, Region};

/// The most places tried.
const BLOBS_MAX: usize = 64;

/// The build information of a program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stamped {
    /// The Go version as it stands in the file, experiments included.
    pub version: Option<String>,
    /// Modules and settings; `None` when there are none or they can't be read.
    pub info: Option<BuildInfo>,
    /// The text that modules and settings were read from.
    pub text: String,
}

/// Finds it by the blob, and without one by the marks around its text and by what
/// else names the version.
pub fn read(bytes: &[u8], image: &Image, problems: &mut Vec<String>) -> Option<Located<Stamped>> {
    let mut broken = None;
    let mut tries = BLOBS_MAX;
    for region in regions(image) {
        let start = region.range.start;
        let data = &bytes[region.range.clone()];
        let mut from = 0;
        while let Some(at) = blob::find(data, region.address.unwrap_or(0), from) {
            if tries == 0 {
                break;
            }
            tries -= 1;
            match blob::parse(data, at, |address, len| {
                image.at_address(bytes, address, len)
            }) {
                Ok(found) => {
                    let range = start + found.range.start..start + found.range.end;
                    let value = stamped(Some(found.version), found.modules, problems);
                    return Some(Located { value, range });
                }
                Err(error) => broken = broken.or(Some(error)),
            }
            from = at + 1;
        }
    }
    problems.extend(broken.map(|error| error.to_string()));
    by_marks(bytes, image, problems)
}

/// Says whether a file has the blob that the linker makes, and not only what else
/// tells of its build.
pub fn has_blob(found: &Located<Stamped>, bytes: &[u8]) -> bool {
    let blob = bytes.get(found.range.clone());
    blob.is_some_and(|blob| blob.starts_with(blob::MAGIC))
}

fn by_marks(bytes: &[u8], image: &Image, problems: &mut Vec<String>) -> Option<Located<Stamped>> {
    if !image.format.is_program() {
        return None;
    }
    // A WebAssembly module names it among its producers.
    let version = image.producer_go.clone();
    let version = version.or_else(|| build_version::read(bytes, image));
    match blob::find_framed(bytes) {
        Some(range) => {
            let text = String::from_utf8_lossy(blob::unframe(&bytes[range.clone()])).into_owned();
            Some(Located {
                value: stamped(version, text, problems),
                range,
            })
        }
        // A version alone is worth having; it is not a stamp of its own.
        None => version.map(|version| Located {
            value: stamped(Some(version), String::new(), problems),
            range: 0..0,
        }),
    }
}

fn stamped(version: Option<String>, text: String, problems: &mut Vec<String>) -> Stamped {
    let info = (!text.is_empty()).then(|| BuildInfo::parse(&text));
    let info = info.and_then(|info| info.map_err(|error| problems.push(error.to_string())).ok());
    Stamped {
        version: version.filter(|version| !version.is_empty()),
        info,
        text,
    }
}

/// The section made for the blob where there is one, else the data sections.
fn regions(image: &Image) -> Vec<&Region> {
    let is_named =
        |region: &&Region| matches!(region.name.as_str(), ".go.buildinfo" | "__go_buildinfo");
    let named: Vec<&Region> = image.regions.iter().filter(is_named).collect();
    if !named.is_empty() {
        return named;
    }
    let is_data = |region: &&Region| match image.format {
        // Packers leave no sections: then anything may hold it.
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

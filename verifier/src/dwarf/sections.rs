//! Sections of debug information, unpacked.
//!
//! Three ways of packing are about: ELF's SHF_COMPRESSED with a header that names
//! zlib or zstd, and the older `.zdebug_` names (still Go's on PE and Mach-O),
//! whose data begins with "ZLIB" and the size in eight bytes, high byte first.
//!
//! Source: System V ABI, "Section Compression"; cmd/link/internal/ld/dwarf.go
//! dwarfcompress

use std::borrow::Cow;
use std::io::Read as _;

use crate::image::{Image, Region, number};

/// The most bytes unpacked of one file.
const UNPACKED_MAX: u64 = 256 << 20;

/// Debug sections of one file by their names without prefix: `info`, `str`, …
#[derive(Debug)]
pub struct Sections<'a>(Vec<(&'static str, Cow<'a, [u8]>)>);

/// How a section is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// By zlib.
    Zlib,
    /// By zstd.
    Zstd,
}

impl Packing {
    /// Returns the word for readers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "not compressed",
            Self::Zlib => "compressed with zlib",
            Self::Zstd => "compressed with zstd",
        }
    }
}

impl<'a> Sections<'a> {
    /// Unpacks sections; what is not there, broken or too large is left out.
    pub fn unpack(bytes: &'a [u8], image: &Image, wanted: &[&'static str]) -> Self {
        let mut left = UNPACKED_MAX;
        let mut sections = Vec::new();
        for name in wanted {
            let Some(region) = image
                .regions
                .iter()
                .find(|region| bare(region) == Some(*name))
            else {
                continue;
            };
            let Some(content) = unpack(bytes, image, region, left) else {
                continue;
            };
            left = left.saturating_sub(content.len() as u64);
            sections.push((*name, content));
        }
        Self(sections)
    }

    /// Returns a section's content.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, content)| &**content)
    }
}

/// Returns the name of a debug section without what its format and packing put
/// before it.
pub fn bare(region: &Region) -> Option<&str> {
    let name = region.name.trim_start_matches(['.', '_']);
    let name = name.strip_prefix('z').unwrap_or(name);
    name.strip_prefix("debug_").map(|name| match name {
        // Names in Mach-O files have 16 characters.
        "str_offs" => "str_offsets",
        name => name,
    })
}

/// Says how a region is packed, and where its packed bytes begin and how many
/// they become.
fn packing(bytes: &[u8], image: &Image, region: &Region) -> Option<(Packing, usize, u64)> {
    let data = &bytes[region.range.clone()];
    if image.compressed.contains(&region.range) {
        let big_endian = image.machine.big_endian;
        let (size_at, word, start) = if image.machine.bits == Some(64) {
            (8, 8, 24)
        } else {
            (4, 4, 12)
        };
        let packing = match number::read(data, 0, 4, big_endian)? {
            1 => Packing::Zlib,
            2 => Packing::Zstd,
            _ => return None,
        };
        let size = number::read(data, size_at, word, big_endian)?;
        return Some((packing, start, size));
    }
    if data.starts_with(b"ZLIB") && region.name.contains("zdebug_") {
        return Some((Packing::Zlib, 12, number::read(data, 4, 8, true)?));
    }
    Some((Packing::Plain, 0, data.len() as u64))
}

/// Says how a debug section is packed.
pub fn packing_of(bytes: &[u8], image: &Image, region: &Region) -> Option<Packing> {
    packing(bytes, image, region).map(|(packing, ..)| packing)
}

/// Returns what a debug section holds, if that is not more than a number of bytes
/// and as much as it says.
pub fn unpack<'a>(
    bytes: &'a [u8],
    image: &Image,
    region: &Region,
    max: u64,
) -> Option<Cow<'a, [u8]>> {
    let (packing, start, size) = packing(bytes, image, region)?;
    let data = bytes[region.range.clone()].get(start..)?;
    if size > max {
        return None;
    }
    let mut content = Vec::new();
    match packing {
        Packing::Plain => return Some(Cow::Borrowed(data)),
        Packing::Zlib => {
            let mut reader = flate2::read::ZlibDecoder::new(data).take(size.saturating_add(1));
            reader.read_to_end(&mut content).ok()?;
        }
        Packing::Zstd => {
            let reader = ruzstd::decoding::StreamingDecoder::new(data).ok()?;
            let mut reader = reader.take(size.saturating_add(1));
            reader.read_to_end(&mut content).ok()?;
        }
    }
    (content.len() as u64 == size).then_some(Cow::Owned(content))
}

/// The most bytes unpacked of one section.
pub const SECTION_MAX: u64 = UNPACKED_MAX;

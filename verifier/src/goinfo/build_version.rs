//! The Go version of a program whose build information is gone: the text that the
//! variable `runtime.buildVersion` points to.
//!
//! The linker sets the variable as `-X` does: a text ended by NUL among the
//! constants, and its address and length in the data. In a position-independent
//! program the address may stand in a relocation alone.
//!
//! Source: cmd/link/internal/ld/main.go (buildVersion), data.go addstrdata

use std::ops::Range;

use memchr::memmem;

use super::number;
use super::pclntab::Found;
use crate::image::{Content, Format, Image};

/// How versions of Go begin.
const STARTS: [&[u8]; 2] = [b"go1.", b"devel "];

/// The longest version read, in bytes.
const LEN_MAX: usize = 256;

/// The most texts whose address is looked for.
const TEXTS_MAX: usize = 64;

/// Sizes of a relocation with its addend at the end.
const RELA_64: usize = 24;
const RELA_32: usize = 12;

/// Returns the version. Another variable that holds one may have been set on the
/// command line: two that differ tell nothing.
pub fn read(bytes: &[u8], image: &Image) -> Option<String> {
    let is_go = image.build_id.is_some() || Found::in_image(bytes, image).is_some();
    if !is_go || !image.format.is_program() {
        return None;
    }
    let mut version: Option<&str> = None;
    for text in texts(bytes, image).take(TEXTS_MAX) {
        if !is_pointed_to(bytes, image, &text) {
            continue;
        }
        let text = std::str::from_utf8(bytes.get(text)?).ok()?;
        if version.is_some_and(|version| version != text) {
            return None;
        }
        version = Some(text);
    }
    version.map(str::to_owned)
}

/// Texts among the constants that read like a version and end by NUL.
fn texts<'a>(bytes: &'a [u8], image: &'a Image) -> impl Iterator<Item = Range<usize>> + 'a {
    let format = image.format;
    let holds_constants = move |content: Content| match format {
        Format::Plan9 | Format::Xcoff => matches!(content, Content::Code | Content::Data),
        _ => content == Content::Data,
    };
    let regions = image.regions.iter();
    let regions = regions.filter(move |region| holds_constants(region.content));
    regions.flat_map(move |region| {
        let data = bytes.get(region.range.clone()).unwrap_or_default();
        let starts = STARTS
            .into_iter()
            .flat_map(move |start| memmem::find_iter(data, start));
        let base = region.range.start;
        starts.filter_map(move |at| {
            let len = version_len(&data[at..])?;
            Some(base + at..base + at + len)
        })
    })
}

/// The length of a version that begins here and ends by NUL.
fn version_len(bytes: &[u8]) -> Option<usize> {
    let len = bytes.iter().take(LEN_MAX).position(|byte| *byte == 0)?;
    let text = &bytes[..len];
    let is_text = text.iter().all(|byte| (0x20..0x7f).contains(byte));
    let number = text.strip_prefix(b"devel ").unwrap_or(text);
    let is_number = match number.strip_prefix(b"go1.") {
        Some(rest) => rest.first().is_some_and(u8::is_ascii_digit),
        // Until Go 1.16: devel and a commit.
        None => number.len() < text.len(),
    };
    (is_text && is_number).then_some(len)
}

/// Says whether a string in the data, or a relocation, has this text's address.
fn is_pointed_to(bytes: &[u8], image: &Image, text: &Range<usize>) -> bool {
    let word = usize::from(image.machine.bits.unwrap_or(64) / 8);
    let Some(address) = image.address_of(text.start) else {
        return false;
    };
    let mut needle = address.to_le_bytes()[..word].to_vec();
    if image.machine.big_endian {
        needle.reverse();
    }
    let len_at = |at: usize| number(bytes, at, word, image) == Some(text.len() as u64);
    let has_len = |header: usize| header.checked_add(word).is_some_and(len_at);
    image.regions.iter().any(|region| {
        let data = bytes.get(region.range.clone()).unwrap_or_default();
        let is_relocations = region.name.starts_with(".rela");
        if !is_relocations && region.content != Content::Data {
            return false;
        }
        memmem::find_iter(data, &needle).any(|at| {
            let at = region.range.start + at;
            if !is_relocations {
                return has_len(at);
            }
            let size = if word == 8 { RELA_64 } else { RELA_32 };
            let place = (at + word).checked_sub(size);
            let place = place.and_then(|place| number(bytes, place, word, image));
            let header = place.and_then(|place| image.range_at(place, 2 * word));
            header.is_some_and(|header| has_len(header.start))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{Located, Region, Segment};
    use proto::buildid::BuildId;

    const BASE: u64 = 0x40_0000;

    /// A program of constants, data and relocations.
    fn program(parts: [&[u8]; 3]) -> (Vec<u8>, Image) {
        let mut image = Image {
            format: Format::Elf,
            build_id: Some(Located {
                value: BuildId::Empty,
                range: 0..0,
            }),
            ..Image::default()
        };
        image.machine.bits = Some(64);
        let mut bytes = Vec::new();
        for (name, part) in [".rodata", ".data", ".rela"].into_iter().zip(parts) {
            let start = bytes.len();
            bytes.extend(part);
            image.regions.push(Region {
                name: name.into(),
                range: start..bytes.len(),
                address: Some(BASE + start as u64),
                content: match name {
                    ".rela" => Content::Layout,
                    _ => Content::Data,
                },
            });
        }
        image.segments = vec![Segment {
            address: BASE,
            range: 0..bytes.len(),
            memory: 0,
        }];
        (bytes, image)
    }

    fn words(words: &[u64]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn a_string_ended_by_nul_that_a_variable_points_to() {
        let table: [(&[u8], &[u64], Option<&str>); 8] = [
            (b"go1.26.1\0", &[BASE, 8], Some("go1.26.1")),
            (b"xxgo1.26.1\0", &[0, BASE + 2, 8], Some("go1.26.1")),
            (
                b"go1.24.1 X:arenas\0",
                &[BASE, 17],
                Some("go1.24.1 X:arenas"),
            ),
            (b"devel +abc\0", &[BASE, 10], Some("devel +abc")),
            // Nothing points to it, or to something longer.
            (b"go1.26.1\0", &[BASE + 1, 8], None),
            (b"go1.26.1\0", &[BASE, 9], None),
            // Strings of the source stand side by side.
            (b"go1.26.1and\xff\0", &[BASE, 8], None),
            (b"go1.x\0", &[BASE, 5], None),
        ];
        for (text, data, want) in table {
            let (bytes, image) = program([text, &words(data), b""]);
            assert_eq!(read(&bytes, &image).as_deref(), want, "{text:?} {data:x?}");
        }
    }

    #[test]
    fn a_relocation_has_the_address() {
        let text = b"go1.27.3\0\0\0\0\0\0\0\0";
        let relocation = words(&[BASE + 16, 8, BASE]);
        let (bytes, image) = program([text, &words(&[0, 8]), &relocation]);
        assert_eq!(read(&bytes, &image).as_deref(), Some("go1.27.3"));
        let (bytes, image) = program([text, &words(&[0, 7]), &relocation]);
        assert_eq!(read(&bytes, &image), None);
    }

    /// One of them was set with -X: which one, nothing says.
    #[test]
    fn two_versions_tell_nothing() {
        let text = b"go1.26.1\0go1.26.8\0";
        let (bytes, image) = program([text, &words(&[BASE, 8, BASE + 9, 8]), b""]);
        assert_eq!(read(&bytes, &image), None);
        let (bytes, mut image) = program([text, &words(&[BASE, 8]), b""]);
        assert_eq!(read(&bytes, &image).as_deref(), Some("go1.26.1"));
        image.build_id = None;
        assert_eq!(read(&bytes, &image), None, "no Go program");
    }
}

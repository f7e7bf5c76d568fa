//! The names of source files in a Go program's line table, which strip leaves
//! in place.
//!
//! The table begins with a magic that names its layout, two zero bytes, the
//! instruction quantum, the pointer size, and words of that size:
//!
//! ```text
//! 0xfffffffa  Go 1.16  functions, files, name offset, unit offset, file offset, line offset, …
//! 0xfffffff0  Go 1.18  functions, files, text start, name offset, unit offset, file offset, line offset, …
//! 0xfffffff1  Go 1.20  the same
//! ```
//!
//! File names lie between the file offset and the line offset, each ended by NUL.
//!
//! Source: cmd/link/internal/ld/pcln.go, runtime/symtab.go

use memchr::memmem;

use super::sources::Sources;
use crate::image::wasm::memory;
use crate::image::{Content, Format, Image, Region};

/// The most file names read.
const FILES_MAX: usize = 200_000;

/// The most places tried where the table has no section of its own.
const HITS_MAX: usize = 4096;

/// The most of them read to their end.
const TABLES_MAX: usize = 16;

/// Returns the directories in the source file names of a program, or `None` when
/// it has no table that can be read.
pub fn sources(bytes: &[u8], image: &Image) -> Option<Sources> {
    if image.format == Format::Wasm {
        let memory = memory::build(bytes, image)?;
        return search(&memory, false).map(|files| Sources::of(&files));
    }
    files(bytes, image).map(|files| Sources::of(&files))
}

fn files<'a>(bytes: &'a [u8], image: &Image) -> Option<Vec<&'a str>> {
    if !image.format.is_program() {
        return None;
    }
    let big_endian = image.machine.big_endian;
    let named = image
        .regions
        .iter()
        .find(|region| region.name.ends_with("gopclntab"));
    if let Some(region) = named {
        return read(&bytes[region.range.clone()], big_endian);
    }
    let holds_table = |region: &&Region| match image.format {
        Format::Plan9 | Format::Xcoff => matches!(region.content, Content::Code | Content::Data),
        _ => region.content == Content::Data,
    };
    let mut regions = image.regions.iter().filter(holds_table);
    regions.find_map(|region| search(&bytes[region.range.clone()], big_endian))
}

/// Looks for a table that reads well among data.
fn search(data: &[u8], big_endian: bool) -> Option<Vec<&str>> {
    let magics: [u32; 3] = [0xffff_fff1, 0xffff_fff0, 0xffff_fffa];
    magics.into_iter().find_map(|magic| {
        let start = if big_endian {
            magic.to_be_bytes()
        } else {
            magic.to_le_bytes()
        };
        let needle = [&start[..], &[0, 0]].concat();
        memmem::find_iter(data, &needle)
            .take(HITS_MAX)
            .filter(|at| names(&data[*at..], big_endian).is_some_and(starts_with_name))
            .take(TABLES_MAX)
            .find_map(|at| read(&data[at..], big_endian).filter(|files| !files.is_empty()))
    })
}

fn starts_with_name(names: &[u8]) -> bool {
    names.first().is_some_and(|first| *first != 0)
}

fn read(table: &[u8], big_endian: bool) -> Option<Vec<&str>> {
    let names = names(table, big_endian)?
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty());
    Some(
        names
            .take(FILES_MAX)
            .filter_map(|name| std::str::from_utf8(name).ok())
            .collect(),
    )
}

/// Returns the bytes that hold the file names.
fn names(table: &[u8], big_endian: bool) -> Option<&[u8]> {
    let magic: [u8; 4] = table.get(..4)?.try_into().ok()?;
    let magic = if big_endian {
        u32::from_be_bytes(magic)
    } else {
        u32::from_le_bytes(magic)
    };
    let [0, 0, 1 | 2 | 4, pointer_size @ (4 | 8)] = *table.get(4..8)? else {
        return None;
    };
    let pointer_size = usize::from(pointer_size);
    let word = |index: usize| -> Option<usize> {
        let start = 8 + index * pointer_size;
        let field = table.get(start..start + pointer_size)?;
        let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        let value = if big_endian {
            field.iter().fold(0, fold)
        } else {
            field.iter().rev().fold(0, fold)
        };
        usize::try_from(value).ok()
    };
    let file_word = match magic {
        0xffff_fff1 | 0xffff_fff0 => 5,
        0xffff_fffa => 4,
        _ => return None,
    };
    table.get(word(file_word)?..word(file_word + 1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(magic: u32, words_before: usize, names: &[u8]) -> Vec<u8> {
        let mut bytes = magic.to_le_bytes().to_vec();
        bytes.extend_from_slice(&[0, 0, 1, 8]);
        let start = 8 + 8 * (words_before + 2);
        let mut words = vec![0; words_before];
        words.extend([start, start + names.len()]);
        words
            .iter()
            .for_each(|word| bytes.extend_from_slice(&(*word as u64).to_le_bytes()));
        bytes.extend_from_slice(names);
        bytes
    }

    #[test]
    fn reads_names_in_each_layout() {
        for (magic, words) in [(0xffff_fff1, 5), (0xffff_fff0, 5), (0xffff_fffa, 4)] {
            let bytes = table(magic, words, b"/src/a.go\0b.go\0\0");
            assert_eq!(read(&bytes, false), Some(vec!["/src/a.go", "b.go"]));
            assert_eq!(read(&bytes, true), None);
            for len in 0..bytes.len() {
                assert_eq!(read(&bytes[..len], false), None, "{len}");
            }
        }
    }

    #[test]
    fn finds_a_table_among_data_and_refuses_offsets_outside() {
        let mut data = vec![0xf1, 0xff, 0xff, 0xff, 0, 0, 9, 9];
        data.extend(table(0xffff_fff1, 5, b"main.go\0"));
        assert_eq!(search(&data, false), Some(vec!["main.go"]));
        let mut far = table(0xffff_fff1, 5, b"main.go\0");
        far[8 + 5 * 8..8 + 7 * 8].fill(0xff);
        assert_eq!(read(&far, false), None);
        assert_eq!(search(b"nothing", false), None);
    }
}

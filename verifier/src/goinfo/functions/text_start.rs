//! The address that a line table counts functions from.
//!
//! Up to Go 1.25 its header tells. Since then only the runtime's module data
//! does, a structure of words that begins with the table's address:
//!
//! ```text
//! 0  line table        1  function names, a slice; five more slices
//! 19 function lookup   20 first address    21 last address    22 text start    23 text end
//! ```
//!
//! Source: runtime/symtab.go moduledata, cmd/link/internal/ld/symtab.go

use memchr::memmem;
use object::read::{File, Object as _, ObjectSymbol as _};

use crate::goinfo::pclntab::{Found, Table};
use crate::image::{Content, Format, Image};

/// Words of the module data up to the end of the text.
const WORDS: usize = 24;

/// The most places looked at for the module data.
const HITS_MAX: usize = 4096;

/// The most symbols looked at.
const SYMBOLS_MAX: usize = 1_000_000;

/// The bytes of one entry of a 64-bit ELF relocation table with addends.
const RELA_LEN: usize = 24;

/// Finds the text start; `None` when nothing tells for sure.
pub(super) fn find(
    bytes: &[u8],
    image: &Image,
    found: &Found<'_>,
    table: &Table<'_>,
) -> Option<u64> {
    let told = table.header.text_start;
    if told != 0 {
        return Some(told);
    }
    module_data(bytes, image, found, table)
        .or_else(|| relocations(bytes, image, found, table))
        .or_else(|| symbol(bytes, image))
        .or_else(|| alone(image))
}

/// Looks for the module data among data.
fn module_data(bytes: &[u8], image: &Image, found: &Found<'_>, table: &Table<'_>) -> Option<u64> {
    let header = &table.header;
    let (start, names) = addresses(found, table)?;
    let needle = word_bytes(start, header.pointer_size, header.big_endian);
    let data = image
        .regions
        .iter()
        .filter(|region| region.content == Content::Data);
    let mut left = HITS_MAX;
    for region in data {
        let data = &bytes[region.range.clone()];
        for at in memmem::find_iter(data, &needle).take(left) {
            left -= 1;
            let word = |index: usize| {
                let at = at.checked_add(index * header.pointer_size)?;
                header.number(data, at, header.pointer_size)
            };
            if word(1) != Some(names) {
                continue;
            }
            let words: Option<Vec<u64>> = (0..WORDS).map(word).collect();
            if let Some(words) = words
                && let Some(start) = text(words[20], words[21], words[22], words[23])
            {
                return Some(start);
            }
        }
    }
    None
}

/// A position-independent program that the host's linker made has the module
/// data's words in its relocations.
fn relocations(bytes: &[u8], image: &Image, found: &Found<'_>, table: &Table<'_>) -> Option<u64> {
    if image.format != Format::Elf || image.machine.bits != Some(64) {
        return None;
    }
    let (start, names) = addresses(found, table)?;
    let rela = &bytes[image.region(".rela.dyn")?.range.clone()];
    let number = |entry: &[u8], at: usize| table.header.number(entry, at, 8);
    let entries = || {
        rela.chunks_exact(RELA_LEN)
            .filter_map(move |entry| Some((number(entry, 0)?, number(entry, 16)?)))
    };
    let place = |address: u64, index: u64| address.checked_add(8 * index);
    let addend = |place: u64| {
        entries()
            .find(|(at, _)| *at == place)
            .map(|(_, addend)| addend)
    };
    let candidates = entries().filter(|(_, addend)| *addend == start).take(4);
    candidates
        .filter(|(at, _)| place(*at, 1).and_then(addend) == Some(names))
        .find_map(|(at, _)| {
            let word = |index: u64| place(at, index).and_then(addend);
            text(word(20)?, word(21)?, word(22)?, word(23)?)
        })
}

/// The addresses of the table and of the function names in it.
fn addresses(found: &Found<'_>, table: &Table<'_>) -> Option<(u64, u64)> {
    let start = found.address?;
    Some((start, start.checked_add(table.header.names as u64)?))
}

fn text(first: u64, last: u64, start: u64, end: u64) -> Option<u64> {
    (start <= first && first < last && last <= end && start != 0).then_some(start)
}

fn word_bytes(word: u64, size: usize, big_endian: bool) -> Vec<u8> {
    if big_endian {
        word.to_be_bytes()[8 - size..].to_vec()
    } else {
        word.to_le_bytes()[..size].to_vec()
    }
}

fn symbol(bytes: &[u8], image: &Image) -> Option<u64> {
    match image.format {
        Format::Elf | Format::Pe | Format::MachO => {}
        _ => return None,
    }
    let file = File::parse(bytes).ok()?;
    let is_start = |name: &str| matches!(name, "runtime.text" | "_runtime.text");
    file.symbols()
        .take(SYMBOLS_MAX)
        .find(|symbol| symbol.name().is_ok_and(is_start))
        .map(|symbol| symbol.address())
}

/// Where Go's own linker made the file, its code begins the code section.
fn alone(image: &Image) -> Option<u64> {
    let mut code = image
        .regions
        .iter()
        .filter(|region| region.content == Content::Code);
    match (code.next(), code.next()) {
        (Some(only), None) if image.producers.is_empty() => only.address,
        _ => None,
    }
}

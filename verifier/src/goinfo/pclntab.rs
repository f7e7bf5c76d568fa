//! The line table of a Go program, which strip leaves in place: functions with
//! their addresses and names, and the names of source files.
//!
//! The table begins with a magic that names its layout, two zero bytes, the
//! instruction quantum, the pointer size, and words of that size:
//!
//! ```text
//! 0xfffffffb  Go 1.2   functions; then entries (address, offset), the last address, file table offset
//! 0xfffffffa  Go 1.16  functions, files, name offset, unit offset, file offset, line offset, entry offset
//! 0xfffffff0  Go 1.18  functions, files, text start, name offset, unit offset, file offset, line offset, entry offset
//! 0xfffffff1  Go 1.20  the same; the text start is zero since Go 1.26
//! ```
//!
//! Entries are two words until Go 1.16, and two 32-bit numbers since Go 1.18, the
//! first counted from the text start. File names lie between the file offset and
//! the line offset, each ended by NUL; Go 1.2 has a count and offsets instead.
//!
//! Source: cmd/link/internal/ld/pcln.go, runtime/symtab.go, debug/gosym/pclntab.go

mod description;
mod header;
pub mod origins;

use std::borrow::Cow;

use memchr::memmem;

pub use header::{Header, Layout};

use crate::image::wasm::memory;
use crate::image::{Content, Format, Image, Region};

/// The most file names read.
const FILES_MAX: usize = 200_000;

/// The most places tried where the table has no section of its own.
const HITS_MAX: usize = 4096;

/// The most of them read to their end.
const TABLES_MAX: usize = 16;

/// The longest function or file name read, in bytes.
const NAME_LEN_MAX: usize = 4096;

/// The bytes that a line table was found in.
pub struct Found<'a> {
    data: Cow<'a, [u8]>,
    start: usize,
    big_endian: bool,
    /// The table's address in the program, where the format tells.
    pub address: Option<u64>,
}

impl<'a> Found<'a> {
    /// Finds the line table of a program.
    pub fn in_image(bytes: &'a [u8], image: &Image) -> Option<Self> {
        if !image.format.is_program() {
            return None;
        }
        let big_endian = image.machine.big_endian;
        if image.format == Format::Wasm {
            let memory = memory::build(bytes, image)?;
            let start = search(&memory, false)?;
            return Some(Self {
                data: Cow::Owned(memory),
                start,
                big_endian,
                address: Some(start as u64),
            });
        }
        let within = |region: &Region, start: usize| Self {
            data: Cow::Borrowed(&bytes[region.range.clone()]),
            start,
            big_endian,
            address: region
                .address
                .and_then(|address| address.checked_add(start as u64)),
        };
        let is_named = |region: &&Region| region.name.ends_with("gopclntab");
        if let Some(region) = image.regions.iter().find(is_named) {
            return Some(within(region, 0));
        }
        let holds_table = |region: &&Region| match image.format {
            Format::Plan9 | Format::Xcoff => {
                matches!(region.content, Content::Code | Content::Data)
            }
            _ => region.content == Content::Data,
        };
        let mut regions = image.regions.iter().filter(holds_table);
        regions.find_map(|region| {
            let start = search(&bytes[region.range.clone()], big_endian)?;
            Some(within(region, start))
        })
    }

    /// Returns how many bytes there are from the table's first one on.
    pub fn len(&self) -> usize {
        self.data.len().saturating_sub(self.start)
    }

    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads the table's header.
    pub fn table(&self) -> Option<Table<'_>> {
        Table::read(self.data.get(self.start..)?, self.big_endian)
    }
}

/// A line table whose header could be read. Offsets count from its first byte.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    data: &'a [u8],
    /// What the header says.
    pub header: Header,
}

/// One entry of a line table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The function's first address; from the text start since Go 1.18.
    pub start: u64,
    /// The first address behind it, counted likewise.
    pub end: u64,
    /// Where the table describes the function.
    pub record: usize,
}

impl<'a> Table<'a> {
    /// Reads the header that the bytes begin with.
    pub fn read(data: &'a [u8], big_endian: bool) -> Option<Self> {
        let header = Header::read(data, big_endian)?;
        Some(Self { data, header })
    }

    /// Returns the entries in the order of the table, as far as they go.
    pub fn entries(&self) -> impl Iterator<Item = Entry> + use<'a> {
        let table = *self;
        (0..table.header.functions).map_while(move |index| table.entry(index))
    }

    fn entry(&self, index: usize) -> Option<Entry> {
        let size = self.header.entry_word();
        let at = self
            .header
            .entries
            .checked_add(index.checked_mul(2 * size)?)?;
        let word = |word: usize| {
            self.header
                .number(self.data, at.checked_add(word * size)?, size)
        };
        let offset = usize::try_from(word(1)?).ok()?;
        Some(Entry {
            start: word(0)?,
            end: word(2)?,
            record: self.header.records.checked_add(offset)?,
        })
    }

    /// Returns the name of the function described at a place.
    pub fn name(&self, record: usize) -> Option<&'a str> {
        let offset = self.field(record, 0)?;
        let start = self
            .header
            .names
            .checked_add(usize::try_from(offset).ok()?)?;
        self.text(start)
    }

    /// Returns the line that the function's source begins at, since Go 1.20.
    pub fn start_line(&self, record: usize) -> Option<u32> {
        if self.header.layout != Layout::Go120 {
            return None;
        }
        self.field(record, 8)
    }

    /// Returns the file that the function's first instruction comes from.
    pub fn file(&self, record: usize) -> Option<&'a str> {
        let lines = self.header.lines;
        let start = lines.checked_add(usize::try_from(self.field(record, 4)?).ok()?)?;
        // The first value is counted from -1, zigzag.
        let delta = varint(self.data.get(start..)?)?;
        let index = (delta >> 1) as i64 ^ -((delta & 1) as i64);
        self.file_name(record, usize::try_from(index.checked_sub(1)?).ok()?)
    }

    /// Returns a file by its number in the function's compilation unit.
    pub fn file_name(&self, record: usize, index: usize) -> Option<&'a str> {
        match self.header.layout {
            Layout::Go12 => self.file_of_count(index),
            Layout::Go116 | Layout::Go118 | Layout::Go120 => {
                let unit = usize::try_from(self.field(record, 7)?).ok()?;
                let at = unit.checked_add(index)?.checked_mul(4)?;
                let offset = self.u32(self.header.units.checked_add(at)?)?;
                let names = self.header.file_names;
                self.text(names.checked_add(usize::try_from(offset).ok()?)?)
            }
        }
    }

    /// Returns the source lines of a function's instructions, as the table has
    /// them: steps of line and address, the first one from line -1.
    pub fn lines(&self, record: usize) -> Option<&'a [u8]> {
        self.steps_at(self.field(record, 5)?)
    }

    /// Returns the steps of a value, without the zero that ends them.
    fn steps_at(&self, offset: u32) -> Option<&'a [u8]> {
        let start = self
            .header
            .lines
            .checked_add(usize::try_from(offset).ok()?)?;
        let rest = self.data.get(start..)?;
        // Pairs of varints, ended by a zero value.
        let mut at = 0;
        for _ in 0..LINES_MAX {
            let value_len = varint_len(rest.get(at..)?)?;
            if rest[at] == 0 && at > 0 {
                return rest.get(..at);
            }
            at += value_len;
            at += varint_len(rest.get(at..)?)?;
        }
        None
    }

    /// Returns the names of all source files.
    pub fn file_names(&self) -> Option<Vec<&'a str>> {
        if self.header.layout == Layout::Go12 {
            let files = self.header.files.min(FILES_MAX);
            return Some(
                (1..files)
                    .map_while(|index| self.file_of_count(index))
                    .collect(),
            );
        }
        let names = self.data.get(self.header.file_names..self.header.lines)?;
        let names = names.split(|byte| *byte == 0);
        Some(
            names
                .filter(|name| !name.is_empty())
                .take(FILES_MAX)
                .filter_map(|name| std::str::from_utf8(name).ok())
                .collect(),
        )
    }

    /// Go 1.2 to 1.15: a count, then the offset of each name.
    fn file_of_count(&self, index: usize) -> Option<&'a str> {
        let at = self.header.file_names.checked_add(index.checked_mul(4)?)?;
        let offset = usize::try_from(self.u32(at)?).ok()?;
        (index < self.header.files)
            .then(|| self.text(offset))
            .flatten()
    }

    /// Reads one of the 32-bit numbers behind the address that begins a record.
    fn field(&self, record: usize, index: usize) -> Option<u32> {
        let at = record.checked_add(self.header.entry_word())?;
        self.u32(at.checked_add(index * 4)?)
    }

    fn u32(&self, at: usize) -> Option<u32> {
        u32::try_from(self.header.number(self.data, at, 4)?).ok()
    }

    fn text(&self, start: usize) -> Option<&'a str> {
        let rest = self.data.get(start..)?;
        let rest = &rest[..rest.len().min(NAME_LEN_MAX)];
        let len = memchr::memchr(0, rest)?;
        std::str::from_utf8(&rest[..len]).ok()
    }
}

/// The most steps of one function's line numbers.
const LINES_MAX: usize = 1 << 16;

fn varint_len(bytes: &[u8]) -> Option<usize> {
    let last = bytes.iter().take(5).position(|byte| byte & 0x80 == 0)?;
    Some(last + 1)
}

fn varint(bytes: &[u8]) -> Option<u64> {
    let len = varint_len(bytes)?;
    let fold = |value: u64, byte: &u8| value << 7 | u64::from(byte & 0x7f);
    Some(bytes[..len].iter().rev().fold(0, fold))
}

/// Looks for a table that reads well among data.
fn search(data: &[u8], big_endian: bool) -> Option<usize> {
    let magics: [u32; 4] = [0xffff_fff1, 0xffff_fff0, 0xffff_fffa, 0xffff_fffb];
    magics.into_iter().find_map(|magic| {
        let start = if big_endian {
            magic.to_be_bytes()
        } else {
            magic.to_le_bytes()
        };
        let needle = [&start[..], &[0, 0]].concat();
        memmem::find_iter(data, &needle)
            .take(HITS_MAX)
            .filter(|at| Table::read(&data[*at..], big_endian).is_some())
            .take(TABLES_MAX)
            .find(|at| {
                let table = Table::read(&data[*at..], big_endian);
                let files = table.and_then(|table| table.file_names());
                files.is_some_and(|files| !files.is_empty())
            })
    })
}

#[cfg(test)]
mod tests;

//! The dynamic section of an ELF file, found as the dynamic linker finds it: by
//! program headers and addresses, so that files without section headers tell too.
//!
//! Source: System V ABI, chapter 5 "Dynamic Section"; Linux Standard Base,
//! "Symbol Versioning"

use std::ops::Range;

use crate::image::linkage::{LIST_MAX, NAME_LEN_MAX, SearchPath, Versions, name};
use crate::image::{Image, number};

/// The most entries of the dynamic section read.
const ENTRIES_MAX: usize = 10_000;

const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
const DT_SONAME: u64 = 14;
const DT_RPATH: u64 = 15;
const DT_BIND_NOW: u64 = 24;
const DT_RUNPATH: u64 = 29;
const DT_FLAGS: u64 = 30;
const DT_FLAGS_1: u64 = 0x6fff_fffb;
const DT_VERNEED: u64 = 0x6fff_fffe;
const DT_VERNEEDNUM: u64 = 0x6fff_ffff;

/// DF_BIND_NOW in DT_FLAGS, DF_1_NOW and DF_1_PIE in DT_FLAGS_1.
const BIND_NOW: u64 = 8;
const NOW_1: u64 = 1;
const PIE_1: u64 = 0x0800_0000;

/// Reads the dynamic section; the segments of the image must be known.
pub(super) fn read(bytes: &[u8], table: Range<usize>, image: &mut Image) {
    let big_endian = image.machine.big_endian;
    let word = if image.machine.bits == Some(64) { 8 } else { 4 };
    let table = &bytes[table];
    let entries: Vec<(u64, u64)> = table
        .chunks_exact(2 * word)
        .take(ENTRIES_MAX)
        .filter_map(|entry| {
            let tag = number::read(entry, 0, word, big_endian)?;
            Some((tag, number::read(entry, word, word, big_endian)?))
        })
        .take_while(|(tag, _)| *tag != 0)
        .collect();
    let value = |tag: u64| {
        entries
            .iter()
            .find(|(known, _)| *known == tag)
            .map(|(_, value)| *value)
    };
    let reader = Reader {
        bytes,
        image,
        strings: value(DT_STRTAB),
        big_endian,
    };
    let strings = |tag: u64| -> Vec<String> {
        let offsets = entries.iter().filter(|(known, _)| *known == tag);
        offsets
            .filter_map(|(_, offset)| reader.string(*offset))
            .take(LIST_MAX)
            .collect()
    };
    let libraries = strings(DT_NEEDED);
    let soname = strings(DT_SONAME).into_iter().next();
    let mut search_paths = Vec::new();
    for (kind, tag) in [("RPATH", DT_RPATH), ("RUNPATH", DT_RUNPATH)] {
        search_paths.extend(
            strings(tag)
                .into_iter()
                .map(|path| SearchPath { kind, path }),
        );
    }
    let versions = value(DT_VERNEED)
        .and_then(|address| reader.versions(address, value(DT_VERNEEDNUM)?))
        .unwrap_or_default();
    let (flags, flags_1) = (value(DT_FLAGS).unwrap_or(0), value(DT_FLAGS_1).unwrap_or(0));
    let bind_now = value(DT_BIND_NOW).is_some() || flags & BIND_NOW != 0 || flags_1 & NOW_1 != 0;
    let linkage = &mut image.linkage;
    linkage.libraries = libraries;
    linkage.name = soname;
    linkage.search_paths = search_paths;
    linkage.versions = versions;
    linkage.flags.extend(bind_now.then_some("bind-now"));
    linkage
        .flags
        .extend((flags_1 & PIE_1 != 0).then_some("pie"));
    linkage.settle();
}

struct Reader<'a> {
    bytes: &'a [u8],
    image: &'a Image,
    /// The address of the string table.
    strings: Option<u64>,
    big_endian: bool,
}

impl Reader<'_> {
    fn string(&self, offset: u64) -> Option<String> {
        name(self.up_to(self.strings?.checked_add(offset)?, NAME_LEN_MAX)?)
    }

    /// Returns as many bytes at an address as there are, up to a number.
    fn up_to(&self, address: u64, len_max: usize) -> Option<&[u8]> {
        let segment = self.image.segments.iter().find(|segment| {
            let offset = address.checked_sub(segment.address);
            offset.is_some_and(|offset| offset < segment.range.len() as u64)
        })?;
        let offset = usize::try_from(address - segment.address).ok()?;
        let start = segment.range.start.checked_add(offset)?;
        self.bytes
            .get(start..segment.range.end.min(start.saturating_add(len_max)))
    }

    /// Entries and their versions are two linked lists of 16 bytes each, the
    /// same in both classes.
    fn versions(&self, mut at: u64, count: u64) -> Option<Vec<Versions>> {
        let mut all = Vec::new();
        for _ in 0..count.min(LIST_MAX as u64) {
            let entry = self.up_to(at, 16)?;
            let field = |at: usize, len: usize| number::read(entry, at, len, self.big_endian);
            let (versions, library) = (field(2, 2)?, field(4, 4)?);
            let (first, next) = (field(8, 4)?, field(12, 4)?);
            let library = self.string(library)?;
            let names = self.version_names(at.checked_add(first)?, versions);
            if all.len() < LIST_MAX {
                all.push(Versions { library, names });
            }
            if next == 0 {
                break;
            }
            at = at.checked_add(next)?;
        }
        Some(all)
    }

    fn version_names(&self, mut at: u64, count: u64) -> Vec<String> {
        let mut names = Vec::new();
        for _ in 0..count.min(LIST_MAX as u64) {
            let Some(entry) = self.up_to(at, 16) else {
                break;
            };
            let field = |at: usize| number::read(entry, at, 4, self.big_endian);
            names.extend(field(8).and_then(|name| self.string(name)));
            match field(12).and_then(|next| at.checked_add(next).filter(|_| next != 0)) {
                Some(next) => at = next,
                None => break,
            }
        }
        names
    }
}

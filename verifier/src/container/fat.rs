//! Universal Mach-O files: one program for each of several processors.
//!
//! Source: mach-o/fat.h

use std::io::Read as _;

use object::read::macho::{FatArch, MachOFatFile32, MachOFatFile64};

use super::fault::Fault;
use super::listing::{Fact, Metadata};
use super::source::Source;
use super::unowned::{Unowned, Zeros};
use super::visit::{Body, Entry, Visitor};
use crate::image::{Format, sniff};

/// Header bytes read: more architectures than there are processors.
const HEADER_LEN: usize = 4096;

/// Says whether a file that begins with these bytes is one.
pub fn is_header(head: &[u8]) -> bool {
    sniff::format(head) == Format::MachOFat
}

struct Part {
    cpu: (u32, u32),
    offset: u64,
    size: u64,
    align: u32,
}

/// Goes through the programs in the order of the file, each called by its processor.
///
/// # Errors
/// `Malformed`, `Truncated` naming the processor, and what the visitor returns.
pub fn read(source: &Source, visitor: &mut dyn Visitor) -> Result<Vec<Fact>, Fault> {
    let head = source.bytes_at(0, HEADER_LEN)?;
    let is_64 = head.get(3) == Some(&0xbf);
    let parts = if is_64 {
        MachOFatFile64::parse(head.as_slice()).map(|file| parts(file.arches()))
    } else {
        MachOFatFile32::parse(head.as_slice()).map(|file| parts(file.arches()))
    };
    let parts = parts.map_err(|error| Fault::malformed(format!("its header: {error}")))?;
    // Two numbers, then an entry of 20 or 32 bytes for each program.
    let header_len = 8 + parts.len() as u64 * if is_64 { 32 } else { 20 };
    let all = parts.iter();
    let all = all.map(|part| part.offset..part.offset.saturating_add(part.size));
    let owned = all.chain(std::iter::once(0..header_len)).collect();
    for part in &parts {
        let name = processor(part.cpu);
        let bytes = source
            .part(part.offset, part.size)
            .ok_or_else(|| Fault::truncated(format!("before the end of its program for {name}")))?;
        let entry = Entry {
            name,
            metadata: Metadata {
                own: vec![("alignment", format!("2^{}", part.align))],
                ..Metadata::default()
            },
            body: Body::File(part.size),
            offset: Some(part.offset),
        };
        visitor.visit(entry, &mut bytes.reader().take(part.size))?;
    }
    let width = if is_64 { "64-bit" } else { "32-bit" };
    let mut unowned = Unowned::default();
    unowned.add_outside(source, owned, Zeros::Fill)?;
    let facts = [
        Some(Fact::packing("universal: header", width)),
        unowned.fact(),
    ];
    Ok(facts.into_iter().flatten().collect())
}

fn parts<Fat: FatArch>(arches: &[Fat]) -> Vec<Part> {
    let part = |arch: &Fat| {
        let (offset, size) = arch.file_range();
        Part {
            cpu: (arch.cputype().0, arch.cpusubtype().0),
            offset,
            size,
            align: arch.align(),
        }
    };
    arches.iter().map(part).collect()
}

fn processor((kind, subkind): (u32, u32)) -> String {
    // The highest byte of the subtype holds capabilities.
    match (kind, subkind & 0x00ff_ffff) {
        (7, _) => "386".into(),
        (12, _) => "arm".into(),
        (0x0100_0007, 3) => "amd64".into(),
        (0x0100_0007, 8) => "amd64h".into(),
        (0x0100_000c, 0 | 1) => "arm64".into(),
        (0x0100_000c, 2) => "arm64e".into(),
        (kind, subkind) => format!("cpu {kind:#x} subtype {subkind}"),
    }
}

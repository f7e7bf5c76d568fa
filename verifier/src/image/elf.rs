//! ELF: Linux, the BSDs, Solaris.
//!
//! The Go build ID is looked for as the go command does it, in every table of notes.
//! The GNU build ID is what the section `.note.gnu.build-id` holds, if nothing in it
//! can be executed; only a file without section headers has it in a segment of notes.
//! A note of this kind anywhere else may be anything, code included.

mod dynamic;
pub mod symbols;

use object::Endianness;
use object::elf::{
    FileHeader32, FileHeader64, PT_DYNAMIC, PT_GNU_RELRO, PT_GNU_STACK, PT_INTERP, PT_LOAD,
    PT_NOTE, SHT_NOBITS, SHT_NOTE,
};
use object::read::elf::{FileHeader, ProgramHeader as _, SectionHeader as _};

use proto::buildid::{BuildId, note};

use super::executable;
use super::{Content, HostId, HostIdKind, Image, Located, SECTIONS_MAX, Segment, content_by_name};

/// The section of the GNU build ID.
const GNU_BUILD_ID: &str = ".note.gnu.build-id";

/// The longest dynamic linker path or `.comment` read, in bytes.
const TEXT_LEN_MAX: usize = 64 << 10;

/// The most texts kept of one `.comment`.
const TEXTS_MAX: usize = 64;

/// Reads an ELF file of either class and byte order.
pub(super) fn read(bytes: &[u8], image: &mut Image) {
    // e_ident[EI_CLASS]
    match bytes.get(4) {
        Some(1) => read_class::<FileHeader32<Endianness>>(bytes, image),
        Some(2) => read_class::<FileHeader64<Endianness>>(bytes, image),
        _ => image.problem("ELF header: class is neither 32 nor 64 bit"),
    }
}

/// Reads what the header says about the machine.
pub(super) fn read_machine(bytes: &[u8], image: &mut Image) -> Option<()> {
    match bytes.get(4)? {
        1 => read_machine_class::<FileHeader32<Endianness>>(bytes, image),
        2 => read_machine_class::<FileHeader64<Endianness>>(bytes, image),
        _ => None,
    }
}

fn read_machine_class<Elf: FileHeader<Endian = Endianness>>(
    bytes: &[u8],
    image: &mut Image,
) -> Option<()> {
    let header = Elf::parse(bytes).ok()?;
    machine(header, header.endian().ok()?, image);
    Some(())
}

fn read_class<Elf: FileHeader<Endian = Endianness>>(bytes: &[u8], image: &mut Image) {
    let parsed = Elf::parse(bytes).and_then(|header| Ok((header, header.endian()?)));
    let (header, endian) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            image.truncated = bytes.len() < size_of::<Elf>();
            return image.problem(format!("ELF header: {error}"));
        }
    };
    machine(header, endian, image);
    let notes = read_segments(header, endian, bytes, image);
    if read_sections(header, endian, bytes, image) == Some(0) {
        for table in &notes {
            read_gnu(bytes, table, image);
        }
    }
    read_section_table_end(header, endian, bytes, image);
}

fn machine<Elf: FileHeader<Endian = Endianness>>(
    header: &Elf,
    endian: Endianness,
    image: &mut Image,
) {
    let big = header.is_big_endian();
    let wide = header.is_class_64();
    image.machine.bits = Some(if wide { 64 } else { 32 });
    image.machine.big_endian = big;
    image.machine.goarch = match (header.e_machine(endian).0, wide, big) {
        (3, ..) => Some("386"),
        (8, false, true) => Some("mips"),
        (8, false, false) => Some("mipsle"),
        (8, true, true) => Some("mips64"),
        (8, true, false) => Some("mips64le"),
        (21, _, true) => Some("ppc64"),
        (21, _, false) => Some("ppc64le"),
        (22, ..) => Some("s390x"),
        (40, ..) => Some("arm"),
        (62, ..) => Some("amd64"),
        (183, ..) => Some("arm64"),
        (243, true, _) => Some("riscv64"),
        (258, true, _) => Some("loong64"),
        _ => None,
    };
    // e_ident[EI_OSABI]; Linux files mostly say 0, which many systems share.
    image.machine.goos = match header.e_ident().os_abi.0 {
        2 => Some("netbsd"),
        3 => Some("linux"),
        6 => Some("solaris"),
        9 => Some("freebsd"),
        12 => Some("openbsd"),
        _ => None,
    };
    image.machine.kind = match header.e_type(endian).0 {
        1 => Some("object file"),
        2 => Some("executable"),
        3 => Some("position-independent executable or shared object"),
        4 => Some("core dump"),
        _ => None,
    };
}

/// A table of notes: its bytes in the file, and how they are aligned.
type Table = (std::ops::Range<usize>, u64);

/// Reads the program headers, and returns the tables of notes that they name.
fn read_segments<Elf: FileHeader<Endian = Endianness>>(
    header: &Elf,
    endian: Endianness,
    bytes: &[u8],
    image: &mut Image,
) -> Vec<Table> {
    let mut tables = Vec::new();
    let headers = match header.program_headers(endian, bytes) {
        Ok(headers) => headers,
        Err(error) => {
            image.truncated = true;
            image.problem(format!("ELF program headers: {error}"));
            return tables;
        }
    };
    let mut dynamic = None;
    for segment in headers.iter().take(SECTIONS_MAX) {
        // PF_X is 1. These two need not have bytes in the file.
        match segment.p_type(endian) {
            PT_GNU_RELRO => image.linkage.flags.push("relro"),
            PT_GNU_STACK if segment.p_flags(endian).0 & 1 != 0 => {
                image.linkage.flags.push("exec-stack");
            }
            _ => {}
        }
        let (offset, size) = segment.file_range(endian);
        if segment.p_type(endian) == PT_LOAD && segment.p_flags(endian).0 & 1 != 0 {
            executable::add(image, offset, size, bytes.len());
        }
        let Some(range) = range(offset, size, bytes.len()) else {
            image.truncated |= size > 0;
            continue;
        };
        match segment.p_type(endian) {
            PT_LOAD => image.segments.push(Segment {
                address: segment.p_vaddr(endian).into(),
                range,
                memory: segment.p_memsz(endian).into(),
            }),
            PT_NOTE => {
                let table = (range, segment.p_align(endian).into());
                read_go(bytes, &table, image);
                tables.push(table);
            }
            PT_INTERP => image.interpreter = text(&bytes[range]),
            PT_DYNAMIC => dynamic = Some(range),
            _ => {}
        }
    }
    if let Some(table) = dynamic {
        dynamic::read(bytes, table, image);
    }
    let is_program = matches!(header.e_type(endian).0, 2 | 3);
    image.linkage.is_static =
        is_program.then(|| image.interpreter.is_none() && image.linkage.libraries.is_empty());
    tables
}

/// Reads the section headers, and returns how many there are; `None` where they can't
/// be read.
fn read_sections<Elf: FileHeader<Endian = Endianness>>(
    header: &Elf,
    endian: Endianness,
    bytes: &[u8],
    image: &mut Image,
) -> Option<usize> {
    let sections = match header.sections(endian, bytes) {
        Ok(sections) => sections,
        Err(error) => {
            image.truncated = true;
            image.problem(format!("ELF section headers: {error}"));
            return None;
        }
    };
    if sections.len() > SECTIONS_MAX {
        image.problem(format!(
            "ELF section headers: more than {SECTIONS_MAX} sections"
        ));
        return None;
    }
    for section in sections.iter() {
        let (kind, flags) = (section.sh_type(endian), section.sh_flags(endian));
        let Some((offset, size)) = section.file_range(endian) else {
            continue;
        };
        if kind == SHT_NOBITS || size == 0 {
            continue;
        }
        let name = sections.section_name(endian, section).unwrap_or_default();
        let name = String::from_utf8_lossy(name).into_owned();
        // SHF_EXECINSTR is 4, SHF_ALLOC 2.
        let flags = flags.0;
        let content = match flags {
            _ if flags & 4 != 0 => Content::Code,
            _ if kind == SHT_NOTE => Content::Notes,
            _ if flags & 2 != 0 => Content::Data,
            _ => content_by_name(&name).unwrap_or(Content::Notes),
        };
        if let Some(range) = range(offset, size, bytes.len()) {
            if content == Content::Notes && kind == SHT_NOTE {
                let table = (range.clone(), section.sh_addralign(endian).into());
                read_go(bytes, &table, image);
                if name == GNU_BUILD_ID {
                    read_gnu(bytes, &table, image);
                }
            }
            // SHF_COMPRESSED
            if flags & 0x800 != 0 {
                image.compressed.push(range.clone());
            }
            if name == ".note.gnu.gold-version" {
                image.linkage.linker = gold(&bytes[range.clone()]);
            }
            if name == ".comment" && image.producers.is_empty() {
                image.producers = texts(&bytes[range]);
                let named = image.producers.iter().find(|text| is_linker(text));
                image.linkage.linker = named.cloned().or_else(|| image.linkage.linker.take());
            }
        }
        let address = (flags & 2 != 0).then(|| section.sh_addr(endian).into());
        image.push(
            name,
            offset..offset.saturating_add(size),
            address,
            content,
            bytes.len(),
        );
    }
    Some(sections.len())
}

/// The section header table itself is a region too.
fn read_section_table_end<Elf: FileHeader<Endian = Endianness>>(
    header: &Elf,
    endian: Endianness,
    bytes: &[u8],
    image: &mut Image,
) {
    let offset: u64 = header.e_shoff(endian).into();
    let count = header.shnum(endian, bytes).unwrap_or_default();
    let size = u64::from(header.e_shentsize(endian)).saturating_mul(count.into());
    if offset != 0 && size != 0 {
        let range = offset..offset.saturating_add(size);
        image.push(
            "(section headers)".into(),
            range,
            None,
            Content::Layout,
            bytes.len(),
        );
    }
}

/// Takes the first Go build ID of a table.
fn read_go(bytes: &[u8], (table, align): &Table, image: &mut Image) {
    if image.build_id.is_some() {
        return;
    }
    let notes = note::walk(&bytes[table.clone()], *align, image.machine.big_endian);
    if let Some(range) = notes.go.map(|range| within(table, &range)) {
        match BuildId::from_bytes(&bytes[range.clone()]) {
            Ok(value) => image.build_id = Some(Located { value, range }),
            Err(error) => image.problem(format!("Go build ID: {error}")),
        }
    }
}

/// Takes the first GNU build ID of a table.
fn read_gnu(bytes: &[u8], (table, align): &Table, image: &mut Image) {
    if image.host_id.is_some() {
        return;
    }
    let notes = note::walk(&bytes[table.clone()], *align, image.machine.big_endian);
    if let Some(range) = notes.gnu.map(|range| within(table, &range)) {
        let bytes = bytes[range.clone()].to_vec();
        image.host_id = Some(HostId {
            kind: HostIdKind::Gnu,
            bytes,
            range,
        });
    }
}

fn within(
    table: &std::ops::Range<usize>,
    range: &std::ops::Range<usize>,
) -> std::ops::Range<usize> {
    table.start + range.start..table.start + range.end
}

fn range(offset: u64, size: u64, file_len: usize) -> Option<std::ops::Range<usize>> {
    let start = usize::try_from(offset).ok()?;
    let end = start.checked_add(usize::try_from(size).ok()?)?;
    (end <= file_len && start < end).then_some(start..end)
}

fn text(bytes: &[u8]) -> Option<String> {
    texts(bytes).into_iter().next()
}

/// Says whether a text of `.comment` names a linker: LLD and mold do.
pub fn is_linker(text: &str) -> bool {
    text.starts_with("Linker: ") || text.starts_with("mold ")
}

/// gold leaves its name in a note of its own: header, "GNU", then the text.
fn gold(note: &[u8]) -> Option<String> {
    let text = note.get(16..)?;
    super::linkage::name(text).or_else(|| Some(String::from_utf8_lossy(text).into_owned()))
}

/// Splits NUL-terminated texts, without repetitions.
fn texts(bytes: &[u8]) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for text in bytes[..bytes.len().min(TEXT_LEN_MAX)].split(|byte| *byte == 0) {
        let text = String::from_utf8_lossy(text).trim().to_owned();
        if texts.len() < TEXTS_MAX && !text.is_empty() && !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

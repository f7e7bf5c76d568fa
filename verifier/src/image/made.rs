//! Small files of each format, made for tests: sections with any name and any flags.

use std::ops::Range;

use object::elf::{self, FileHeader64, NoteHeader32, ProgramHeader64, SectionHeader64, Sym64};
use object::macho::{self, MachHeader64, Section64, SegmentCommand64, UuidCommand};
use object::pe::{self, ImageDosHeader, ImageNtHeaders64, ImageSectionHeader};
use object::pod::{self, Pod};
use object::{BigEndian, LittleEndian as Le, U32};

pub(crate) const ALLOC: u64 = elf::SHF_ALLOC.0;
pub(crate) const EXEC: u64 = elf::SHF_EXECINSTR.0;

pub(crate) const BITS: u32 = elf::SHT_PROGBITS.0;
pub(crate) const NOTE: u32 = elf::SHT_NOTE.0;
pub(crate) const SYMBOLS: u32 = elf::SHT_SYMTAB.0;
pub(crate) const NAMES: u32 = elf::SHT_STRTAB.0;

/// A section of an ELF file.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) name: &'static str,
    pub(crate) kind: u32,
    pub(crate) flags: u64,
    /// The flags of a segment of its own; 0 for none.
    pub(crate) segment: u32,
    pub(crate) body: Vec<u8>,
}

/// Where a section lies in the file that was made.
pub(crate) type Placed = Range<usize>;

/// Makes a header: zeros, but for what is filled in.
fn header<T: Pod>(fill: impl FnOnce(&mut T)) -> Vec<u8> {
    let mut bytes = vec![0; size_of::<T>()];
    let (header, _) = pod::from_bytes_mut(&mut bytes).unwrap();
    fill(header);
    bytes
}

fn short(number: usize) -> u16 {
    number.try_into().unwrap()
}

fn word(number: usize) -> u32 {
    number.try_into().unwrap()
}

/// Where the first byte of an ELF file is loaded.
pub(crate) const BASE: u64 = 0x40_0000;

/// Makes a 64-bit little-endian program. Without section headers its notes are found by
/// segments of their own.
pub(crate) fn elf(sections: &[Section], has_headers: bool) -> (Vec<u8>, Vec<Placed>) {
    let mut segments: Vec<(elf::ProgramType, u32, usize)> = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        if section.segment != 0 {
            segments.push((elf::PT_LOAD, section.segment, index));
        }
        if section.kind == NOTE {
            segments.push((elf::PT_NOTE, elf::PF_R.0, index));
        }
    }
    let head_len = size_of::<FileHeader64<Le>>();
    let segments_len = segments.len() * size_of::<ProgramHeader64<Le>>();
    let mut body = Vec::new();
    let mut placed = Vec::new();
    for section in sections {
        let start = (head_len + segments_len + body.len()).next_multiple_of(16);
        body.resize(start - head_len - segments_len, 0);
        body.extend(&section.body);
        placed.push(start..start + section.body.len());
    }
    let segments = segments.iter().map(|(kind, flags, index)| {
        let place = &placed[*index];
        header(|segment: &mut ProgramHeader64<Le>| {
            segment.p_type = (*kind).into();
            segment.p_flags = elf::ProgramFlags(*flags).into();
            segment.p_offset = (place.start as u64).into();
            segment.p_vaddr = (BASE + place.start as u64).into();
            segment.p_filesz = (place.len() as u64).into();
            segment.p_memsz = (place.len() as u64).into();
            segment.p_align = 4.into();
        })
    });
    let segments: Vec<Vec<u8>> = segments.collect();
    let table = has_headers.then(|| {
        let start = head_len + segments_len + body.len();
        section_table(sections, &placed, start)
    });
    let head = header(|head: &mut FileHeader64<Le>| {
        head.e_ident.magic = elf::ELFMAG;
        head.e_ident.class = elf::ELFCLASS64;
        head.e_ident.data = elf::ELFDATA2LSB;
        head.e_ident.version = elf::EV_CURRENT;
        head.e_type = elf::ET_EXEC.into();
        head.e_machine = elf::EM_X86_64.into();
        head.e_version = u32::from(elf::EV_CURRENT.0).into();
        head.e_ehsize = short(head_len).into();
        head.e_phoff = (head_len as u64).into();
        head.e_phentsize = short(size_of::<ProgramHeader64<Le>>()).into();
        head.e_phnum = short(segments.len()).into();
        head.e_shentsize = short(size_of::<SectionHeader64<Le>>()).into();
        if let Some((_, at)) = &table {
            head.e_shoff = (*at as u64).into();
            head.e_shnum = short(sections.len() + 2).into();
            head.e_shstrndx = elf::SymbolSection(short(sections.len() + 1)).into();
        }
    });
    let table = table.map(|(table, _)| table).unwrap_or_default();
    ([head, segments.concat(), body, table].concat(), placed)
}

/// Makes the names of sections and the headers behind them, and says where those are.
fn section_table(sections: &[Section], placed: &[Placed], start: usize) -> (Vec<u8>, usize) {
    let mut names = vec![0];
    let mut headers = header(|_: &mut SectionHeader64<Le>| {});
    let mut count = 0;
    let mut add = |name: usize, kind: u32, flags: u64, place: &Placed| {
        count += 1;
        headers.extend(header(|section: &mut SectionHeader64<Le>| {
            section.sh_name = word(name).into();
            section.sh_type = elf::SectionType(kind).into();
            section.sh_flags = elf::SectionFlags(flags).into();
            section.sh_addr = (BASE + place.start as u64).into();
            section.sh_offset = (place.start as u64).into();
            section.sh_size = (place.len() as u64).into();
            section.sh_addralign = 4.into();
            if kind == SYMBOLS {
                // The names of symbols come right behind them.
                section.sh_link = word(count + 1).into();
                section.sh_entsize = (size_of::<Sym64<Le>>() as u64).into();
            }
        }));
    };
    for (section, place) in sections.iter().zip(placed) {
        add(names.len(), section.kind, section.flags, place);
        names.extend(section.name.as_bytes());
        names.push(0);
    }
    let own = names.len();
    names.extend(b".shstrtab\0");
    let end = start + names.len();
    add(own, elf::SHT_STRTAB.0, 0, &(start..end));
    ([names, headers].concat(), end)
}

/// Makes an entry of a table of symbols: of a function, of a datum or, without a size, a mark.
pub(crate) fn symbol(name: usize, address: u64, size: u64, is_code: bool) -> Vec<u8> {
    let kind = match (size, is_code) {
        (0, _) => elf::STT_NOTYPE,
        (_, true) => elf::STT_FUNC,
        (_, false) => elf::STT_OBJECT,
    };
    header(|symbol: &mut Sym64<Le>| {
        symbol.st_name = word(name).into();
        symbol.set_st_info(elf::STB_GLOBAL, kind);
        symbol.st_shndx = elf::SymbolSection(1).into();
        symbol.st_value = address.into();
        symbol.st_size = size.into();
    })
}

/// Makes a note: a name, a type, a description.
pub(crate) fn note(name: &[u8], kind: u32, description: &[u8]) -> Vec<u8> {
    let mut bytes = header(|note: &mut NoteHeader32<Le>| {
        note.n_namesz = word(name.len()).into();
        note.n_descsz = word(description.len()).into();
        note.n_type = elf::NoteType(kind).into();
    });
    for part in [name, description] {
        bytes.extend(part);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    bytes
}

/// Where the headers of a PE file begin, and where its only section lies.
const PE_AT: usize = 0x80;
const PE_BODY_AT: usize = 0x200;

/// Makes a 64-bit PE file of one section.
pub(crate) fn pe(name: &[u8], characteristics: u32, body: &[u8]) -> Vec<u8> {
    let directories = pe::IMAGE_NUMBEROF_DIRECTORY_ENTRIES;
    let directories_len = directories * size_of::<pe::ImageDataDirectory>();
    let optional_len = size_of::<pe::ImageOptionalHeader64>() + directories_len;
    let mut bytes = header(|dos: &mut ImageDosHeader| {
        dos.e_magic = pe::IMAGE_DOS_SIGNATURE.into();
        dos.e_lfanew = word(PE_AT).into();
    });
    bytes.resize(PE_AT, 0);
    bytes.extend(header(|head: &mut ImageNtHeaders64| {
        head.signature = pe::IMAGE_NT_SIGNATURE.into();
        head.file_header.machine = pe::IMAGE_FILE_MACHINE_AMD64.into();
        head.file_header.number_of_sections = 1.into();
        head.file_header.size_of_optional_header = short(optional_len).into();
        head.optional_header.magic = pe::IMAGE_NT_OPTIONAL_HDR64_MAGIC.into();
        head.optional_header.number_of_rva_and_sizes = word(directories).into();
    }));
    bytes.resize(bytes.len() + directories_len, 0);
    bytes.extend(header(|section: &mut ImageSectionHeader| {
        section.name[..name.len()].copy_from_slice(name);
        section.virtual_size = word(body.len()).into();
        section.virtual_address = 0x1000.into();
        section.size_of_raw_data = word(body.len()).into();
        section.pointer_to_raw_data = word(PE_BODY_AT).into();
        section.characteristics = pe::SectionFlags(characteristics).into();
    }));
    bytes.resize(PE_BODY_AT, 0);
    bytes.extend(body);
    bytes
}

/// Makes a 64-bit Mach-O file of one segment with one section, and an LC_UUID.
pub(crate) fn macho(
    [segment_name, section_name]: [&[u8]; 2],
    protection: u32,
    flags: u32,
    uuid: [u8; 16],
    body: &[u8],
) -> Vec<u8> {
    let segment_len = size_of::<SegmentCommand64<Le>>() + size_of::<Section64<Le>>();
    let uuid_len = size_of::<UuidCommand<Le>>();
    let body_at = size_of::<MachHeader64<Le>>() + segment_len + uuid_len;
    let address = 0x1_0000;
    let mut bytes = header(|head: &mut MachHeader64<Le>| {
        head.magic = U32::new(BigEndian, macho::MH_CIGAM_64);
        head.cputype = macho::CPU_TYPE_X86_64.into();
        head.cpusubtype = macho::CpuSubtype::from(macho::CPU_SUBTYPE_X86_64_ALL).into();
        head.filetype = macho::MH_EXECUTE.into();
        head.ncmds = 2.into();
        head.sizeofcmds = word(segment_len + uuid_len).into();
    });
    bytes.extend(header(|segment: &mut SegmentCommand64<Le>| {
        let len = (body_at + body.len()) as u64;
        segment.cmd = macho::LC_SEGMENT_64.into();
        segment.cmdsize = word(segment_len).into();
        segment.segname[..segment_name.len()].copy_from_slice(segment_name);
        segment.vmaddr = address.into();
        segment.vmsize = len.into();
        segment.filesize = len.into();
        segment.maxprot = macho::VmProt(7).into();
        segment.initprot = macho::VmProt(protection).into();
        segment.nsects = 1.into();
    }));
    bytes.extend(header(|section: &mut Section64<Le>| {
        section.sectname[..section_name.len()].copy_from_slice(section_name);
        section.segname[..segment_name.len()].copy_from_slice(segment_name);
        section.addr = (address + body_at as u64).into();
        section.size = (body.len() as u64).into();
        section.offset = word(body_at).into();
        section.flags = macho::SectionFlags(flags).into();
    }));
    bytes.extend(header(|command: &mut UuidCommand<Le>| {
        command.cmd = macho::LC_UUID.into();
        command.cmdsize = word(uuid_len).into();
        command.uuid = uuid;
    }));
    bytes.extend(body);
    bytes
}

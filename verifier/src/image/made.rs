//! Small files of each format, made for tests: sections with any name and any flags.

/// SHF_ALLOC and SHF_EXECINSTR.
pub(crate) const ALLOC: u64 = 2;
pub(crate) const EXEC: u64 = 4;

/// SHT_PROGBITS and SHT_NOTE.
pub(crate) const BITS: u32 = 1;
pub(crate) const NOTE: u32 = 7;

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
pub(crate) type Placed = std::ops::Range<usize>;

/// Makes a 64-bit little-endian program. Without section headers its notes are found by
/// segments of their own.
pub(crate) fn elf(sections: &[Section], has_headers: bool) -> (Vec<u8>, Vec<Placed>) {
    let mut segments: Vec<(u32, u32, usize)> = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        if section.segment != 0 {
            segments.push((1, section.segment, index));
        }
        if section.kind == NOTE {
            segments.push((4, 4, index));
        }
    }
    let mut bytes = vec![0; 64 + 56 * segments.len()];
    let mut placed = Vec::new();
    for section in sections {
        bytes.resize(bytes.len().next_multiple_of(16), 0);
        placed.push(bytes.len()..bytes.len() + section.body.len());
        bytes.extend(&section.body);
    }
    for (at, (kind, flags, index)) in segments.iter().enumerate() {
        let header = program_header(*kind, *flags, &placed[*index]);
        bytes[64 + 56 * at..][..56].copy_from_slice(&header);
    }
    bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    let short = |bytes: &mut Vec<u8>, at: usize, value: usize| {
        let value = u16::try_from(value).unwrap();
        bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
    };
    for (at, value) in [(16, 2), (18, 62), (20, 1), (52, 64), (54, 56), (58, 64)] {
        short(&mut bytes, at, value);
    }
    bytes[32] = 64;
    short(&mut bytes, 56, segments.len());
    if has_headers {
        let mut names = vec![0];
        let mut headers = vec![0; 64];
        let mut header = |name: usize, kind: u32, flags: u64, place: &Placed| {
            let mut header = [0; 64];
            header[..4].copy_from_slice(&u32::try_from(name).unwrap().to_le_bytes());
            header[4..8].copy_from_slice(&kind.to_le_bytes());
            header[8..16].copy_from_slice(&flags.to_le_bytes());
            for (at, value) in [
                (16, 0x40_0000 + place.start),
                (24, place.start),
                (32, place.len()),
                (48, 4),
            ] {
                header[at..at + 8].copy_from_slice(&(value as u64).to_le_bytes());
            }
            headers.extend(header);
        };
        for (section, place) in sections.iter().zip(&placed) {
            header(names.len(), section.kind, section.flags, place);
            names.extend(section.name.as_bytes());
            names.push(0);
        }
        let own = names.len();
        names.extend(b".shstrtab\0");
        let place = bytes.len()..bytes.len() + names.len();
        header(own, 3, 0, &place);
        bytes.extend(names);
        let at = bytes.len();
        bytes.extend(headers);
        bytes[40..48].copy_from_slice(&(at as u64).to_le_bytes());
        short(&mut bytes, 60, sections.len() + 2);
        short(&mut bytes, 62, sections.len() + 1);
    }
    (bytes, placed)
}

fn program_header(kind: u32, flags: u32, place: &Placed) -> [u8; 56] {
    let mut header = [0; 56];
    header[..4].copy_from_slice(&kind.to_le_bytes());
    header[4..8].copy_from_slice(&flags.to_le_bytes());
    for (at, value) in [
        (8, place.start),
        (16, 0x40_0000 + place.start),
        (32, place.len()),
        (40, place.len()),
        (48, 4),
    ] {
        header[at..at + 8].copy_from_slice(&(value as u64).to_le_bytes());
    }
    header
}

/// Makes a note: a name, a type, a description.
pub(crate) fn note(name: &[u8], kind: u32, description: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in [name.len(), description.len(), kind as usize] {
        bytes.extend(u32::try_from(word).unwrap().to_le_bytes());
    }
    bytes.extend(name);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.extend(description);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// Makes a 64-bit PE file of one section.
pub(crate) fn pe(name: &[u8], characteristics: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 0x200];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3c] = 0x80;
    let coff = 0x84;
    let optional = coff + 20;
    let section = optional + 240;
    bytes[0x80..0x84].copy_from_slice(b"PE\0\0");
    bytes[coff..coff + 2].copy_from_slice(&0x8664_u16.to_le_bytes());
    bytes[coff + 2] = 1;
    bytes[coff + 16..coff + 18].copy_from_slice(&240_u16.to_le_bytes());
    bytes[optional..optional + 2].copy_from_slice(&0x20b_u16.to_le_bytes());
    bytes[optional + 108] = 16;
    bytes[section..section + name.len()].copy_from_slice(name);
    let len = u32::try_from(body.len()).unwrap();
    for (at, value) in [
        (8, len),
        (12, 0x1000),
        (16, len),
        (20, 0x200),
        (36, characteristics),
    ] {
        bytes[section + at..section + at + 4].copy_from_slice(&value.to_le_bytes());
    }
    bytes.extend(body);
    bytes
}

/// Makes a 64-bit Mach-O file of one segment with one section, and an LC_UUID.
pub(crate) fn macho(
    section: [&[u8]; 2],
    protection: u32,
    flags: u32,
    uuid: [u8; 16],
    body: &[u8],
) -> Vec<u8> {
    let (segment_len, uuid_len) = (72 + 80, 24);
    let body_at = 32 + segment_len + uuid_len;
    let word = |value: usize| u32::try_from(value).unwrap().to_le_bytes();
    let long = |value: usize| (value as u64).to_le_bytes();
    let name = |name: &[u8]| {
        let mut padded = [0; 16];
        padded[..name.len()].copy_from_slice(name);
        padded
    };
    let total = body_at + body.len();
    let [segment_name, section_name] = section.map(name);
    let mut bytes = b"\xcf\xfa\xed\xfe".to_vec();
    for value in [0x0100_0007, 3, 2, 2, segment_len + uuid_len, 0, 0] {
        bytes.extend(word(value));
    }
    bytes.extend([word(0x19), word(segment_len)].concat());
    bytes.extend(segment_name);
    for value in [0x1_0000, total, 0, total] {
        bytes.extend(long(value));
    }
    for value in [7, protection, 1, 0] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(section_name);
    bytes.extend(segment_name);
    bytes.extend([long(0x1_0000 + body_at), long(body.len())].concat());
    for value in [
        word(body_at),
        word(0),
        word(0),
        word(0),
        flags.to_le_bytes(),
    ] {
        bytes.extend(value);
    }
    bytes.extend([0; 12]);
    bytes.extend([word(0x1b), word(uuid_len)].concat());
    bytes.extend(uuid);
    bytes.extend(body);
    bytes
}

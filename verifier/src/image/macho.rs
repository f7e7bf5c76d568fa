//! Mach-O: macOS and iOS programs, alone or several in a universal file.

mod commands;
pub mod table;

use std::ops::Range;

use object::Endianness;
use object::macho::{MachHeader32, MachHeader64};
use object::read::macho::{
    FatArch, LoadCommandVariant, MachHeader, MachOFatFile32, MachOFatFile64, Segment as _,
};

use super::{
    Content, HostId, HostIdKind, Image, Region, SECTIONS_MAX, Segment, content_by_name, executable,
};

/// LC_UUID holds the 16 bytes after its 8-byte header.
const UUID_LEN: usize = 16;

/// Reads the Mach-O file that lies in a part of the file.
pub(super) fn read(bytes: &[u8], part: Range<usize>, image: &mut Image) {
    let reader = Reader { bytes, part };
    match reader.data().get(..4) {
        Some(b"\xfe\xed\xfa\xce" | b"\xce\xfa\xed\xfe") => {
            reader.read::<MachHeader32<Endianness>>(image)
        }
        Some(b"\xfe\xed\xfa\xcf" | b"\xcf\xfa\xed\xfe") => {
            reader.read::<MachHeader64<Endianness>>(image)
        }
        _ => image.problem("Mach-O header: not a Mach-O file"),
    }
}

/// Reads the first file of a universal one, as the go command does. The others
/// are regions of their own, compared byte by byte.
pub(super) fn read_fat(bytes: &[u8], image: &mut Image) {
    let is_64 = bytes.get(3) == Some(&0xbf);
    let parts = if is_64 {
        MachOFatFile64::parse(bytes).map(|file| parts(file.arches()))
    } else {
        MachOFatFile32::parse(bytes).map(|file| parts(file.arches()))
    };
    let parts = match parts {
        Ok(parts) => parts,
        Err(error) => return image.problem(format!("universal header: {error}")),
    };
    let len = bytes.len() as u64;
    for (index, part) in parts.into_iter().enumerate() {
        if index > 0 || part.end > len {
            image.push(
                format!("(architecture {})", index + 1),
                part,
                None,
                Content::Data,
                bytes.len(),
            );
            continue;
        }
        let start = usize::try_from(part.start).unwrap_or(usize::MAX);
        let end = usize::try_from(part.end).unwrap_or(usize::MAX);
        read(bytes, start..end, image);
    }
    image.problem("universal file: only its first architecture is looked into");
}

fn parts<Fat: FatArch>(arches: &[Fat]) -> Vec<Range<u64>> {
    let range = |arch: &Fat| {
        let (offset, size) = arch.file_range();
        offset..offset.saturating_add(size)
    };
    arches.iter().map(range).collect()
}

struct Reader<'a> {
    bytes: &'a [u8],
    part: Range<usize>,
}

impl<'a> Reader<'a> {
    fn data(&self) -> &'a [u8] {
        &self.bytes[self.part.clone()]
    }

    fn read<Mach: MachHeader<Endian = Endianness>>(&self, image: &mut Image) {
        let data = self.data();
        let parsed = Mach::parse(data, 0).and_then(|header| Ok((header, header.endian()?)));
        let (header, endian) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => return image.problem(format!("Mach-O header: {error}")),
        };
        machine(header, endian, image);
        let mut commands = match header.load_commands(endian, data, 0) {
            Ok(commands) => commands,
            Err(error) => {
                image.truncated = true;
                return image.problem(format!("Mach-O load commands: {error}"));
            }
        };
        for _ in 0..SECTIONS_MAX {
            match commands.next() {
                Ok(Some(command)) => {
                    commands::read(&command, endian, image);
                    if let Ok(variant) = command.variant() {
                        self.command(variant, command.offset(), endian, image);
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    image.problem(format!("Mach-O load commands: {error}"));
                    break;
                }
            }
        }
        // The signature ends __LINKEDIT and is a region of its own.
        if let Some(signature) = image.signature.clone() {
            let around = |region: &&mut Region| {
                region.name == "__LINKEDIT" && region.range.contains(&signature.start)
            };
            for region in image.regions.iter_mut().filter(around) {
                region.range.end = signature.start;
            }
        }
        let text = image.region("__text").map(|region| region.range.clone());
        image.find_embedded_id(self.bytes, self.part.clone());
        if let Some(text) = text {
            image.find_embedded_id(self.bytes, text);
        }
    }

    fn command(
        &self,
        command: LoadCommandVariant<'a, Endianness>,
        at: u64,
        endian: Endianness,
        image: &mut Image,
    ) {
        match command {
            LoadCommandVariant::Segment32(segment, sections) => {
                let is_executable = self.segment(
                    segment.fileoff.get(endian).into(),
                    segment.filesize.get(endian).into(),
                    &segment.segname,
                    segment.initprot.get(endian).0,
                    image,
                );
                if let Ok(sections) = segment.sections(endian, sections) {
                    self.sections(sections, is_executable, endian, image);
                }
            }
            LoadCommandVariant::Segment64(segment, sections) => {
                let is_executable = self.segment(
                    segment.fileoff.get(endian),
                    segment.filesize.get(endian),
                    &segment.segname,
                    segment.initprot.get(endian).0,
                    image,
                );
                if let Ok(sections) = segment.sections(endian, sections) {
                    self.sections(sections, is_executable, endian, image);
                }
            }
            LoadCommandVariant::Uuid(uuid) => {
                let start = self
                    .part
                    .start
                    .saturating_add(usize::try_from(at).unwrap_or(usize::MAX))
                    .saturating_add(8);
                let range = start..start.saturating_add(UUID_LEN);
                image.host_id = Some(HostId {
                    kind: HostIdKind::Uuid,
                    bytes: uuid.uuid.to_vec(),
                    range,
                });
            }
            LoadCommandVariant::LinkeditData(data)
                if data.cmd.get(endian) == object::macho::LC_CODE_SIGNATURE =>
            {
                let range = self.file_range(
                    data.dataoff.get(endian).into(),
                    data.datasize.get(endian).into(),
                );
                image.push(
                    "(code signature)".into(),
                    range,
                    None,
                    Content::Notes,
                    self.bytes.len(),
                );
                let signature = image
                    .regions
                    .last()
                    .filter(|region| region.name == "(code signature)");
                image.signature = signature.map(|region| region.range.clone());
            }
            LoadCommandVariant::BuildVersion(version, _) => {
                image.machine.goos = match version.platform.get(endian).0 {
                    1 => Some("darwin"),
                    2 | 7 => Some("ios"),
                    _ => None,
                };
            }
            _ => {}
        }
    }

    /// Takes in a segment, and says whether it can be executed. The symbols and
    /// strings of `__LINKEDIT` are in no section.
    fn segment(
        &self,
        offset: u64,
        size: u64,
        name: &[u8; 16],
        protection: u32,
        image: &mut Image,
    ) -> bool {
        let range = self.file_range(offset, size);
        // VM_PROT_EXECUTE
        let is_executable = protection & 4 != 0;
        if is_executable {
            executable::add(image, range.start, size, self.bytes.len());
        }
        if text(name) == "__LINKEDIT" {
            let content = if is_executable {
                Content::Code
            } else {
                Content::Symbols
            };
            image.push("__LINKEDIT".into(), range, None, content, self.bytes.len());
        }
        is_executable
    }

    fn sections<S: object::read::macho::Section<Endian = Endianness>>(
        &self,
        sections: &[S],
        is_executable: bool,
        endian: Endianness,
        image: &mut Image,
    ) {
        for section in sections {
            // Zero-filled sections have no bytes in the file.
            let Some(size) = section.file_size(endian) else {
                continue;
            };
            let offset = section.offset(endian).into();
            if offset == 0 {
                continue;
            }
            let range = self.file_range(offset, size);
            let name = text(section.sectname());
            let segment = text(section.segname());
            // S_ATTR_PURE_INSTRUCTIONS, S_ATTR_SOME_INSTRUCTIONS
            let is_code = section.flags(endian).0 & 0x8000_0400 != 0;
            let content = match (segment.as_str(), name.as_str()) {
                _ if is_code => Content::Code,
                ("__TEXT", "__text") => Content::Code,
                // What else lies in executable memory is data, whatever its name.
                _ if is_executable => Content::Data,
                ("__DWARF", _) => Content::Symbols,
                _ => content_by_name(&name).unwrap_or(Content::Data),
            };
            let address = section.addr(endian).into();
            if let (Ok(start), Ok(end)) = (usize::try_from(range.start), usize::try_from(range.end))
                && end <= self.bytes.len()
            {
                image.segments.push(Segment {
                    address,
                    range: start..end,
                    memory: size,
                });
            }
            image.push(name, range, Some(address), content, self.bytes.len());
        }
    }

    /// Offsets in a Mach-O file count from its own start.
    fn file_range(&self, offset: u64, size: u64) -> Range<u64> {
        let start = (self.part.start as u64).saturating_add(offset);
        start..start.saturating_add(size)
    }
}

fn machine<Mach: MachHeader<Endian = Endianness>>(
    header: &Mach,
    endian: Endianness,
    image: &mut Image,
) {
    image.machine.goos = Some("darwin");
    image.machine.bits = Some(if header.is_type_64() { 64 } else { 32 });
    image.machine.big_endian = header.is_big_endian();
    image.machine.goarch = match header.cputype(endian).0 {
        7 => Some("386"),
        12 => Some("arm"),
        0x0100_0007 => Some("amd64"),
        0x0100_000c => Some("arm64"),
        _ => None,
    };
    image.machine.kind = match header.filetype(endian).0 {
        1 => Some("object file"),
        2 => Some("executable"),
        6 => Some("shared library"),
        8 => Some("bundle"),
        _ => None,
    };
}

fn text(name: &[u8; 16]) -> String {
    let len = name
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(name.len());
    String::from_utf8_lossy(&name[..len]).into_owned()
}

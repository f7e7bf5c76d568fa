//! XCOFF: AIX programs.

use object::read::xcoff::{FileHeader, SectionHeader as _, XcoffFile};
use object::xcoff::{FileHeader32, FileHeader64};

use super::{Content, Image, SECTIONS_MAX, Segment, content_by_name};

/// Reads an XCOFF file of either class.
pub(super) fn read(bytes: &[u8], image: &mut Image) {
    image.machine.goos = Some("aix");
    image.machine.big_endian = true;
    if bytes.starts_with(b"\x01\xf7") {
        image.machine.bits = Some(64);
        image.machine.goarch = Some("ppc64");
        read_class::<FileHeader64>(bytes, image);
    } else {
        image.machine.bits = Some(32);
        read_class::<FileHeader32>(bytes, image);
    }
}

fn read_class<Xcoff: FileHeader>(bytes: &[u8], image: &mut Image) {
    let file = match XcoffFile::<Xcoff>::parse(bytes) {
        Ok(file) => file,
        Err(error) => return image.problem(format!("XCOFF headers: {error}")),
    };
    image.machine.kind = Some("executable");
    for section in file.xcoff_section_table().iter().take(SECTIONS_MAX) {
        let name = String::from_utf8_lossy(section.name()).into_owned();
        // STYP_TEXT is 0x20, STYP_DATA 0x40, STYP_BSS 0x80 without bytes in the file.
        let flags = section.s_flags().0 & 0xffff;
        let Some((offset, size)) = section.file_range() else {
            continue;
        };
        if flags == 0x80 || size == 0 || offset == 0 {
            continue;
        }
        let content = match flags {
            _ if flags & 0x20 != 0 => Content::Code,
            0x40 => Content::Data,
            _ => content_by_name(&name).unwrap_or(match flags {
                0x10 => Content::Symbols,
                _ => Content::Notes,
            }),
        };
        let address = section.s_vaddr().into();
        if let (Ok(start), Ok(len)) = (usize::try_from(offset), usize::try_from(size))
            && start.checked_add(len).is_some_and(|end| end <= bytes.len())
        {
            image.segments.push(Segment {
                address,
                range: start..start + len,
                memory: size,
            });
        }
        image.push(
            name,
            offset..offset.saturating_add(size),
            Some(address),
            content,
            bytes.len(),
        );
    }
    image.find_embedded_id(bytes, 0..bytes.len());
}

//! Two flags in headers, of formats whose regions are all that else is asked for.
//!
//! Source: mach-o/loader.h (MH_PIE, MH_ALLOW_STACK_EXECUTION); Microsoft PE and
//! COFF specification, "DLL Characteristics"

use crate::image::{Format, Image};

/// Where a Mach-O header has its flags, and two of them.
const MACHO_FLAGS: usize = 24;
const MH_ALLOW_STACK_EXECUTION: u32 = 0x2_0000;
const MH_PIE: u32 = 0x20_0000;

/// Where a DOS header says the PE header is, where that has its flags, and two.
const PE_OFFSET: usize = 0x3c;
const PE_FLAGS: usize = 4 + 20 + 70;
const DYNAMIC_BASE: u16 = 0x40;
const NX_COMPAT: u16 = 0x100;

/// Whether a Mach-O or PE program may be loaded at any address.
pub(super) fn is_movable(bytes: &[u8], image: &Image) -> Option<bool> {
    match image.format {
        Format::MachO => Some(macho(bytes, image)? & MH_PIE != 0),
        Format::Pe => Some(pe(bytes)? & DYNAMIC_BASE != 0),
        _ => None,
    }
}

/// Whether stack and data of a Mach-O or PE program can't be run as code.
pub(super) fn has_data_protected(bytes: &[u8], image: &Image) -> Option<bool> {
    match image.format {
        Format::MachO => Some(macho(bytes, image)? & MH_ALLOW_STACK_EXECUTION == 0),
        Format::Pe => Some(pe(bytes)? & NX_COMPAT != 0),
        _ => None,
    }
}

fn macho(bytes: &[u8], image: &Image) -> Option<u32> {
    let flags: [u8; 4] = bytes.get(MACHO_FLAGS..MACHO_FLAGS + 4)?.try_into().ok()?;
    Some(if image.machine.big_endian {
        u32::from_be_bytes(flags)
    } else {
        u32::from_le_bytes(flags)
    })
}

fn pe(bytes: &[u8]) -> Option<u16> {
    let offset: [u8; 4] = bytes.get(PE_OFFSET..PE_OFFSET + 4)?.try_into().ok()?;
    let header = usize::try_from(u32::from_le_bytes(offset)).ok()?;
    let start = header.checked_add(PE_FLAGS)?;
    let flags: [u8; 2] = bytes.get(start..start.checked_add(2)?)?.try_into().ok()?;
    Some(u16::from_le_bytes(flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_and_never_beyond_the_end() {
        let mut image = Image {
            format: Format::Pe,
            ..Image::default()
        };
        let mut bytes = vec![0; 0x200];
        bytes[PE_OFFSET] = 0x80;
        bytes[0x80 + PE_FLAGS] = 0x40;
        assert_eq!(is_movable(&bytes, &image), Some(true));
        assert_eq!(has_data_protected(&bytes, &image), Some(false));
        assert_eq!(is_movable(&bytes[..0x80 + PE_FLAGS + 1], &image), None);
        bytes[PE_OFFSET..PE_OFFSET + 4].fill(0xff);
        assert_eq!(is_movable(&bytes, &image), None);
        image.format = Format::MachO;
        bytes[MACHO_FLAGS + 2] = 0x20;
        assert_eq!(is_movable(&bytes, &image), Some(true));
        assert_eq!(has_data_protected(&bytes, &image), Some(true));
        assert_eq!(is_movable(&bytes[..20], &image), None);
    }
}

//! Flags in headers, where they say more than [`Image`] holds.
//!
//! Source: mach-o/loader.h (MH_PIE, MH_ALLOW_STACK_EXECUTION); Microsoft PE and
//! COFF specification, "DLL Characteristics"

use crate::image::{Format, Image, number};

/// Where a Mach-O header has its flags, and two of them.
const MACHO_FLAGS: usize = 24;
const MH_ALLOW_STACK_EXECUTION: u64 = 0x2_0000;
const MH_PIE: u64 = 0x20_0000;

/// Where a DOS header says the PE header is, where that has its flags, and two.
const PE_OFFSET: usize = 0x3c;
const PE_FLAGS: usize = 4 + 20 + 70;
const DYNAMIC_BASE: u64 = 0x40;
const NX_COMPAT: u64 = 0x100;

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

/// PT_GNU_STACK, and the flag for "can be executed".
const STACK: u64 = 0x6474_e551;
const EXECUTABLE: u64 = 1;

/// Whether an ELF program asks for a stack that can be executed; `None` where no
/// program header says.
///
/// Source: Linux Standard Base, "Program Header"
pub(super) fn has_executable_stack(bytes: &[u8], image: &Image) -> Option<bool> {
    if image.format != Format::Elf {
        return None;
    }
    let read = |at: usize, len: usize| number::read(bytes, at, len, image.machine.big_endian);
    let place = |at: usize, len: usize| usize::try_from(read(at, len)?).ok();
    // Where headers begin, their size, their number, and where each has its flags.
    let (start, size, count, flags) = match image.machine.bits? {
        64 => (place(32, 8)?, place(54, 2)?, place(56, 2)?, 4),
        _ => (place(28, 4)?, place(42, 2)?, place(44, 2)?, 24),
    };
    (0..count).find_map(|index| {
        let header = start.checked_add(size.checked_mul(index)?)?;
        let is_stack = read(header, 4)? == STACK;
        let flags = read(header.checked_add(flags)?, 4)?;
        is_stack.then_some(flags & EXECUTABLE != 0)
    })
}

fn macho(bytes: &[u8], image: &Image) -> Option<u64> {
    number::read(bytes, MACHO_FLAGS, 4, image.machine.big_endian)
}

fn pe(bytes: &[u8]) -> Option<u64> {
    let header = usize::try_from(number::read(bytes, PE_OFFSET, 4, false)?).ok()?;
    number::read(bytes, header.checked_add(PE_FLAGS)?, 2, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_judged_where_a_header_names_it_alone() {
        let mut image = Image {
            format: Format::Elf,
            ..Image::default()
        };
        image.machine.bits = Some(64);
        let mut bytes = vec![0; 64 + 2 * 56];
        (bytes[32], bytes[54], bytes[56]) = (64, 56, 2);
        assert_eq!(has_executable_stack(&bytes, &image), None);
        bytes[120..124].copy_from_slice(&0x6474_e551_u32.to_le_bytes());
        assert_eq!(has_executable_stack(&bytes, &image), Some(false));
        bytes[124] = 7;
        assert_eq!(has_executable_stack(&bytes, &image), Some(true));
        bytes[32..40].fill(0xff);
        assert_eq!(has_executable_stack(&bytes, &image), None);
        assert_eq!(has_executable_stack(&bytes[..60], &image), None);
    }

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

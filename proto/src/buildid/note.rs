//! ELF notes that name a build: Go's own and the GNU one.
//!
//! A note is three 32-bit words in the file's byte order (length of the name,
//! length of the description, type), the name and the description, each padded
//! to the alignment of the table it stands in:
//!
//! ```text
//! 04000000 53000000 04000000 "Go\0\0"  A/B/C/D (83 bytes)  pad
//! 04000000 14000000 03000000 "GNU\0"   20 bytes
//! ```
//!
//! The bytes come from a program header (PT_NOTE) or a section; which of them a
//! file has depends on its linker, so callers look at both.

use std::ops::Range;

/// The most notes looked at in one table; the largest real ones hold about ten.
const NOTES_MAX: usize = 1024;

/// Where the notes that name a build lie, as offsets into the bytes walked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    /// The description of the note "Go", type 4: the Go build ID.
    pub go: Option<Range<usize>>,
    /// The description of the note "GNU", type 3: the GNU build ID.
    pub gnu: Option<Range<usize>>,
}

/// Walks a table of notes and returns the first of each kind.
///
/// `align` below 8 counts as 4, as in binutils. A table that breaks off is
/// walked as far as it goes: what stood before the break is still good.
///
/// Source: cmd/internal/buildid/note.go readELF; elf(5)
pub fn walk(table: &[u8], align: u64, big_endian: bool) -> Notes {
    let align = if align >= 8 { 8 } else { 4 };
    let mut notes = Notes::default();
    let mut at = 0;
    for _ in 0..NOTES_MAX {
        let Some(note) = read(table, at, align, big_endian) else {
            break;
        };
        match (&table[note.name.clone()], note.kind) {
            (b"Go\0\0" | b"Go\0", 4) => notes.go = notes.go.or(Some(note.desc)),
            (b"GNU\0", 3) => notes.gnu = notes.gnu.or(Some(note.desc)),
            _ => {}
        }
        at = note.next;
    }
    notes
}

struct Note {
    name: Range<usize>,
    kind: u32,
    desc: Range<usize>,
    next: usize,
}

fn read(table: &[u8], at: usize, align: usize, big_endian: bool) -> Option<Note> {
    let word = |index: usize| -> Option<u32> {
        let start = at.checked_add(index * 4)?;
        let bytes = table.get(start..start.checked_add(4)?)?.try_into().ok()?;
        Some(if big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    };
    let name_len = usize::try_from(word(0)?).ok()?;
    let desc_len = usize::try_from(word(1)?).ok()?;
    let kind = word(2)?;
    let name_start = at.checked_add(12)?;
    let name = name_start..name_start.checked_add(name_len)?;
    // Padding is counted from the table's start, which the file aligns.
    let desc_start = name.end.checked_next_multiple_of(align)?;
    let desc = desc_start..desc_start.checked_add(desc_len)?;
    if desc.end > table.len() {
        return None;
    }
    let next = desc.end.checked_next_multiple_of(align)?;
    Some(Note {
        name,
        kind,
        desc,
        next,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(name: &[u8], kind: u32, desc: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for word in [name.len() as u32, desc.len() as u32, kind] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        for field in [name, desc] {
            bytes.extend_from_slice(field);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        bytes
    }

    #[test]
    fn finds_both_notes_behind_others() {
        let mut table = note(b"GNU\0", 1, &[0; 16]);
        table.extend(note(b"GNU\0", 3, &[7; 20]));
        table.extend(note(b"Go\0\0", 4, b"abcde"));
        let notes = walk(&table, 4, false);
        assert_eq!(&table[notes.gnu.unwrap()], &[7; 20]);
        assert_eq!(&table[notes.go.unwrap()], b"abcde");
    }

    #[test]
    fn keeps_what_stood_before_a_break() {
        let mut table = note(b"Go\0\0", 4, b"abcd");
        table.extend(note(b"GNU\0", 3, &[7; 20]));
        table.truncate(table.len() - 1);
        let notes = walk(&table, 4, false);
        assert!(notes.go.is_some());
        assert_eq!(notes.gnu, None);
    }

    #[test]
    fn reads_big_endian_and_refuses_lengths_past_the_end() {
        let mut table = Vec::new();
        for word in [4_u32, 3, 4] {
            table.extend_from_slice(&word.to_be_bytes());
        }
        table.extend_from_slice(b"Go\0\0abc");
        assert_eq!(walk(&table, 4, true).go, Some(16..19));
        assert_eq!(walk(&table, 4, false), Notes::default());
        assert_eq!(walk(&[0xff; 64], 4, false), Notes::default());
        assert_eq!(walk(&[], 0, false), Notes::default());
    }
}

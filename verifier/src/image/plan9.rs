//! Plan 9 a.out: a header of big-endian words, then the parts it measures.
//!
//! The words are magic, text, data, bss, symbols, entry and two line tables, on
//! 64-bit machines one more for the entry; the parts follow in that order. Text
//! and data themselves are in the machine's byte order, which on all machines Go
//! builds for is little-endian. Text is loaded behind a copy of the header at a
//! fixed address, data at the next multiple of another one.
//!
//! Source: a.out(6); cmd/link/internal/{amd64,x86,arm}/obj.go archinit

use super::{Content, Image, Segment};

/// Set in the magic when the header has the 64-bit entry.
const WIDE: u32 = 0x8000;

/// Reads the parts of a Plan 9 program.
pub(super) fn read(bytes: &[u8], image: &mut Image) {
    let word = |index: usize| -> Option<u32> {
        let field = bytes.get(index * 4..index * 4 + 4)?;
        Some(u32::from_be_bytes(field.try_into().ok()?))
    };
    let words: Option<Vec<u32>> = (0..8).map(word).collect();
    let Some(words) = words else {
        image.truncated = true;
        return image.problem("Plan 9 header: breaks off");
    };
    let wide = words[0] & WIDE != 0;
    image.machine.goos = Some("plan9");
    image.machine.kind = Some("executable");
    image.machine.bits = Some(if wide { 64 } else { 32 });
    image.machine.goarch = match words[0] {
        0x1eb => Some("386"),
        0x8a97 => Some("amd64"),
        0x647 => Some("arm"),
        _ => None,
    };
    let header: u32 = if wide { 40 } else { 32 };
    let (start, step): (u64, u64) = if wide {
        (0x20_0000, 0x20_0000)
    } else {
        (0x1000, 0x1000)
    };
    let text = start + u64::from(header);
    let data = (text + u64::from(words[1])).next_multiple_of(step);
    let mut at = u64::from(header);
    let parts = [
        ("text", words[1], Some(text), Content::Code),
        ("data", words[2], Some(data), Content::Data),
        ("syms", words[4], None, Content::Symbols),
        ("spsz", words[6], None, Content::Symbols),
        ("pcsz", words[7], None, Content::Symbols),
    ];
    for (name, size, address, content) in parts {
        let end = at + u64::from(size);
        if let (Some(address), Ok(from), Ok(to)) =
            (address, usize::try_from(at), usize::try_from(end))
            && to <= bytes.len()
        {
            image.segments.push(Segment {
                address,
                range: from..to,
                // The text part has nothing behind it that begins as zero.
                memory: u64::from(size).saturating_add(words[3].into()),
            });
        }
        image.push(name.into(), at..end, address, content, bytes.len());
        at = end;
    }
    image.find_embedded_id(bytes, 0..bytes.len());
}

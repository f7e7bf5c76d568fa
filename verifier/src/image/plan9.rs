//! Plan 9 a.out: a header of big-endian words, then the parts it measures.
//!
//! The words are magic, text, data, bss, symbols, entry and two line tables, on
//! 64-bit machines one more for the entry; the parts follow in that order. Text
//! and data themselves are in the machine's byte order, which on all machines Go
//! builds for is little-endian.
//!
//! Source: a.out(6)

use super::{Content, Image};

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
    let mut at = if wide { 40 } else { 32 };
    let parts = [
        ("text", words[1], Content::Code),
        ("data", words[2], Content::Data),
        ("syms", words[4], Content::Symbols),
        ("spsz", words[6], Content::Symbols),
        ("pcsz", words[7], Content::Symbols),
    ];
    for (name, size, content) in parts {
        let end = at + u64::from(size);
        image.push(name.into(), at..end, None, content, bytes.len());
        at = end;
    }
    image.find_embedded_id(bytes, 0..bytes.len());
}

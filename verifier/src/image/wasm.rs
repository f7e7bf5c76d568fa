//! WebAssembly modules: a magic, a version and sections, each an id byte, a
//! length and its bytes. Custom sections (id 0) begin with a name.
//!
//! Source: WebAssembly core specification, "Binary format, modules"

pub mod code;
pub mod memory;

use super::{Content, Image, SECTIONS_MAX};

const NAMES: [&str; 14] = [
    "custom",
    "type",
    "import",
    "function",
    "table",
    "memory",
    "global",
    "export",
    "start",
    "element",
    "code",
    "data",
    "datacount",
    "tag",
];

const CUSTOM: u8 = 0;

/// In which order sections come: custom ones anywhere, the others once.
const ORDER: [u8; 13] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

/// Reads the sections of a module. Bytes that begin no section follow the module's end,
/// and belong to none.
pub(super) fn read(bytes: &[u8], image: &mut Image) {
    image.machine.goarch = Some("wasm");
    image.machine.kind = Some("module");
    let mut at = 8;
    let mut last = None;
    for _ in 0..SECTIONS_MAX {
        let Some(&id) = bytes.get(at) else {
            return;
        };
        let len = leb128(bytes, at + 1);
        let end = len.map(|(len, start)| (start as u64).saturating_add(len));
        let whole = end.and_then(|end| usize::try_from(end).ok());
        let whole = whole.filter(|end| *end <= bytes.len());
        let place = ORDER.iter().position(|known| *known == id);
        // What breaks off is told from other bytes by its place.
        let is_section = match (len, whole) {
            (Some((_, start)), Some(end)) if id == CUSTOM => name(&bytes[start..end]).is_some(),
            (_, Some(_)) => place.is_some(),
            (_, None) => id == CUSTOM || place > last,
        };
        if !is_section {
            return;
        }
        let (Some((_, start)), Some(end)) = (len, end) else {
            image.truncated = true;
            return image.problem("WebAssembly section: its length breaks off");
        };
        section(id, bytes, at, start, end, image);
        let Some(end) = whole else {
            return image.problem("WebAssembly section: passes the end of the file");
        };
        at = end;
        last = last.max(place);
    }
}

fn section(id: u8, bytes: &[u8], at: usize, start: usize, end: u64, image: &mut Image) {
    let body_end = usize::try_from(end).unwrap_or(usize::MAX).min(bytes.len());
    let known = NAMES.get(usize::from(id)).copied().unwrap_or_default();
    let custom = (id == CUSTOM)
        .then(|| name(&bytes[start..body_end]))
        .flatten();
    let (name, body) = match custom {
        // No name of its own makes a section one that is not: a second "code".
        Some((name, skip)) if NAMES.contains(&name.as_str()) => {
            (format!("custom {name}"), start + skip)
        }
        Some((name, skip)) => (name, start + skip),
        None => (known.to_owned(), start),
    };
    match name.as_str() {
        "go:buildid" => image.find_embedded_id(bytes, body..body_end),
        "producers" => image.producer_go = producer(&bytes[body..body_end]),
        _ => {}
    }
    let content = match (id, name.as_str()) {
        (10, _) => Content::Code,
        (11, _) => Content::Data,
        (0, "name") => Content::Symbols,
        (0, "go:buildid" | "producers") => Content::Notes,
        (0, name) => super::content_by_name(name).unwrap_or(Content::Layout),
        _ => Content::Layout,
    };
    image.push(name, at as u64..end, None, content, bytes.len());
}

/// Reads a length-prefixed name and says how many bytes it took.
fn name(bytes: &[u8]) -> Option<(String, usize)> {
    let (len, start) = leb128(bytes, 0)?;
    let end = start.checked_add(usize::try_from(len).ok()?)?;
    let name = std::str::from_utf8(bytes.get(start..end)?).ok()?;
    Some((name.to_owned(), end))
}

/// Reads the version of the language "Go" from the `producers` section: fields,
/// each a name and a list of name and version.
///
/// Source: WebAssembly tool conventions, ProducersSection.md
fn producer(mut bytes: &[u8]) -> Option<String> {
    let number = |bytes: &mut &[u8]| -> Option<u64> {
        let (value, next) = leb128(bytes, 0)?;
        *bytes = &bytes[next..];
        Some(value)
    };
    let text = |bytes: &mut &[u8]| -> Option<String> {
        let (text, next) = name(bytes)?;
        *bytes = &bytes[next..];
        Some(text)
    };
    let fields = number(&mut bytes)?;
    for _ in 0..fields.min(16) {
        let field = text(&mut bytes)?;
        let values = number(&mut bytes)?;
        for _ in 0..values.min(64) {
            let (name, version) = (text(&mut bytes)?, text(&mut bytes)?);
            if field == "language" && name == "Go" {
                return Some(version);
            }
        }
    }
    None
}

/// Reads an unsigned LEB128 number of at most 32 bits.
fn leb128(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value = 0;
    for (index, byte) in bytes.get(at..)?.iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, at + index + 1));
        }
    }
    None
}

//! The named parts of a file, and what they hold.

use std::ops::Range;

use serde::Serialize;

/// A named part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The section's name, or a name in parentheses for what no section covers.
    pub name: String,
    /// Its bytes in the file.
    pub range: Range<usize>,
    /// Where it lies in memory, if it is loaded.
    pub address: Option<u64>,
    /// What it holds.
    pub content: Content,
}

/// What a region holds, as far as its format and name tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    /// Headers, tables and padding of the file itself.
    Layout,
    /// Machine code.
    Code,
    /// Data the program reads or writes.
    Data,
    /// Symbols and debug information: what `-s` and `strip` take away.
    Symbols,
    /// Notes, comments, signatures.
    Notes,
}

/// Sorts ranges and joins those that touch.
pub(super) fn joined(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// Says whether a range has a byte in common with sorted ranges.
pub(super) fn meets(sorted: &[Range<usize>], range: &Range<usize>) -> bool {
    let next = sorted.partition_point(|known| known.end <= range.start);
    let known = sorted.get(next);
    known.is_some_and(|known| known.start < range.end) && !range.is_empty()
}

/// Sorts the regions, cuts overlaps off the later one, and names what is left
/// uncovered.
pub(super) fn cover(mut regions: Vec<Region>, file_len: usize) -> Vec<Region> {
    let code = regions.iter();
    let code = code.filter(|region| region.content == Content::Code);
    let code = joined(code.map(|region| region.range.clone()).collect());
    regions.sort_by_key(|region| (region.range.start, region.range.end));
    let mut covered: Vec<Region> = Vec::with_capacity(regions.len() + 2);
    let mut at = 0;
    for mut region in regions {
        region.range.start = region.range.start.max(at);
        if region.range.start >= region.range.end {
            continue;
        }
        if at < region.range.start {
            let name = match covered.last() {
                None => "(headers)".to_owned(),
                Some(last) => format!("(padding after {})", last.name),
            };
            covered.push(layout(name, at..region.range.start));
        }
        at = region.range.end;
        // Bytes that one section calls code are code, whatever another calls them.
        if meets(&code, &region.range) {
            region.content = Content::Code;
        }
        covered.push(region);
    }
    if at < file_len {
        let name = if covered.is_empty() {
            "(whole file)"
        } else {
            "(after the last section)"
        };
        covered.push(layout(name.into(), at..file_len));
    }
    covered
}

fn layout(name: String, range: Range<usize>) -> Region {
    Region {
        name,
        range,
        address: None,
        content: Content::Layout,
    }
}

/// DWARF sections of XCOFF, whose names have eight bytes at most.
const XCOFF_DEBUG: [&str; 10] = [
    ".dwabrev", ".dwarnge", ".dwframe", ".dwinfo", ".dwline", ".dwloc", ".dwpbnms", ".dwpbtyp",
    ".dwrnges", ".dwstr",
];

/// Says whether a section holds debug information, from its name alone.
pub(crate) fn is_debug(name: &str) -> bool {
    let bare = name.trim_start_matches(['.', '_']);
    bare.starts_with("debug_") || bare.starts_with("zdebug_") || XCOFF_DEBUG.contains(&name)
}

/// Says what a section holds, from its name alone: for sections that are not loaded,
/// as anybody may call a section anything.
pub(super) fn content_by_name(name: &str) -> Option<Content> {
    let bare = name.trim_start_matches(['.', '_']);
    if is_debug(name) {
        return Some(Content::Symbols);
    }
    match bare {
        "symtab" | "strtab" | "shstrtab" | "name" => Some(Content::Symbols),
        "comment" | "gnu_debuglink" => Some(Content::Notes),
        _ if bare.starts_with("note.") => Some(Content::Notes),
        _ => None,
    }
}

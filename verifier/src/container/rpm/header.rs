//! The header structure of rpm packages: an index of tags and a store of values.
//!
//! Source: rpm's docs/manual/format_header.md and lib/rpmtag.h

use super::super::fault::Fault;
use super::super::limits::MEMBERS_MAX;
use super::super::listing::{shorten, text};
use super::super::source::Source;

const MAGIC: [u8; 4] = [0x8e, 0xad, 0xe8, 1];
const PREAMBLE_LEN: usize = 16;
const ENTRY_LEN: usize = 16;

/// The most tags of one header; packages have a hundred.
const ENTRIES_MAX: usize = 4096;

/// The largest store of one header, in bytes; rpm itself reads four times as much.
const STORE_LEN_MAX: usize = 64 << 20;

/// One header.
#[derive(Debug)]
pub(super) struct Header {
    entries: Vec<Entry>,
    store: Vec<u8>,
    /// Where the bytes after it begin.
    pub(super) end: u64,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    tag: u32,
    kind: u32,
    offset: usize,
    end: usize,
    count: usize,
}

impl Header {
    /// Reads the header at an offset.
    pub(super) fn read(source: &Source, at: u64, what: &str) -> Result<Self, Fault> {
        let preamble = source.bytes_at(at, PREAMBLE_LEN)?;
        let cut = || Fault::truncated(format!("in its {what}"));
        let preamble: &[u8; PREAMBLE_LEN] = preamble.first_chunk().ok_or_else(cut)?;
        if !preamble.starts_with(&MAGIC) {
            return Err(Fault::malformed(format!(
                "its {what} should begin at byte {at}"
            )));
        }
        let [count, len] = [8, 12].map(|at| word(preamble, at));
        let too_large =
            || Fault::malformed(format!("its {what} claims {count} tags and {len} bytes"));
        let count = usize::try_from(count)
            .ok()
            .filter(|count| *count <= ENTRIES_MAX);
        let len = usize::try_from(len)
            .ok()
            .filter(|len| *len <= STORE_LEN_MAX);
        let (Some(count), Some(len)) = (count, len) else {
            return Err(too_large());
        };
        let index_at = at.saturating_add(PREAMBLE_LEN as u64);
        let index = source.bytes_at(index_at, count * ENTRY_LEN)?;
        let store_at = index_at.saturating_add((count * ENTRY_LEN) as u64);
        let store = source.bytes_at(store_at, len)?;
        if index.len() < count * ENTRY_LEN || store.len() < len {
            return Err(cut());
        }
        let entry = |bytes: &[u8; ENTRY_LEN]| Entry {
            tag: word(bytes, 0),
            kind: word(bytes, 4),
            offset: usize::try_from(word(bytes, 8)).unwrap_or(usize::MAX),
            end: 0,
            count: usize::try_from(word(bytes, 12)).unwrap_or(usize::MAX),
        };
        let mut entries: Vec<Entry> = index.as_chunks().0.iter().map(entry).collect();
        measure(&mut entries, &store)?;
        Ok(Self {
            entries,
            store,
            end: store_at.saturating_add(len as u64),
        })
    }

    /// Returns the tags in order.
    pub(super) fn tags(&self) -> impl Iterator<Item = u32> {
        self.entries.iter().map(|entry| entry.tag)
    }

    /// Returns a tag's numbers; none for tags that have no numbers.
    pub(super) fn numbers(&self, tag: u32) -> Vec<u64> {
        let Some((entry, bytes)) = self.find(tag) else {
            return Vec::new();
        };
        let width = match entry.kind {
            1 | 2 => 1,
            3 => 2,
            4 => 4,
            5 => 8,
            _ => return Vec::new(),
        };
        let number = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(0, |value, byte| value << 8 | u64::from(*byte))
        };
        let numbers = bytes.chunks_exact(width).take(entry.count.min(MEMBERS_MAX));
        numbers.map(number).collect()
    }

    /// Returns a tag's texts; none for tags that have no text.
    pub(super) fn texts(&self, tag: u32) -> Vec<String> {
        let Some((entry, bytes)) = self.find(tag) else {
            return Vec::new();
        };
        if !matches!(entry.kind, 6 | 8 | 9) {
            return Vec::new();
        }
        let texts = bytes
            .strip_suffix(b"\0")
            .unwrap_or(bytes)
            .split(|byte| *byte == 0);
        texts.take(entry.count.min(MEMBERS_MAX)).map(text).collect()
    }

    /// Returns a tag's value as a person reads it.
    pub(super) fn show(&self, tag: u32) -> String {
        let Some((entry, bytes)) = self.find(tag) else {
            return String::new();
        };
        shorten(&match entry.kind {
            6 | 8 | 9 => self.texts(tag).join(", "),
            7 => hex::encode(bytes),
            _ => {
                let numbers: Vec<String> = self.numbers(tag).iter().map(u64::to_string).collect();
                numbers.join(", ")
            }
        })
    }

    fn find(&self, tag: u32) -> Option<(Entry, &[u8])> {
        let entry = self.entries.iter().find(|entry| entry.tag == tag)?;
        Some((*entry, self.store.get(entry.offset..entry.end)?))
    }
}

/// Finds where the value of each entry ends. Values that overlap would let a small
/// header ask for endless work.
fn measure(entries: &mut [Entry], store: &[u8]) -> Result<(), Fault> {
    let mut total: usize = 0;
    for entry in entries {
        let rest = store.get(entry.offset..).unwrap_or_default();
        let width = match entry.kind {
            1 | 2 | 7 => 1,
            3 => 2,
            4 => 4,
            5 => 8,
            _ => 0,
        };
        let len = match entry.kind {
            6 | 8 | 9 => {
                let mut ends = memchr::memchr_iter(0, rest);
                let last = entry.count.checked_sub(1).and_then(|last| ends.nth(last));
                last.map_or(rest.len(), |end| end + 1)
            }
            _ => entry.count.saturating_mul(width).min(rest.len()),
        };
        total = total.saturating_add(len);
        if total > store.len() {
            return Err(Fault::malformed("values of its header overlap"));
        }
        entry.end = entry.offset.saturating_add(len);
    }
    Ok(())
}

fn word<const LEN: usize>(bytes: &[u8; LEN], at: usize) -> u32 {
    let bytes = bytes
        .get(at..at + 4)
        .and_then(|bytes| bytes.try_into().ok());
    u32::from_be_bytes(bytes.unwrap_or([0; 4]))
}

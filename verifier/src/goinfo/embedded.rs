//! Files that `//go:embed` put into a program through an `embed.FS`.
//!
//! The file system is a table of entries: name and content, each a pointer and a
//! length, and sixteen bytes of a hash of the content, by which an entry is told
//! from anything that looks like one. Folders have no content.
//!
//! ```text
//! name pointer, name length, data pointer, data length, hash[16]
//! ```
//!
//! The hash is SHA-256 changed a little: every bit turned over up to Go 1.23;
//! since 1.24 the first byte of it XORed with 0x01 or (1.26) 0xff for files of up
//! to a kibibyte, and for larger ones a byte 0x01 hashed before the content.
//!
//! Source: embed/embed.go file, cmd/compile/internal/staticdata/embed.go,
//! cmd/internal/notsha256, cmd/internal/hash

use std::ops::Range;

use sha2::{Digest as _, Sha256};

use crate::image::{Content, Format, Image};

/// The longest file name.
const NAME_LEN_MAX: usize = 4096;

/// The most files read.
const FILES_MAX: usize = 10_000;

/// The most bytes hashed, in multiples of the file's size.
const HASHED_FACTOR: usize = 4;

/// One embedded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Embedded {
    /// Its path in the file system.
    pub name: String,
    /// Its content's bytes in the program.
    pub range: Range<usize>,
}

/// Finds every embedded file.
pub fn read(bytes: &[u8], image: &Image) -> Vec<Embedded> {
    let word = usize::from(image.machine.bits.unwrap_or(64) / 8);
    let mut left = bytes.len().saturating_mul(HASHED_FACTOR);
    let mut files = Vec::new();
    let holds_constants = |content: Content| match image.format {
        // These have their constants among the code.
        Format::Plan9 | Format::Xcoff => matches!(content, Content::Code | Content::Data),
        _ => content == Content::Data,
    };
    let data = image
        .regions
        .iter()
        .filter(|region| holds_constants(region.content) && !region.name.contains("pclntab"));
    for region in data {
        let mut at = region.range.start;
        // Entries are aligned as their address is.
        let skew = region.address.unwrap_or(0) % word as u64;
        at += usize::try_from(skew).map_or(0, |skew| (word - skew) % word);
        while at + 4 * word + 16 <= region.range.end && files.len() < FILES_MAX {
            if let Some(file) = entry(bytes, image, at, word, &mut left) {
                files.push(file);
                at += 4 * word + 16;
            } else {
                at += word;
            }
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files.dedup();
    files
}

fn entry(
    bytes: &[u8],
    image: &Image,
    at: usize,
    word: usize,
    left: &mut usize,
) -> Option<Embedded> {
    let number = |index: usize| super::number(bytes, at + index * word, word, image);
    let name_len = usize::try_from(number(1)?).ok()?;
    if name_len == 0 || name_len > NAME_LEN_MAX {
        return None;
    }
    let data_len = usize::try_from(number(3)?).ok()?;
    if data_len == 0 || data_len > bytes.len() {
        return None;
    }
    let name = image.range_at(number(0)?, name_len)?;
    let range = image.range_at(number(2)?, data_len)?;
    let name = std::str::from_utf8(&bytes[name]).ok()?;
    let is_path = !name.starts_with('/') && !name.chars().any(char::is_control);
    if !is_path {
        return None;
    }
    let hash = at + 4 * word;
    let hash = bytes
        .get(hash..hash + 16)
        .filter(|hash| may_be_hash(hash))?;
    *left = left.checked_sub(data_len)?;
    is_hash(&bytes[range.clone()], hash).then(|| Embedded {
        name: name.to_owned(),
        range,
    })
}

/// The longest file that the compiler reads whole.
const SMALL_MAX: usize = 1024;

/// More zeros among the sixteen bytes of a hash than one in ten million has.
const ZEROS_MAX: usize = 4;

/// Pointers and lengths, which follow most pairs of strings, hold many zeros. To
/// hash what those pairs name would use up the bound before the files come.
fn may_be_hash(hash: &[u8]) -> bool {
    hash.iter().filter(|byte| **byte == 0).count() <= ZEROS_MAX
}

fn is_hash(data: &[u8], hash: &[u8]) -> bool {
    let sum = Sha256::digest(data);
    let plain = &sum[..16];
    let turned = |first: u8| hash[0] == plain[0] ^ first && hash[1..] == plain[1..];
    let marked = || {
        Sha256::new()
            .chain_update([1])
            .chain_update(data)
            .finalize()
    };
    turned(0x01)
        || turned(0xff)
        || turned(0)
        || plain.iter().zip(hash).all(|(plain, hash)| !plain == *hash)
        || data.len() > SMALL_MAX && marked()[..16] == *hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{Region, Segment};

    #[test]
    fn a_large_file_is_found_behind_many_pairs_of_strings() {
        const DATA: usize = 8 << 10;
        let content = vec![b'x'; DATA];
        let text = [b"name".as_slice(), &content].concat();
        let mut table = Vec::new();
        let mut entry = |name: u64, data: u64, tail: &[u8]| {
            for number in [name, 4, data, DATA as u64] {
                table.extend(number.to_le_bytes());
            }
            table.extend(tail);
        };
        for _ in 0..100 {
            let next: Vec<u8> = [0x10_0000u64, 4].map(u64::to_le_bytes).concat();
            entry(0x10_0000, 0x10_0004, &next);
        }
        let hash = Sha256::digest([b"\x01".as_slice(), &content].concat());
        entry(0x10_0000, 0x10_0004, &hash[..16]);
        let bytes = [text, table].concat();
        let region = Region {
            name: ".rodata".into(),
            range: 4 + DATA..bytes.len(),
            address: Some(0x20_0000),
            content: Content::Data,
        };
        let mut image = Image::default();
        image.machine.bits = Some(64);
        image.regions = vec![region];
        image.segments = vec![Segment {
            address: 0x10_0000,
            range: 0..4 + DATA,
            memory: 0,
        }];
        let found = read(&bytes, &image);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            (found[0].name.as_str(), &found[0].range),
            ("name", &(4..4 + DATA))
        );
    }
}

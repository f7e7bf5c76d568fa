//! The data descriptor: CRC-32 and sizes behind a member's bytes, from writers that did
//! not know them when they wrote the header before.
//!
//! Source: PKWARE APPNOTE.TXT 6.3.10 §4.3.9

use std::io;

use super::super::source::Source;
use super::directory::Record;

const SIGNATURE: [u8; 4] = *b"PK\x07\x08";

/// The longest: signature, CRC-32, two sizes of eight bytes.
const LEN_MAX: usize = 24;

/// Returns how long the descriptor is that lies at an offset; 0 for other bytes.
pub(super) fn len(source: &Source, at: u64, record: &Record) -> io::Result<u64> {
    if !record.has_descriptor() {
        return Ok(0);
    }
    let bytes = source.bytes_at(at, LEN_MAX)?;
    let forms = [(true, false), (false, false), (true, true), (false, true)];
    let fits = forms
        .into_iter()
        .map(|(is_signed, is_wide)| expected(record, is_signed, is_wide))
        .find(|form| bytes.starts_with(form));
    Ok(fits.map_or(0, |form| form.len() as u64))
}

fn expected(record: &Record, is_signed: bool, is_wide: bool) -> Vec<u8> {
    let mut bytes = if is_signed {
        SIGNATURE.to_vec()
    } else {
        Vec::new()
    };
    bytes.extend(record.crc.to_le_bytes());
    for size in [record.packed_size, record.size] {
        let size = size.to_le_bytes();
        bytes.extend(&size[..if is_wide { 8 } else { 4 }]);
    }
    bytes
}

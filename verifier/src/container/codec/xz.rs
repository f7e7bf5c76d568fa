//! xz and old lzma streams.
//!
//! Source: tukaani.org/xz/xz-file-format.txt §2

use std::io::{self, BufRead, Read};

use lzma_rust2::{LzmaReader, XzReader};

use super::super::fault::Fault;
use super::super::limits::DECODER_KIB_MAX;
use super::super::listing::Fact;
use super::super::source::Source;

/// Header and footer, each.
const FRAME_LEN: u64 = 12;

/// The largest index looked at.
const INDEX_LEN_MAX: u64 = 1 << 20;

pub(super) fn unpack(packed: impl BufRead + 'static) -> Box<dyn Read> {
    Box::new(XzReader::new_mem_limit(packed, true, DECODER_KIB_MAX))
}

pub(super) fn unpack_lzma(packed: impl BufRead + 'static) -> Result<Box<dyn Read>, Fault> {
    Ok(Box::new(LzmaReader::new_mem_limit(
        packed,
        DECODER_KIB_MAX,
        None,
    )?))
}

/// Returns the check, the dictionary size and how many blocks there are: several
/// threads write several.
pub(super) fn facts(source: &Source) -> io::Result<Vec<Fact>> {
    let head = source.bytes_at(0, 64)?;
    let mut facts = Vec::new();
    if let Some(check) = head.get(7) {
        let check = match check & 0xf {
            0 => "none".to_owned(),
            1 => "CRC32".to_owned(),
            4 => "CRC64".to_owned(),
            10 => "SHA-256".to_owned(),
            other => format!("number {other}"),
        };
        facts.push(Fact::packing("xz: check", check));
    }
    if let Some(block) = head.get(12..) {
        facts.push(Fact::packing("xz: first block", block_header(block)));
    }
    if let Some(blocks) = blocks(source)? {
        facts.push(Fact::packing("xz: blocks", blocks.to_string()));
    }
    Ok(facts)
}

/// Shows the filters of a block; the sizes that threaded compressors add before
/// them are left out, as they follow from the content.
fn block_header(block: &[u8]) -> String {
    let (Some(size), Some(flags)) = (block.first(), block.get(1)) else {
        return "none".into();
    };
    // A size of 0 begins the index: there is no block.
    if *size == 0 {
        return "none".into();
    }
    let sizes = match flags & 0xc0 {
        0 => "sizes not said",
        0xc0 => "sizes said",
        _ => "one size said",
    };
    let mut rest = block.get(2..).unwrap_or_default();
    for flag in [0x40, 0x80] {
        if flags & flag != 0 && number(&mut rest).is_none() {
            return sizes.into();
        }
    }
    let mut filters = Vec::new();
    for _ in 0..=(flags & 3) {
        let (Some(id), Some(len)) = (number(&mut rest), number(&mut rest)) else {
            break;
        };
        let Some((properties, after)) = usize::try_from(len)
            .ok()
            .and_then(|len| rest.split_at_checked(len))
        else {
            break;
        };
        filters.push(match (id, properties) {
            (0x21, [bits]) => format!("LZMA2 with a dictionary of {}", dictionary(*bits)),
            (id, properties) => format!("filter {id:#x} {}", hex::encode(properties)),
        });
        rest = after;
    }
    format!("{}; {sizes}", filters.join(", "))
}

fn dictionary(bits: u8) -> String {
    match bits {
        0..=39 => {
            let kib = (2 | (u64::from(bits) & 1)) << (u32::from(bits) / 2 + 11) >> 10;
            format!("{kib} KiB")
        }
        _ => format!("size {bits}"),
    }
}

/// Reads the number of blocks from the index before the footer.
fn blocks(source: &Source) -> io::Result<Option<u64>> {
    let Some(footer_at) = source.len().checked_sub(FRAME_LEN) else {
        return Ok(None);
    };
    let footer = source.bytes_at(footer_at, 12)?;
    let Some([_, _, _, _, a, b, c, d, _, _, b'Y', b'Z']) = footer.first_chunk::<12>() else {
        return Ok(None);
    };
    let index_len = (u64::from(u32::from_le_bytes([*a, *b, *c, *d])) + 1) * 4;
    if index_len > INDEX_LEN_MAX {
        return Ok(None);
    }
    let Some(index_at) = footer_at.checked_sub(index_len) else {
        return Ok(None);
    };
    let index = source.bytes_at(index_at, 16)?;
    let Some((0, mut rest)) = index.split_first().map(|(first, rest)| (*first, rest)) else {
        return Ok(None);
    };
    Ok(number(&mut rest))
}

/// Reads a number of seven bits a byte, lowest first.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

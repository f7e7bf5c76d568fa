//! gzip headers.
//!
//! Source: RFC 1952 §2.3

use std::io;

use super::super::listing::{Fact, Time, text};
use super::super::source::Source;

/// Header bytes looked at: the fixed ones, and names of sensible length.
const HEADER_LEN_MAX: usize = 16 << 10;

const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;

/// Returns what the first header says.
pub(super) fn facts(source: &Source) -> io::Result<Vec<Fact>> {
    let header = source.bytes_at(0, HEADER_LEN_MAX)?;
    Ok(read(&header).unwrap_or_default())
}

fn read(header: &[u8]) -> Option<Vec<Fact>> {
    let fixed: &[u8; 10] = header.first_chunk()?;
    let [_, _, _, flags, t0, t1, t2, t3, level, system] = *fixed;
    let seconds = u32::from_le_bytes([t0, t1, t2, t3]);
    let time = match seconds {
        0 => "none".to_owned(),
        seconds => Time {
            seconds: seconds.into(),
            nanoseconds: 0,
        }
        .to_string(),
    };
    let mut facts = vec![
        Fact::packing("gzip: time", time),
        Fact::packing("gzip: level", level_name(level)),
        Fact::packing("gzip: system", system_name(system)),
    ];
    let mut rest = &header[fixed.len()..];
    if flags & EXTRA != 0 {
        let (len, after) = rest.split_first_chunk::<2>()?;
        let (extra, after) = after.split_at_checked(u16::from_le_bytes(*len).into())?;
        facts.push(Fact::packing("gzip: extra field", hex::encode(extra)));
        rest = after;
    }
    for (flag, name) in [(NAME, "gzip: file name"), (COMMENT, "gzip: comment")] {
        if flags & flag != 0 {
            let end = memchr::memchr(0, rest)?;
            facts.push(Fact::packing(name, text(&rest[..end])));
            rest = &rest[end + 1..];
        }
    }
    Some(facts)
}

fn level_name(flags: u8) -> String {
    match flags {
        0 => "not said".into(),
        2 => "best".into(),
        4 => "fastest".into(),
        other => format!("{other}"),
    }
}

fn system_name(system: u8) -> String {
    match system {
        0 => "FAT (0)".into(),
        3 => "Unix (3)".into(),
        7 => "Macintosh (7)".into(),
        11 => "NTFS (11)".into(),
        255 => "unknown (255)".into(),
        other => format!("{other}"),
    }
}

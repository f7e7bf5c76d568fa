//! Frames that decompressors pass over: they may hold anything, and no member of what
//! is unpacked owns it.
//!
//! Source: RFC 8878 §3.1.1 (frames and blocks), §3.1.2 (skippable frames)

use std::io::{self, BufReader, Read as _};

use super::super::super::listing::Fact;
use super::super::super::source::{Cursor, Source};
use super::super::super::unowned::Unowned;
use super::{MAGIC, is_skipped};

/// Returns what the frames hold that are passed over. Where frames make no sense, the
/// reading of the content says so.
pub(super) fn fact(source: &Source) -> io::Result<Option<Fact>> {
    let mut walk = Walk {
        reader: source.reader(),
        at: 0,
    };
    let mut unowned = Unowned::default();
    while let Some(magic) = walk.take::<4>()? {
        if is_skipped(magic) {
            let Some(len) = walk.take::<4>()? else { break };
            let len = u64::from(u32::from_le_bytes(len));
            unowned.add_range(source, walk.at..walk.at.saturating_add(len))?;
            walk.skip(len)?;
        } else if magic != MAGIC || walk.frame()?.is_none() {
            break;
        }
    }
    Ok(unowned.fact_named("content that zstd passes over"))
}

struct Walk {
    reader: BufReader<Cursor>,
    at: u64,
}

impl Walk {
    /// Takes so many bytes; `None` where there are fewer.
    fn take<const LEN: usize>(&mut self) -> io::Result<Option<[u8; LEN]>> {
        let mut bytes = [0; LEN];
        match self.reader.read_exact(&mut bytes) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        self.at = self.at.saturating_add(LEN as u64);
        Ok(Some(bytes))
    }

    fn skip(&mut self, len: u64) -> io::Result<()> {
        self.at = self.at.saturating_add(len);
        self.reader
            .seek_relative(i64::try_from(len).unwrap_or(i64::MAX))
    }

    /// Passes over a frame behind its magic number: its header, its blocks, a checksum.
    fn frame(&mut self) -> io::Result<Option<()>> {
        let Some([descriptor]) = self.take()? else {
            return Ok(None);
        };
        let is_single = descriptor & 0x20 != 0;
        let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
        let size = match descriptor >> 6 {
            0 => u64::from(is_single),
            shift => 1 << shift,
        };
        self.skip(u64::from(!is_single) + dictionary + size)?;
        loop {
            let Some([a, b, c]) = self.take()? else {
                return Ok(None);
            };
            let header = u32::from_le_bytes([a, b, c, 0]);
            // A block of one byte repeated holds that byte once.
            let is_repeated = header >> 1 & 3 == 1;
            self.skip(if is_repeated {
                1
            } else {
                u64::from(header >> 3)
            })?;
            if header & 1 != 0 {
                break;
            }
        }
        if descriptor & 4 != 0 {
            self.skip(4)?;
        }
        Ok(Some(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_passed_over_is_found_between_frames() {
        // One raw block of three bytes, with a checksum that nobody looks at here.
        let frame = [&MAGIC[..], &[4, 0], &[25, 0, 0], b"abc", &[9; 4]].concat();
        let skipped = |content: &[u8]| {
            let len = u32::try_from(content.len()).unwrap();
            [&[0x5f, 0x2a, 0x4d, 0x18][..], &len.to_le_bytes(), content].concat()
        };
        let said = |parts: &[&[u8]]| {
            let fact = fact(&Source::memory(parts.concat())).unwrap();
            fact.map(|fact| fact.value)
        };
        assert_eq!(said(&[&frame]), None);
        assert_eq!(said(&[&frame, &frame]), None);
        assert_eq!(said(&[&frame, &skipped(b"")]), None);
        let hidden = said(&[&frame, &skipped(b"payload"), &frame]).unwrap();
        assert!(
            hidden.starts_with("7 bytes, the first at offset 0x18,"),
            "{hidden}"
        );
        assert!(said(&[&skipped(b"payload"), &frame]).is_some());
        for cut in 0..frame.len() {
            assert_eq!(said(&[&frame[..cut]]), None);
        }
    }
}

//! The fixed header of a tar entry.

use super::super::fault::Fault;
use super::super::listing::{Time, text};
use super::until_zero;

pub(super) const BLOCK_LEN: usize = 512;

/// One header, its checksum verified.
#[derive(Clone, Copy)]
pub(super) struct Header([u8; BLOCK_LEN]);

/// Says whether a file that begins with these bytes is a tar archive. Archives
/// from before 1988 have no magic, but they have the checksum.
pub fn is_header(head: &[u8]) -> bool {
    head.first_chunk()
        .is_some_and(|block| Header::read(*block).is_some())
}

impl Header {
    /// Takes a block that is a header.
    pub(super) fn read(block: [u8; BLOCK_LEN]) -> Option<Self> {
        let stated = octal(&block[148..156])?;
        let sums = |signed: bool| -> i64 {
            let byte = |(at, byte): (usize, &u8)| match (at, signed) {
                (148..156, _) => i64::from(b' '),
                (_, false) => i64::from(*byte),
                // Some old writers summed up signed bytes.
                (_, true) => i64::from(byte.cast_signed()),
            };
            block.iter().enumerate().map(byte).sum()
        };
        let stated = i64::try_from(stated).ok()?;
        let fits =
            block.iter().any(|byte| *byte != 0) && (stated == sums(false) || stated == sums(true));
        fits.then_some(Self(block))
    }

    /// Returns the letter of the entry's type.
    pub(super) fn kind(&self) -> u8 {
        self.0[156]
    }

    pub(super) fn bytes(&self, range: std::ops::Range<usize>) -> &[u8] {
        &self.0[range]
    }

    pub(super) fn dialect(&self) -> &'static str {
        match (self.kind(), &self.0[257..265]) {
            (b'x' | b'g', _) => "pax",
            (_, b"ustar\x0000") => "ustar",
            (_, b"ustar  \0") => "GNU",
            (_, other) if other.starts_with(b"ustar") => "ustar",
            _ => "v7",
        }
    }

    pub(super) fn path(&self) -> String {
        let name = text(until_zero(&self.0[..100]));
        // GNU puts times where ustar has the prefix.
        let prefix = until_zero(&self.0[345..500]);
        if self.dialect() == "ustar" && !prefix.is_empty() {
            return format!("{}/{name}", text(prefix));
        }
        name
    }

    pub(super) fn target(&self) -> &[u8] {
        until_zero(&self.0[157..257])
    }

    pub(super) fn owner(&self) -> &[u8] {
        self.ustar_field(265..297)
    }

    pub(super) fn group(&self) -> &[u8] {
        self.ustar_field(297..329)
    }

    fn ustar_field(&self, range: std::ops::Range<usize>) -> &[u8] {
        if self.dialect() == "v7" {
            return &[];
        }
        until_zero(&self.0[range])
    }

    pub(super) fn size(&self) -> Result<u64, Fault> {
        number(&self.0[124..136])
            .and_then(|size| u64::try_from(size).ok())
            .ok_or_else(|| Fault::malformed(format!("the size of {} is not a number", self.path())))
    }

    pub(super) fn mode(&self) -> Option<u32> {
        let mode = number(&self.0[100..108])?;
        u32::try_from(mode & 0o7777).ok()
    }

    pub(super) fn uid(&self) -> Option<u64> {
        number(&self.0[108..116]).and_then(|number| u64::try_from(number).ok())
    }

    pub(super) fn gid(&self) -> Option<u64> {
        number(&self.0[116..124]).and_then(|number| u64::try_from(number).ok())
    }

    pub(super) fn modified(&self) -> Option<Time> {
        Some(Time {
            seconds: number(&self.0[136..148])?,
            nanoseconds: 0,
        })
    }

    /// Returns the numbers of a device.
    pub(super) fn device(&self) -> Option<String> {
        if !matches!(self.kind(), b'3' | b'4') || self.dialect() == "v7" {
            return None;
        }
        let [major, minor] = [&self.0[329..337], &self.0[337..345]].map(number);
        Some(format!("{}, {}", major.unwrap_or(0), minor.unwrap_or(0)))
    }
}

/// Reads a number: octal digits, or, with the highest bit set, base 256.
fn number(field: &[u8]) -> Option<i64> {
    let (first, rest) = field.split_first()?;
    if first & 0x80 == 0 {
        return i64::try_from(octal(field)?).ok();
    }
    // 0xff begins a negative number.
    let start = if *first == 0xff {
        -1
    } else {
        i64::from(first & 0x7f)
    };
    rest.iter().try_fold(start, |value, byte| {
        value.checked_mul(256)?.checked_add(i64::from(*byte))
    })
}

/// Reads octal digits between blanks; a field without any is 0.
fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(until_zero(field))
        .ok()?
        .trim_matches(' ');
    if text.is_empty() {
        return Some(0);
    }
    let is_octal = text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    is_octal
        .then(|| u64::from_str_radix(text, 8).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_base_256() {
        let table: [(&[u8], Option<i64>); 7] = [
            (b"0000644\0", Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"\0\0\0\0", Some(0)),
            (b"8\0", None),
            (b"+7\0", None),
            (b"\x80\0\0\x01\0", Some(256)),
            (b"\xff\xff\xff\xfe", Some(-2)),
        ];
        for (field, want) in table {
            assert_eq!(number(field), want, "{field:?}");
        }
        assert_eq!(number(&[0xfe; 12]), None);
    }
}

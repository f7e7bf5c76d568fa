//! What zip archives say about a member beside the fixed fields.

use super::super::listing::Time;

/// A member's extra fields, the known ones read.
#[derive(Default)]
pub(super) struct Extra {
    /// The zip64 numbers, in the order in which they are needed.
    pub(super) sizes: Vec<u64>,
    pub(super) modified: Option<Time>,
    pub(super) uid: Option<u64>,
    pub(super) gid: Option<u64>,
    /// The others: number and bytes in hexadecimal.
    pub(super) others: String,
    /// The name in UTF-8, and the CRC-32 of the name that it stands for.
    pub(super) unicode_name: Option<(u32, Vec<u8>)>,
}

const ZIP64: u16 = 0x0001;
const UNIX_TIMES: u16 = 0x5455;
const UNIX_OWNERS: u16 = 0x7875;
const UNICODE_NAME: u16 = 0x7075;

/// Bytes shown of a field.
const SHOWN_LEN: usize = 32;

impl Extra {
    /// Reads fields until they make no sense.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut extra = Self::default();
        let mut rest = bytes;
        let mut others = Vec::new();
        while let Some(([a, b, c, d], after)) = rest.split_first_chunk() {
            let kind = u16::from_le_bytes([*a, *b]);
            let len = u16::from_le_bytes([*c, *d]);
            let Some((field, after)) = after.split_at_checked(len.into()) else {
                break;
            };
            rest = after;
            if let (UNICODE_NAME, [1, a, b, c, d, name @ ..]) = (kind, field) {
                let crc = u32::from_le_bytes([*a, *b, *c, *d]);
                extra.unicode_name = Some((crc, name.to_vec()));
            }
            let known = match kind {
                ZIP64 => {
                    let (numbers, _) = field.as_chunks();
                    extra.sizes = numbers
                        .iter()
                        .map(|bytes| u64::from_le_bytes(*bytes))
                        .collect();
                    true
                }
                UNIX_TIMES => extra.times(field).is_some(),
                UNIX_OWNERS => extra.owners(field).is_some(),
                _ => false,
            };
            if !known {
                others.push(show(kind, field));
            }
        }
        if !rest.is_empty() {
            others.push(format!("{} bytes that are no field", rest.len()));
        }
        extra.others = others.join(" ");
        extra
    }

    fn times(&mut self, field: &[u8]) -> Option<()> {
        let (flags, times) = field.split_first()?;
        let modified = times.first_chunk().filter(|_| flags & 1 != 0)?;
        self.modified = Some(Time {
            seconds: i32::from_le_bytes(*modified).into(),
            nanoseconds: 0,
        });
        Some(())
    }

    fn owners(&mut self, field: &[u8]) -> Option<()> {
        let (1, rest) = field.split_first().map(|(first, rest)| (*first, rest))? else {
            return None;
        };
        let (uid, rest) = number(rest)?;
        let (gid, _) = number(rest)?;
        (self.uid, self.gid) = (Some(uid), Some(gid));
        Some(())
    }
}

/// A number after its own length.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (len, rest) = bytes.split_first()?;
    let (digits, rest) = rest.split_at_checked(usize::from(*len))?;
    if digits.len() > 8 {
        return None;
    }
    let value = digits
        .iter()
        .rev()
        .fold(0, |value, byte| value << 8 | u64::from(*byte));
    Some((value, rest))
}

fn show(kind: u16, field: &[u8]) -> String {
    let shown = &field[..field.len().min(SHOWN_LEN)];
    let more = if shown.len() < field.len() { "…" } else { "" };
    format!("{kind:#06x}:{}{more}", hex::encode(shown))
}

/// Shows the time of the fixed fields, which has no zone and counts two seconds
/// at a time.
pub(super) fn dos_time(date: u16, time: u16) -> String {
    format!(
        "{}-{:02}-{:02} {:02}:{:02}:{:02}",
        1980 + (date >> 9),
        date >> 5 & 0xf,
        date & 0x1f,
        time >> 11,
        time >> 5 & 0x3f,
        (time & 0x1f) * 2
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_fields_are_read_and_others_shown() {
        let extra = Extra::read(
            b"UT\x05\0\x03\x01\0\0\0ux\x0b\0\x01\x04\xe8\x03\0\0\x04\x64\0\0\0\x99\x99\x02\0\xab\xcdx",
        );
        assert_eq!(extra.modified.map(|time| time.seconds), Some(1));
        assert_eq!((extra.uid, extra.gid), (Some(1000), Some(100)));
        assert_eq!(extra.others, "0x9999:abcd 1 bytes that are no field");
        // A length that lies ends the reading.
        assert!(Extra::read(b"UT\xff\xff\x01").modified.is_none());
    }

    #[test]
    fn times_without_a_zone_are_shown_as_they_stand() {
        assert_eq!(dos_time(0x21, 0), "1980-01-01 00:00:00");
        assert_eq!(dos_time(0xffff, 0xffff), "2107-15-31 31:63:62");
    }
}

//! The central directory of a zip archive.

use std::io::{BufReader, Read};
use std::ops::Range;

use super::super::fault::{Fault, Kind};
use super::super::limits::MEMBERS_MAX;
use super::super::listing::{Fact, Metadata, text};
use super::super::source::{Cursor, Source};
use super::extra::{self, Extra};

const END: [u8; 4] = *b"PK\x05\x06";
const END_LEN: usize = 22;
const END64: [u8; 4] = *b"PK\x06\x06";
const END64_LEN: usize = 56;
const LOCATOR64: [u8; 4] = *b"PK\x06\x07";
const LOCATOR64_LEN: usize = 20;
const RECORD: [u8; 4] = *b"PK\x01\x02";
const RECORD_LEN: usize = 46;

/// The longest comment at the end, which the end record lies before.
const COMMENT_LEN_MAX: usize = u16::MAX as usize;

/// What the records at the end of the archive say.
pub(super) struct Directory {
    /// How many members there are.
    pub(super) count: u64,
    /// What must be added to every offset: the archive may have something before it.
    pub(super) shift: u64,
    offset: u64,
    len: u64,
    comment: String,
    is_64: bool,
    /// Where the records at the end lie.
    records: Vec<Range<u64>>,
}

/// One member's entry.
pub(super) struct Record {
    pub(super) name: String,
    /// The name as its fixed field has it.
    pub(super) raw_name: Vec<u8>,
    /// Whether an extra field gives it another one, though this one can be read.
    pub(super) has_two_names: bool,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) size: u64,
    pub(super) packed_size: u64,
    pub(super) offset: u64,
    pub(super) metadata: Metadata,
    pub(super) own: Vec<(&'static str, String)>,
    flags: u16,
    unix_mode: Option<u32>,
}

impl Directory {
    /// Finds the directory from the end of the archive.
    pub(super) fn find(source: &Source) -> Result<Self, Fault> {
        let tail_at = source
            .len()
            .saturating_sub((END_LEN + COMMENT_LEN_MAX) as u64);
        let tail = source.bytes_at(tail_at, END_LEN + COMMENT_LEN_MAX)?;
        let end_at = memchr::memmem::rfind_iter(&tail, &END)
            .find(|at| {
                // The comment must reach the end, or these are other bytes.
                tail.get(at + 20..at + END_LEN).is_some_and(|len| {
                    at + END_LEN + usize::from(u16::from_le_bytes([len[0], len[1]])) <= tail.len()
                })
            })
            .ok_or_else(|| Fault::truncated("before the list of its members"))?;
        let end = Fields(&tail[end_at..]);
        let end_offset = tail_at + end_at as u64;
        let comment_len = usize::from(end.u16(20));
        let comment = text(
            tail[end_at + END_LEN..]
                .get(..comment_len)
                .unwrap_or_default(),
        );
        let mut directory = Self {
            count: end.u16(10).into(),
            len: end.u32(12).into(),
            offset: end.u32(16).into(),
            shift: 0,
            comment,
            is_64: false,
            records: std::iter::once(
                end_offset..end_offset.saturating_add((END_LEN + comment_len) as u64),
            )
            .collect(),
        };
        let directory_end = match directory.read_64(source, end_offset)? {
            Some(end64_offset) => end64_offset,
            None => end_offset,
        };
        directory.shift = directory
            .offset
            .checked_add(directory.len)
            .and_then(|end| directory_end.checked_sub(end))
            .ok_or_else(|| Fault::malformed("the list of its members lies past its end"))?;
        if directory.count > MEMBERS_MAX as u64 {
            return Err(Kind::TooMany {
                what: "members",
                max: MEMBERS_MAX,
            }
            .into());
        }
        Ok(directory)
    }

    /// Reads the larger numbers of a zip64 archive, if it is one, and returns
    /// where their record begins.
    fn read_64(&mut self, source: &Source, end_offset: u64) -> Result<Option<u64>, Fault> {
        let Some(locator_at) = end_offset.checked_sub(LOCATOR64_LEN as u64) else {
            return Ok(None);
        };
        let locator = source.bytes_at(locator_at, LOCATOR64_LEN)?;
        if !locator.starts_with(&LOCATOR64) || locator.len() < LOCATOR64_LEN {
            return Ok(None);
        }
        // The record lies right before its locator unless it has been extended;
        // the offset in the locator does not count what lies before the archive.
        let near = locator_at.saturating_sub(END64_LEN as u64);
        for at in [near, Fields(&locator).u64(8)] {
            let record = source.bytes_at(at, END64_LEN)?;
            if record.starts_with(&END64) && record.len() == END64_LEN {
                let fields = Fields(&record);
                self.count = fields.u64(32);
                self.len = fields.u64(40);
                self.offset = fields.u64(48);
                self.is_64 = true;
                // Its length does not count the signature and itself.
                let end = at.saturating_add(12).saturating_add(fields.u64(4));
                self.records.push(at..end.min(locator_at));
                self.records.push(locator_at..end_offset);
                return Ok(Some(at));
            }
        }
        Err(Fault::malformed(
            "its zip64 record is not where it should be",
        ))
    }

    /// Begins reading the records.
    pub(super) fn reader(&self, source: &Source) -> Result<Reader, Fault> {
        let at = self.offset.saturating_add(self.shift);
        let records = source
            .part(at, self.len)
            .ok_or_else(|| Fault::malformed("the list of its members lies past its end"))?;
        Ok(Reader {
            records: records.reader(),
            read: 0,
            count: self.count,
        })
    }

    /// Returns the bytes that are the directory's own.
    pub(super) fn owned(&self) -> Vec<Range<u64>> {
        let start = self.offset.saturating_add(self.shift);
        let mut owned = self.records.clone();
        owned.push(start..start.saturating_add(self.len));
        owned
    }

    pub(super) fn facts(&self) -> Vec<Fact> {
        let form = if self.is_64 { "zip64" } else { "zip" };
        let mut facts = vec![Fact::packing("zip: format", form)];
        if !self.comment.is_empty() {
            facts.push(Fact::packing("zip: comment", self.comment.clone()));
        }
        facts
    }
}

/// Reads one record after another.
pub(super) struct Reader {
    records: BufReader<Cursor>,
    read: u64,
    count: u64,
}

impl Reader {
    pub(super) fn next_record(&mut self) -> Result<Record, Fault> {
        let broken = |read: u64, count: u64| {
            Fault::malformed(format!(
                "the list of its {count} members breaks off after {read}"
            ))
        };
        let (read, count) = (self.read, self.count);
        let mut fixed = [0; RECORD_LEN];
        self.records
            .read_exact(&mut fixed)
            .map_err(|_| broken(read, count))?;
        if !fixed.starts_with(&RECORD) {
            return Err(broken(read, count));
        }
        let fields = Fields(&fixed);
        let mut take = |len: u16| -> Result<Vec<u8>, Fault> {
            let mut bytes = vec![0; len.into()];
            self.records
                .read_exact(&mut bytes)
                .map_err(|_| broken(read, count))?;
            Ok(bytes)
        };
        let name = take(fields.u16(28))?;
        let extra = take(fields.u16(30))?;
        let comment = take(fields.u16(32))?;
        self.read += 1;
        Ok(Record::of(&fields, &name, &extra, &comment))
    }
}

impl Record {
    fn of(fields: &Fields<'_>, name: &[u8], extra: &[u8], comment: &[u8]) -> Self {
        let Extra {
            sizes,
            modified,
            uid,
            gid,
            others,
            unicode_name,
        } = Extra::read(extra);
        // Some unpackers go by the extra field, where it was made for this name.
        let unicode_name = unicode_name.filter(|(crc, _)| *crc == crc32(name));
        let unicode_name = unicode_name.map(|(_, name)| name);
        let is_other = unicode_name.as_deref().is_some_and(|other| other != name);
        let made_by = fields.u16(4);
        let attributes = fields.u32(38);
        // Only Unix writers put a mode into the upper half.
        let unix_mode = (made_by >> 8 == 3 || made_by >> 8 == 19).then_some(attributes >> 16);
        let mut sizes = sizes.into_iter();
        let mut wide = |short: u32| match short {
            u32::MAX => sizes.next().unwrap_or_else(|| short.into()),
            short => short.into(),
        };
        let size = wide(fields.u32(24));
        let packed_size = wide(fields.u32(20));
        let offset = wide(fields.u32(42));
        let mut own = vec![
            ("zip time", extra::dos_time(fields.u16(14), fields.u16(12))),
            ("zip method", method(fields.u16(10))),
            (
                "zip version",
                format!("made by {made_by:#06x}, needs {}", fields.u16(6)),
            ),
            ("zip flags", format!("{:#06x}", fields.u16(8))),
            ("packed size", packed_size.to_string()),
        ];
        let attributes = match unix_mode {
            // The mode is compared as a mode.
            Some(mode) => format!("{:#06x}, type {:o}", attributes & 0xffff, mode >> 12),
            None => format!("{attributes:#010x}"),
        };
        own.push(("zip attributes", attributes));
        if !others.is_empty() {
            own.push(("zip extra field", others));
        }
        if !comment.is_empty() {
            own.push(("zip comment", text(comment)));
        }
        Self {
            name: text(unicode_name.as_deref().unwrap_or(name)),
            raw_name: name.to_vec(),
            has_two_names: is_other && std::str::from_utf8(name).is_ok(),
            method: fields.u16(10),
            crc: fields.u32(16),
            size,
            packed_size,
            offset,
            metadata: Metadata {
                modified,
                mode: unix_mode.map(|mode| mode & 0o7777),
                uid,
                gid,
                ..Metadata::default()
            },
            own,
            flags: fields.u16(8),
            unix_mode,
        }
    }

    pub(super) fn has_descriptor(&self) -> bool {
        self.flags & 8 != 0
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.flags & 1 != 0
    }

    pub(super) fn is_link(&self) -> bool {
        self.unix_mode.is_some_and(|mode| mode >> 12 == 0o12)
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn method(number: u16) -> String {
    match number {
        0 => "stored".into(),
        8 => "deflate".into(),
        93 => "zstd".into(),
        95 => "xz".into(),
        other => format!("method {other}"),
    }
}

/// Numbers at offsets within a record of fixed length.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn bytes<const LEN: usize>(&self, at: usize) -> [u8; LEN] {
        let bytes = self.0.get(at..at + LEN);
        bytes
            .and_then(|bytes| bytes.try_into().ok())
            .unwrap_or([0; LEN])
    }

    fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.bytes(at))
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.bytes(at))
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.bytes(at))
    }
}

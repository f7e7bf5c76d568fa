//! The records that end a zip and say where its directory lies.

use crate::modzip::Error;
use crate::modzip::fields::Fields;

/// What the end record says, zip64 included.
pub(super) struct End {
    pub(super) entries: u64,
    /// Where the directory begins.
    pub(super) start: u64,
    /// The directory's length in bytes.
    pub(super) len: u64,
    /// Where the end record (zip64's, when there is one) begins.
    pub(super) at: u64,
}

/// End record without comment, in bytes.
const END_LEN: usize = 22;

/// Pointer to the zip64 end record, in bytes.
const LOCATOR_LEN: usize = 20;

/// Zip64 end record, in bytes.
const END64_LEN: usize = 56;

/// The longest that end records and comment can be, in bytes.
pub(super) const TAIL_LEN: u64 = (END64_LEN + LOCATOR_LEN + END_LEN) as u64 + u16::MAX as u64;

const END_SIGNATURE: &[u8] = b"PK\x05\x06";

impl End {
    /// Readers look for the end record from the end backwards, some taking the
    /// first signature, some the first whose comment fits. So the last signature
    /// must be the record, and no earlier one may fit.
    pub(super) fn find(tail: &[u8], tail_at: u64) -> Result<Self, Error> {
        let mut signatures = tail
            .windows(END_SIGNATURE.len())
            .enumerate()
            .rev()
            .filter(|(_, window)| *window == END_SIGNATURE)
            .map(|(at, _)| at);
        let at = signatures.next().ok_or(Error::NotZip)?;
        let ends_file = |at: usize| {
            let record = tail.get(at..).unwrap_or_default();
            let comment = record.get(END_LEN - 2..END_LEN);
            let comment = comment.and_then(|bytes| Fields(bytes).u16());
            comment.map(|len| END_LEN + usize::from(len)) == Some(record.len())
        };
        if !ends_file(at) || signatures.any(ends_file) {
            return Err(Error::AmbiguousEnd);
        }
        let (before, record) = tail.split_at(at);
        let at = tail_at + before.len() as u64;
        let end = Self::parse(record, at).ok_or(Error::NotZip)?;
        let end = end.map_err(|fact| Error::Directory { fact })?;
        let locator = before
            .len()
            .checked_sub(LOCATOR_LEN)
            .map(|from| before.split_at(from));
        match locator {
            Some((before, locator)) if locator.starts_with(b"PK\x06\x07") => {
                end.with_zip64(before, locator)
            }
            _ => Ok(end),
        }
    }

    fn parse(record: &[u8], at: u64) -> Option<Result<Self, &'static str>> {
        let mut fields = Fields(record);
        fields.u32()?;
        let disks = (fields.u16()?, fields.u16()?);
        let (here, entries) = (fields.u16()?, fields.u16()?);
        let (len, start) = (fields.u32()?, fields.u32()?);
        Some(if disks != (0, 0) || here != entries {
            Err("zip has more than one disk")
        } else {
            let entries = entries.into();
            let (start, len) = (start.into(), len.into());
            Ok(Self {
                entries,
                start,
                len,
                at,
            })
        })
    }

    /// Takes the zip64 record, which must lie right before its locator and agree
    /// with every field of the end record that does not defer to it.
    fn with_zip64(self, before: &[u8], locator: &[u8]) -> Result<Self, Error> {
        let wrong = Error::Directory {
            fact: "zip64 end record is malformed",
        };
        let record = before.len().checked_sub(END64_LEN);
        let record = record.and_then(|from| before.get(from..));
        let at = self.at.checked_sub((LOCATOR_LEN + END64_LEN) as u64);
        let end = record.zip(at);
        let Some(end) = end.and_then(|(record, at)| Self::parse64(record, locator, at)) else {
            return Err(wrong);
        };
        let agrees = |short: u64, sentinel: u64, long: u64| short == sentinel || short == long;
        if !agrees(self.entries, u16::MAX.into(), end.entries)
            || !agrees(self.len, u32::MAX.into(), end.len)
            || !agrees(self.start, u32::MAX.into(), end.start)
        {
            let fact = "zip64 end record differs from end record";
            return Err(Error::Directory { fact });
        }
        Ok(end)
    }

    fn parse64(record: &[u8], locator: &[u8], at: u64) -> Option<Self> {
        let mut locator = Fields(locator.get(4..)?);
        let pointer = (locator.u32()?, locator.u64()?, locator.u32()?);
        let mut fields = Fields(record.strip_prefix(b"PK\x06\x06")?);
        let rest_len = fields.u64()?;
        fields.bytes(4)?;
        let disks = (fields.u32()?, fields.u32()?);
        let (here, entries) = (fields.u64()?, fields.u64()?);
        let (len, start) = (fields.u64()?, fields.u64()?);
        let fits = pointer == (0, at, 1)
            && rest_len == END64_LEN as u64 - 12
            && disks == (0, 0)
            && here == entries;
        fits.then_some(Self {
            entries,
            start,
            len,
            at,
        })
    }
}

//! The directory at the end of a zip.

use std::io::{Read, Seek, SeekFrom};

use super::fields::Fields;
use super::{Error, Fact, Limits};

/// The entries of a zip in the order its directory lists them.
pub(super) struct Directory {
    pub(super) entries: Vec<Entry>,
    /// Where the directory begins, and so where the files end.
    pub(super) start: u64,
}

/// One entry as the directory tells of it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc32: u32,
    /// In bytes, packed.
    pub(super) packed: u64,
    /// In bytes, unpacked.
    pub(super) unpacked: u64,
    /// Where the local header begins.
    pub(super) offset: u64,
}

/// Set when sizes and checksum stand behind the file.
pub(super) const FLAG_DESCRIPTOR: u16 = 1 << 3;

/// Not compressed.
pub(super) const STORE: u16 = 0;

/// Compressed by RFC 1951.
pub(super) const DEFLATE: u16 = 8;

/// Stands for a size that the zip64 field tells.
pub(super) const SIZE_IN_ZIP64: u32 = u32::MAX;

impl Directory {
    pub(super) fn read<R: Read + Seek>(
        zip: &mut R,
        size: u64,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let tail_len = size.min(TAIL_LEN);
        let tail_at = size - tail_len;
        let tail = read_at(zip, tail_at, tail_len)?;
        let end = End::find(&tail, tail_at)?;
        if end.entries > limits.entries as u64 {
            let (entries, max) = (end.entries, limits.entries);
            return Err(Error::TooManyEntries { entries, max });
        }
        if end.len > limits.directory_bytes {
            let (len, max) = (end.len, limits.directory_bytes);
            return Err(Error::DirectoryTooLarge { len, max });
        }
        if end.start.checked_add(end.len) != Some(end.at) {
            let fact = "directory does not end where the end record begins";
            return Err(Error::Directory { fact });
        }
        let bytes = read_at(zip, end.start, end.len)?;
        let mut fields = Fields(&bytes);
        let mut entries = Vec::new();
        while !fields.0.is_empty() && (entries.len() as u64) < end.entries {
            entries.push(entry(&mut fields)?);
        }
        if !fields.0.is_empty() || entries.len() as u64 != end.entries {
            let fact = "directory has another number of entries than the end record says";
            return Err(Error::Directory { fact });
        }
        let start = end.start;
        Ok(Self { entries, start })
    }
}

/// What the end record says, zip64 included.
struct End {
    entries: u64,
    /// Where the directory begins.
    start: u64,
    /// The directory's length in bytes.
    len: u64,
    /// Where the end record (zip64's, when there is one) begins.
    at: u64,
}

/// End record without comment, in bytes.
const END_LEN: usize = 22;

/// Pointer to the zip64 end record, in bytes.
const LOCATOR_LEN: usize = 20;

/// Zip64 end record, in bytes.
const END64_LEN: usize = 56;

/// The longest that end records and comment can be, in bytes.
const TAIL_LEN: u64 = (END64_LEN + LOCATOR_LEN + END_LEN) as u64 + u16::MAX as u64;

const END_SIGNATURE: &[u8] = b"PK\x05\x06";

impl End {
    /// Readers look for the end record from the end backwards, some taking the
    /// first signature, some the first whose comment fits. So the last signature
    /// must be the record, and no earlier one may fit.
    fn find(tail: &[u8], tail_at: u64) -> Result<Self, Error> {
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

/// What a record of the directory has beside an [`Entry`].
struct Raw<'a> {
    maker: u16,
    disk: u16,
    attributes: u32,
    extra: &'a [u8],
    entry: Entry,
}

fn entry(fields: &mut Fields<'_>) -> Result<Entry, Error> {
    let raw = record(fields).ok_or(Error::Directory {
        fact: "directory record is malformed",
    })?;
    let Raw {
        maker,
        disk,
        attributes,
        extra,
        entry,
    } = raw?;
    match entry_fact(maker, disk, attributes, &entry) {
        Some(fact) => Err(Error::Entry {
            name: super::shown(&entry.name),
            fact,
        }),
        None => with_zip64(entry, extra),
    }
}

fn record<'a>(fields: &mut Fields<'a>) -> Option<Result<Raw<'a>, Error>> {
    if fields.bytes(4)? != b"PK\x01\x02" {
        return None;
    }
    let maker = fields.u16()?;
    fields.u16()?;
    let (flags, method) = (fields.u16()?, fields.u16()?);
    fields.u32()?;
    let crc32 = fields.u32()?;
    let (packed, unpacked) = (fields.u32()?.into(), fields.u32()?.into());
    let (name_len, extra_len, comment_len) = (fields.u16()?, fields.u16()?, fields.u16()?);
    let disk = fields.u16()?;
    fields.u16()?;
    let attributes = fields.u32()?;
    let offset = fields.u32()?.into();
    let name = fields.bytes(name_len.into())?;
    let extra = fields.bytes(extra_len.into())?;
    fields.bytes(comment_len.into())?;
    let Ok(name) = String::from_utf8(name.to_vec()) else {
        let name = super::shown(&String::from_utf8_lossy(name));
        return Some(Err(Error::NotUtf8 { name }));
    };
    let entry = Entry {
        name,
        flags,
        method,
        crc32,
        packed,
        unpacked,
        offset,
    };
    Some(Ok(Raw {
        maker,
        disk,
        attributes,
        extra,
        entry,
    }))
}

fn entry_fact(maker: u16, disk: u16, attributes: u32, entry: &Entry) -> Option<Fact> {
    // Bits 1 and 2 tell how hard the packer tried, 11 that the name is UTF-8.
    let known = FLAG_DESCRIPTOR | 1 << 1 | 1 << 2 | 1 << 11;
    let is_directory = entry.name.ends_with('/');
    if entry.flags & !known != 0 {
        Some(Fact::Flags(entry.flags))
    } else if entry.method != STORE && entry.method != DEFLATE {
        Some(Fact::Method(entry.method))
    } else if disk != 0 {
        Some(Fact::Disk)
    } else if !is_regular(maker, attributes, is_directory) {
        let mode = if is_unix(maker) {
            attributes >> 16
        } else {
            attributes
        };
        Some(Fact::Mode(mode))
    } else if entry.method == STORE && entry.packed != entry.unpacked {
        Some(Fact::StoredSize)
    } else if is_directory && entry.unpacked != 0 {
        Some(Fact::DirectoryData)
    } else {
        None
    }
}

/// Made on Unix or macOS, so that the attributes hold a Unix mode.
fn is_unix(maker: u16) -> bool {
    matches!(maker >> 8, 3 | 19)
}

/// Whether the attributes say nothing, or what the name's slash says too.
fn is_regular(maker: u16, attributes: u32, is_directory: bool) -> bool {
    let dos_directory = attributes & 0x10 != 0;
    if !is_unix(maker) {
        return is_directory || !dos_directory;
    }
    match (attributes >> 16) & 0o170_000 {
        0 => is_directory || !dos_directory,
        0o100_000 => !is_directory,
        0o040_000 => is_directory,
        _ => false,
    }
}

/// Puts the sizes of the zip64 field in the place of those that defer to it.
fn with_zip64(mut entry: Entry, extra: &[u8]) -> Result<Entry, Error> {
    let filled = zip64(extra).and_then(|field| {
        let mut slots = [&mut entry.unpacked, &mut entry.packed, &mut entry.offset];
        let deferred = slots
            .iter_mut()
            .filter(|slot| ***slot == u64::from(SIZE_IN_ZIP64));
        let Some(field) = field else {
            return Ok(());
        };
        let mut field = Fields(field);
        let mut any = false;
        for slot in deferred {
            **slot = field.u64().ok_or(Fact::Zip64)?;
            any = true;
        }
        if any && field.0.is_empty() {
            Ok(())
        } else {
            Err(Fact::Zip64)
        }
    });
    match filled {
        Ok(()) => Ok(entry),
        Err(fact) => Err(Error::Entry {
            name: super::shown(&entry.name),
            fact,
        }),
    }
}

/// Finds the zip64 field among extra fields, and refuses what makes them
/// ambiguous.
pub(super) fn zip64(extra: &[u8]) -> Result<Option<&[u8]>, Fact> {
    const ZIP64: u16 = 0x0001;
    const UNICODE_PATH: u16 = 0x7075;
    let mut fields = Fields(extra);
    let mut found = None;
    while !fields.0.is_empty() {
        let head = fields.u16().zip(fields.u16());
        let field = head.and_then(|(id, len)| Some((id, fields.bytes(len.into())?)));
        match field.ok_or(Fact::Extra)? {
            (UNICODE_PATH, _) => return Err(Fact::SecondName),
            (ZIP64, _) if found.is_some() => return Err(Fact::Extra),
            (ZIP64, field) => found = Some(field),
            _ => {}
        }
    }
    Ok(found)
}

fn read_at<R: Read + Seek>(zip: &mut R, at: u64, len: u64) -> Result<Vec<u8>, Error> {
    zip.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    zip.take(len).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != len {
        return Err(Error::Truncated);
    }
    Ok(bytes)
}

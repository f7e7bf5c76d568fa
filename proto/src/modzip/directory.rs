//! The directory at the end of a zip.

mod end;

use std::io::{Read, Seek, SeekFrom};

use super::fields::Fields;
use super::{Error, Fact, Limits};
use end::{End, TAIL_LEN};

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
    // Sizes that defer to the zip64 field are compared once they are known.
    let entry = with_zip64(entry, extra)?;
    match entry_fact(maker, disk, attributes, &entry) {
        Some(fact) => Err(Error::Entry {
            name: super::shown(&entry.name),
            fact,
        }),
        None => Ok(entry),
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

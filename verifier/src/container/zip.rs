//! zip archives, read by their central directory.
//!
//! What a name's content is, the directory at the end decides; the header before
//! the content only says where it begins.
//!
//! Source: PKWARE APPNOTE.TXT 6.3.10

mod directory;
mod extra;

use std::io::{self, BufRead, Read};

use super::codec::Codec;
use super::fault::Fault;
use super::limits::Budget;
use super::listing::{Content, Fact};
use super::source::Source;
use super::visit::{Body, Entry, Visitor};
use directory::{Directory, Record};

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const LOCAL_LEN: u64 = 30;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const ZSTD: u16 = 93;
const XZ: u16 = 95;

/// Goes through the members in the order of the directory.
///
/// # Errors
/// `Truncated` without a directory, `Malformed` naming the member, and what the
/// visitor returns.
pub fn read(
    source: &Source,
    budget: &Budget,
    visitor: &mut dyn Visitor,
) -> Result<Vec<Fact>, Fault> {
    let directory = Directory::find(source)?;
    let mut reader = directory.reader(source)?;
    let mut first_content = u64::MAX;
    for _ in 0..directory.count {
        let record = reader.next_record()?;
        first_content = first_content.min(record.offset);
        let name = record.name.clone();
        member(source, budget, &directory, record, visitor).map_err(|fault| fault.within(name))?;
    }
    let mut facts = directory.facts();
    if first_content > 0 && first_content < u64::MAX {
        facts.push(Fact::packing(
            "zip: bytes before the first member",
            first_content.to_string(),
        ));
    }
    Ok(facts)
}

fn member(
    source: &Source,
    budget: &Budget,
    directory: &Directory,
    mut record: Record,
    visitor: &mut dyn Visitor,
) -> Result<(), Fault> {
    let (content, differs) = local(source, directory, &record)?;
    if differs {
        record
            .own
            .push(("local header", "differs from the directory".into()));
    }
    let size = record.size;
    let is_link = record.is_link();
    let body = match record.method {
        _ if record.is_encrypted() => Some(Content::Other("encrypted file".into())),
        _ if record.name.ends_with('/') && size == 0 => Some(Content::Folder),
        STORED | DEFLATED | ZSTD | XZ => None,
        other => Some(Content::Other(format!(
            "file compressed by method {other}, which this program does not unpack; CRC-32 {:08x}",
            record.crc
        ))),
    };
    let offset = (record.method == STORED).then_some(content.offset);
    let mut entry = Entry {
        name: record.name,
        metadata: record.metadata,
        body: Body::File(size),
        offset: if is_link { None } else { offset },
    };
    entry.metadata.own.extend(record.own);
    if let Some(body) = body {
        entry.body = Body::Is(body);
        return visitor.visit(entry, &mut io::empty());
    }
    let mut unpacked = Checked {
        inner: unpack(record.method, &content.source, budget)?.take(size),
        crc: flate2::Crc::new(),
        stated: record.crc,
    };
    if is_link {
        let mut target = Vec::new();
        (&mut unpacked)
            .take(super::limits::TEXT_LEN_MAX as u64)
            .read_to_end(&mut target)?;
        entry.body = Body::Is(Content::Link(super::listing::text(&target)));
    }
    visitor.visit(entry, &mut unpacked)
}

struct Packed {
    source: Source,
    offset: u64,
}

/// Finds a member's packed bytes behind its local header, and says whether that
/// header tells another name or method than the directory.
fn local(source: &Source, directory: &Directory, record: &Record) -> Result<(Packed, bool), Fault> {
    let start = directory.shift.checked_add(record.offset);
    let start = start.ok_or_else(|| Fault::malformed("its offset is too large"))?;
    let header = source.bytes_at(start, LOCAL_LEN as usize)?;
    let Some(header) = header
        .first_chunk::<30>()
        .filter(|header| header.starts_with(&LOCAL))
    else {
        return Err(Fault::malformed(format!(
            "its header should begin at byte {start}"
        )));
    };
    let number = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
    let (name_len, extra_len) = (number(26), number(28));
    let name = source.bytes_at(start.saturating_add(LOCAL_LEN), name_len.into())?;
    let differs = number(8) != record.method || super::listing::text(&name) != record.name;
    let offset = start
        .saturating_add(LOCAL_LEN)
        .saturating_add(name_len.into())
        .saturating_add(extra_len.into());
    let packed = source.part(offset, record.packed_size).ok_or_else(|| {
        Fault::malformed(format!(
            "its {} bytes reach past the end of the archive",
            record.packed_size
        ))
    })?;
    let packed = Packed {
        source: packed,
        offset,
    };
    Ok((packed, differs))
}

fn unpack(method: u16, packed: &Source, budget: &Budget) -> Result<Box<dyn Read>, Fault> {
    Ok(match method {
        DEFLATED => {
            let inner = Deflated(flate2::bufread::DeflateDecoder::new(packed.reader()));
            Box::new(budget.bound(inner, packed.len()))
        }
        ZSTD => Codec::Zstd.unpack(packed, budget)?,
        XZ => Codec::Xz.unpack(packed, budget)?,
        _ => Box::new(packed.reader()),
    })
}

/// Says what a broken stream is.
struct Deflated<R>(flate2::bufread::DeflateDecoder<R>);

impl<R: BufRead> Read for Deflated<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| {
            let at = self.0.total_out();
            let fault = match error.kind() {
                io::ErrorKind::Interrupted => return error,
                io::ErrorKind::UnexpectedEof => {
                    Fault::truncated(format!("in its compressed bytes, {at} bytes into it"))
                }
                _ => Fault::malformed(format!(
                    "its compressed bytes can't be unpacked after {at} bytes ({error})"
                )),
            };
            fault.into()
        })
    }
}

/// Compares the CRC-32 once the content has been read to its end.
struct Checked<R> {
    inner: io::Take<R>,
    crc: flate2::Crc,
    stated: u32,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.crc.update(&buffer[..count]);
        if count == 0
            && !buffer.is_empty()
            && self.inner.limit() == 0
            && self.crc.sum() != self.stated
        {
            return Err(Fault::malformed(format!(
                "its CRC-32 is {:08x} and should be {:08x}",
                self.crc.sum(),
                self.stated
            ))
            .into());
        }
        Ok(count)
    }
}

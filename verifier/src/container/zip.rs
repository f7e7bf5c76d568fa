//! zip archives, read by their central directory.
//!
//! What a name's content is, the directory at the end decides; the header before
//! the content only says where it begins.
//!
//! Source: PKWARE APPNOTE.TXT 6.3.10

mod descriptor;
mod directory;
mod doubts;
mod extra;

use std::io::{self, BufRead, Read};
use std::ops::Range;

use super::codec::Codec;
use super::fault::{Fault, Kind};
use super::limits::{Budget, UNPACKED_FREE, UNPACKED_RATIO_MAX};
use super::listing::{Content, Fact, text};
use super::source::Source;
use super::unowned::{Unowned, Zeros};
use super::visit::{Body, Entry, Visitor};
use directory::{Directory, Record};
use doubts::Doubts;
use extra::Extra;

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
    let mut owned = directory.owned();
    let mut account = Account::default();
    let mut doubts = Doubts::default();
    for _ in 0..directory.count {
        let record = reader.next_record()?;
        let added = account.add(&record, source.len());
        added.map_err(|fault| fault.within(record.name.clone()))?;
        let name = record.name.clone();
        if record.has_two_names {
            doubts.add(&name);
        }
        let local = local(source, &directory, &record);
        let local = local.map_err(|fault| fault.within(name.clone()))?;
        if local.differs {
            doubts.add(&name);
        }
        owned.push(local.owned.clone());
        let visited = member(local, budget, record, visitor);
        visited.map_err(|fault| fault.within(name))?;
    }
    let mut facts = directory.facts();
    facts.extend(doubts.fact());
    let mut unowned = Unowned::default();
    unowned.add_outside(source, owned, Zeros::Count)?;
    facts.extend(unowned.fact());
    Ok(facts)
}

/// What the members before one take together. A directory may name the same
/// bytes as the content of every member: each alone is in proportion.
#[derive(Default)]
struct Account {
    packed: u64,
    unpacked: u64,
}

impl Account {
    /// Takes one more member of an archive of some length.
    fn add(&mut self, record: &Record, len: u64) -> Result<(), Fault> {
        self.packed = self.packed.saturating_add(record.packed_size);
        if self.packed > len {
            return Err(Fault::malformed(
                "its content and that of the members before it lie over one another",
            ));
        }
        self.unpacked = self.unpacked.saturating_add(record.size);
        let max = len.saturating_mul(UNPACKED_RATIO_MAX).max(UNPACKED_FREE);
        if self.unpacked > max {
            return Err(Kind::Bomb { max }.into());
        }
        Ok(())
    }
}

/// Visits one member.
fn member(
    local: Local,
    budget: &Budget,
    mut record: Record,
    visitor: &mut dyn Visitor,
) -> Result<(), Fault> {
    if local.differs {
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
    let offset = (record.method == STORED).then_some(local.offset);
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
        inner: unpack(record.method, &local.source, budget)?.take(size),
        crc: flate2::Crc::new(),
        stated: record.crc,
    };
    if is_link {
        let mut target = Vec::new();
        (&mut unpacked)
            .take(super::limits::TEXT_LEN_MAX as u64)
            .read_to_end(&mut target)?;
        entry.body = Body::Is(Content::Link(text(&target)));
    }
    visitor.visit(entry, &mut unpacked)
}

/// A member where its bytes lie.
struct Local {
    /// The packed bytes, and where they begin.
    source: Source,
    offset: u64,
    /// All that is the member's: its header, its bytes, and a descriptor behind them.
    owned: Range<u64>,
    /// Whether the header tells another name, method or size than the directory.
    differs: bool,
}

/// Finds a member's packed bytes behind its local header.
fn local(source: &Source, directory: &Directory, record: &Record) -> Result<Local, Fault> {
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
    let size = |at: usize| {
        u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    // Writers that can't go back leave the sizes out, or for the zip64 field.
    let other_size =
        |stated: u32, size: u64| !matches!(stated, 0 | u32::MAX) && u64::from(stated) != size;
    let extra_at = start
        .saturating_add(LOCAL_LEN)
        .saturating_add(name_len.into());
    let extra = source.bytes_at(extra_at, extra_len.into())?;
    // Programs that unpack from front to back go by the name here.
    let other_name = Extra::read(&extra).unicode_name;
    let other_name = other_name.filter(|(_, other)| text(other) != record.name);
    let differs = number(8) != record.method
        || name != record.raw_name
        || other_name.is_some()
        || other_size(size(18), record.packed_size)
        || other_size(size(22), record.size);
    let offset = extra_at.saturating_add(extra_len.into());
    let packed = source.part(offset, record.packed_size).ok_or_else(|| {
        Fault::malformed(format!(
            "its {} bytes reach past the end of the archive",
            record.packed_size
        ))
    })?;
    let end = offset.saturating_add(record.packed_size);
    let end = end.saturating_add(descriptor::len(source, end, record)?);
    Ok(Local {
        source: packed,
        offset,
        owned: start..end,
        differs,
    })
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    struct Ignore;

    impl Visitor for Ignore {
        fn visit(&mut self, _: Entry, _: &mut dyn Read) -> Result<(), Fault> {
            Ok(())
        }
    }

    /// A local header, or with its offset the record of the directory.
    fn header(offset: Option<u32>, packed: u32, size: u32) -> Vec<u8> {
        let mut bytes: Vec<u8> = match offset {
            Some(_) => [&b"PK\x01\x02"[..], &20_u16.to_le_bytes()].concat(),
            None => LOCAL.to_vec(),
        };
        for field in [20_u16, 0, DEFLATED, 0, 0] {
            bytes.extend(field.to_le_bytes());
        }
        for field in [0, packed, size] {
            bytes.extend(u32::to_le_bytes(field));
        }
        bytes.extend([1, 0, 0, 0]);
        if let Some(offset) = offset {
            bytes.extend([0; 10]);
            bytes.extend(offset.to_le_bytes());
        }
        bytes.push(b'a');
        bytes
    }

    /// An archive of one content, which the directory names as several members.
    fn archive(content: &[u8], size: u32, members: u16) -> Vec<u8> {
        let packed = u32::try_from(content.len()).unwrap();
        let mut bytes = header(None, packed, size);
        bytes.extend(content);
        let directory = u32::try_from(bytes.len()).unwrap();
        for _ in 0..members {
            bytes.extend(header(Some(0), packed, size));
        }
        let len = u32::try_from(bytes.len()).unwrap() - directory;
        bytes.extend(b"PK\x05\x06\0\0\0\0");
        bytes.extend([members.to_le_bytes(), members.to_le_bytes()].concat());
        bytes.extend([len.to_le_bytes(), directory.to_le_bytes()].concat());
        bytes.extend([0, 0]);
        bytes
    }

    fn said(bytes: Vec<u8>) -> String {
        let answer = read(&Source::memory(bytes), &Budget::default(), &mut Ignore);
        answer.map_or_else(|fault| fault.to_string(), |_| "read".into())
    }

    fn deflated(content: &[u8]) -> Vec<u8> {
        let level = flate2::Compression::none();
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), level);
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn members_that_share_their_bytes_are_refused() {
        let content = deflated(&[7; 1000]);
        assert_eq!(said(archive(&content, 1000, 1)), "read");
        let said = said(archive(&content, 1000, 1000));
        assert!(said.contains("lie over one another"), "{said}");
    }

    #[test]
    fn members_together_are_held_to_the_bound_of_one_container() {
        let half = u32::try_from(UNPACKED_FREE / 2).unwrap();
        let content = deflated(b"x");
        assert_eq!(said(archive(&content, half, 2)), "read");
        let said = said(archive(&content, half, 3));
        assert!(said.contains("unpacks to more than"), "{said}");
    }
}

//! tar archives: ustar, GNU and pax headers, read as a stream.
//!
//! Every entry is a header of 512 bytes and its content, filled up to a multiple
//! of 512. Names that do not fit into a header come in an entry before it.
//!
//! Source: POSIX.1-2017 pax, "ustar Interchange Format" and "pax Header Block";
//! tar(5) of libarchive for the GNU extensions.

mod body;
mod header;
mod pax;

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use super::fault::{Fault, Kind};
use super::limits::TEXT_LEN_MAX;
use super::listing::{Fact, Metadata, Names, text};
use super::unowned::Unowned;
use super::visit::{Body, Entry, Visitor};
pub use header::is_header;
use header::{BLOCK_LEN, Header};
use pax::Records;

/// Reads a tar archive to its end.
///
/// # Errors
/// `Truncated` naming the member, `Malformed` for a header that is none, and
/// what the visitor returns.
pub fn read(stream: &mut dyn Read, visitor: &mut dyn Visitor) -> Result<Vec<Fact>, Fault> {
    let mut reader = Reader {
        stream,
        at: 0,
        end: 0,
        names: Names::default(),
        global: Records::default(),
        last: "the first member".into(),
        dialect: None,
        frame: Sha256::new(),
        unowned: Unowned::default(),
    };
    while let Some(header) = reader.next_header()? {
        reader.entry(&header, visitor)?;
        reader.end = reader.at;
    }
    let padding = reader.padding()?;
    let total = reader.at.saturating_add(padding);
    let filling = match total.checked_rem(RECORD_LEN) {
        Some(0) => format!("up to a multiple of {RECORD_LEN} bytes"),
        _ => format!("{} bytes", total - reader.end),
    };
    let mut facts = vec![
        Fact::packing("tar: format", reader.dialect.unwrap_or("none")),
        Fact::packing("tar: filled with zeros", filling),
        Fact::rest("tar: headers", hex::encode(reader.frame.finalize())),
    ];
    facts.extend(reader.unowned.fact());
    Ok(facts)
}

/// What most tar programs write at a time.
const RECORD_LEN: u64 = 10240;

struct Reader<'a> {
    stream: &'a mut dyn Read,
    /// Offset in the unpacked archive.
    at: u64,
    /// Where the last member ended.
    end: u64,
    names: Names,
    global: Records,
    /// The member read last, to say where an archive breaks off.
    last: String,
    dialect: Option<&'static str>,
    /// All that is not a member's content.
    frame: Sha256,
    /// Bytes other than zero that fill members up.
    unowned: Unowned,
}

/// What entries before a member say about it.
#[derive(Default)]
struct Before {
    name: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    records: Records,
}

impl Reader<'_> {
    /// Returns the next header; `None` at the end of the archive.
    fn next_header(&mut self) -> Result<Option<Header>, Fault> {
        let mut block = [0; BLOCK_LEN];
        let len = fill(self.stream, &mut block).map_err(|error| self.broken(error))?;
        self.at = self.at.saturating_add(len as u64);
        self.frame.update(&block[..len]);
        match len {
            // Some writers leave the closing zeros out.
            0 => return Ok(None),
            BLOCK_LEN => {}
            _ => return Err(Fault::truncated(format!("in a header after {}", self.last))),
        }
        if block.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        match Header::read(block) {
            Some(header) => {
                let dialect = header.dialect();
                self.dialect = match self.dialect {
                    Some("pax") => Some("pax"),
                    _ => Some(dialect),
                };
                Ok(Some(header))
            }
            None => Err(Fault::malformed(format!(
                "at byte {} a tar header should begin, after {}",
                self.at - BLOCK_LEN as u64,
                self.last
            ))),
        }
    }

    /// Reads one member, with the entries that only describe it.
    fn entry(&mut self, first: &Header, visitor: &mut dyn Visitor) -> Result<(), Fault> {
        let mut before = Before::default();
        let mut header = *first;
        // Each turn reads a header at least, so the archive's length bounds them.
        loop {
            match header.kind() {
                b'L' => before.name = Some(self.text(&header)?),
                b'K' => before.target = Some(self.text(&header)?),
                b'x' => before.records = Records::read(&self.text(&header)?)?,
                b'g' => {
                    let records = Records::read(&self.text(&header)?)?;
                    self.global.extend(records)?;
                }
                _ => return self.member(&header, &before, visitor),
            }
            match self.next_header()? {
                Some(next) => header = next,
                // A closing global header is no fault: git writes one alone.
                None if header.kind() == b'g' => return Ok(()),
                None => {
                    return Err(Fault::truncated(format!(
                        "before the member that follows {}",
                        self.last
                    )));
                }
            }
        }
    }

    /// Reads the text of an entry that describes the next.
    fn text(&mut self, header: &Header) -> Result<Vec<u8>, Fault> {
        let size = header.size()?;
        if size > TEXT_LEN_MAX as u64 {
            return Err(Fault::malformed(format!(
                "a name or description after {} is {size} bytes long",
                self.last
            )));
        }
        let mut text = Vec::new();
        self.stream
            .take(size)
            .read_to_end(&mut text)
            .map_err(|error| self.broken(error))?;
        if (text.len() as u64) < size {
            return Err(Fault::truncated(format!("in a header after {}", self.last)));
        }
        self.frame.update(&text);
        self.at = self.at.saturating_add(size);
        self.skip_padding(size)?;
        Ok(text)
    }

    fn member(
        &mut self,
        header: &Header,
        before: &Before,
        visitor: &mut dyn Visitor,
    ) -> Result<(), Fault> {
        let record = |key: &str| before.records.get(key).or_else(|| self.global.get(key));
        let long = before.name.as_deref().map(until_zero);
        let path = record("path").or(long).map_or_else(|| header.path(), text);
        let target = before.target.as_deref().map(until_zero);
        let target = record("linkpath").or(target);
        let target = target.map_or_else(|| text(header.target()), text);
        let size = match record("size") {
            Some(size) => pax::number(size).ok_or_else(|| {
                Fault::malformed(format!(
                    "the size of {path} in its pax header is not a number"
                ))
            })?,
            None => header.size()?,
        };
        let metadata = self.metadata(header, before)?;
        self.last.clone_from(&path);
        // Links have no content, whatever their headers say about size.
        let has_content = !matches!(header.kind(), b'1'..=b'6');
        let size = if has_content { size } else { 0 };
        let opaque = self.opaque(header, before, &path, size)?;
        let left = if opaque.is_some() { 0 } else { size };
        let body = match (opaque, header.kind()) {
            (Some(content), _) => Body::Is(content),
            (None, kind) => body::usual(kind, &path, target, size),
        };
        let mut content = (&mut *self.stream).take(left);
        let entry = Entry {
            name: path,
            metadata,
            body,
            offset: Some(self.at),
        };
        visitor
            .visit(entry, &mut content)
            .map_err(|fault| fault.within(self.last.clone()))?;
        let skipped = io::copy(&mut content, &mut io::sink());
        let missing = content.limit();
        skipped.map_err(|error| self.broken(error))?;
        if missing > 0 {
            return Err(Fault::ends_within(&self.last, missing));
        }
        self.at = self.at.saturating_add(left);
        self.skip_padding(size)
    }

    fn metadata(&mut self, header: &Header, before: &Before) -> Result<Metadata, Fault> {
        let record = |key: &str| before.records.get(key).or_else(|| self.global.get(key));
        let number = |key: &str| record(key).and_then(pax::number);
        let name = |key: &str, field: &[u8]| text(record(key).unwrap_or(field));
        let modified = record("mtime").and_then(pax::time);
        let (owner, group) = (name("uname", header.owner()), name("gname", header.group()));
        let uid = number("uid").or_else(|| header.uid());
        let gid = number("gid").or_else(|| header.gid());
        let mut own = before.records.own();
        if let Some(device) = header.device() {
            own.push(("device", device));
        }
        own.push(("header", header.dialect().into()));
        Ok(Metadata {
            modified: modified.or_else(|| header.modified()),
            mode: header.mode(),
            uid,
            gid,
            owner: self.names.share(&owner),
            group: self.names.share(&group),
            own,
        })
    }

    fn skip_padding(&mut self, size: u64) -> Result<(), Fault> {
        let odd = size % BLOCK_LEN as u64;
        if odd == 0 {
            return Ok(());
        }
        let padding = BLOCK_LEN as u64 - odd;
        let mut filling = Vec::new();
        let read = self.stream.take(padding).read_to_end(&mut filling);
        read.map_err(|error| self.broken(error))?;
        self.frame.update(&filling);
        self.unowned.add_filling(self.at, &filling);
        self.at = self.at.saturating_add(filling.len() as u64);
        // The last member's padding is missing in some archives; what is lost
        // with it is nothing.
        Ok(())
    }

    /// Reads what follows the closing block and counts its zeros.
    fn padding(&mut self) -> Result<u64, Fault> {
        let mut count = 0;
        let mut block = [0; BLOCK_LEN];
        loop {
            let len = fill(self.stream, &mut block).map_err(|error| self.broken(error))?;
            if block[..len].iter().any(|byte| *byte != 0) {
                return Err(Fault::malformed(format!(
                    "after its end, at byte {}, there are bytes that belong to no member; the last one is {}",
                    self.at.saturating_add(count),
                    self.last
                )));
            }
            count += len as u64;
            if len < BLOCK_LEN {
                return Ok(count);
            }
        }
    }

    fn broken(&self, error: io::Error) -> Fault {
        let fault = Fault::from(error);
        match fault.kind {
            Kind::Io(_) | Kind::TooMuch { .. } => fault,
            _ => fault.within(format!("after {}", self.last)),
        }
    }
}

/// Reads until the buffer is full or nothing is left.
fn fill(stream: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while len < buffer.len() {
        match stream.read(&mut buffer[len..]) {
            Ok(0) => break,
            Ok(count) => len += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(len)
}

fn until_zero(bytes: &[u8]) -> &[u8] {
    let len = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    &bytes[..len]
}

//! ar archives: Debian packages, C archives. Each member is a header of 60 text
//! bytes and its content, on even offsets.
//!
//! Source: ar(5) of FreeBSD and of GNU binutils; deb(5) of dpkg.

use std::io::Read;

use super::fault::Fault;
use super::limits::TEXT_LEN_MAX;
use super::listing::{Fact, Metadata, Time, text};
use super::unowned::Unowned;
use super::visit::{Body, Entry, Visitor};

/// The first bytes of every ar archive.
pub const MAGIC: &[u8; 8] = b"!<arch>\n";

const HEADER_LEN: usize = 60;

/// Goes through the members.
///
/// # Errors
/// `Truncated` and `Malformed` naming the member, and what the visitor returns.
pub fn read(stream: &mut dyn Read, visitor: &mut dyn Visitor) -> Result<Vec<Fact>, Fault> {
    let mut magic = [0; MAGIC.len()];
    stream.read_exact(&mut magic)?;
    let mut reader = Reader {
        stream,
        at: MAGIC.len() as u64,
        names: Vec::new(),
        last: "its beginning".into(),
        unowned: Unowned::default(),
    };
    while reader.member(visitor)? {}
    Ok(reader.unowned.fact().into_iter().collect())
}

struct Reader<'a> {
    stream: &'a mut dyn Read,
    at: u64,
    /// The table of names that are too long for a header, GNU's way.
    names: Vec<u8>,
    last: String,
    /// Bytes between members that are no line ends.
    unowned: Unowned,
}

impl Reader<'_> {
    /// Reads one member; false at the end.
    fn member(&mut self, visitor: &mut dyn Visitor) -> Result<bool, Fault> {
        let mut header = Vec::new();
        self.stream
            .take(HEADER_LEN as u64)
            .read_to_end(&mut header)?;
        let Some(fields) = header.first_chunk::<HEADER_LEN>() else {
            if header.is_empty() {
                return Ok(false);
            }
            return Err(Fault::truncated(format!("in a header after {}", self.last)));
        };
        if &fields[58..] != b"`\n" {
            return Err(Fault::malformed(format!(
                "at byte {} an ar header should begin, after {}",
                self.at, self.last
            )));
        }
        self.at += HEADER_LEN as u64;
        let size = number(&fields[48..58], 10).ok_or_else(|| {
            Fault::malformed(format!(
                "the size of the member after {} is not a number",
                self.last
            ))
        })?;
        let mut size_left = size;
        let Some(name) = self.name(fields, &mut size_left)? else {
            // The table of long names.
            self.names = self.text(size)?;
            self.skip_odd(size)?;
            return Ok(true);
        };
        self.last.clone_from(&name);
        let mut content = (&mut *self.stream).take(size_left);
        let entry = Entry {
            name: name.clone(),
            metadata: metadata(fields),
            body: Body::File(size_left),
            offset: Some(self.at.saturating_add(size - size_left)),
        };
        visitor
            .visit(entry, &mut content)
            .map_err(|fault| fault.within(name))?;
        std::io::copy(&mut content, &mut std::io::sink())?;
        if content.limit() > 0 {
            return Err(Fault::ends_within(&self.last, content.limit()));
        }
        self.skip_odd(size)?;
        Ok(true)
    }

    /// Returns the member's name; `None` for the table of names. BSD puts long
    /// names before the content, and counts them in its size.
    fn name(&mut self, fields: &[u8; HEADER_LEN], size: &mut u64) -> Result<Option<String>, Fault> {
        let short = fields[..16].trim_ascii_end();
        if short == b"//" {
            return Ok(None);
        }
        if let Some(len) = short.strip_prefix(b"#1/") {
            let len = number(len, 10).unwrap_or(u64::MAX).min(*size);
            let name = self.text(len)?;
            *size -= len;
            let end = memchr::memchr(0, &name).unwrap_or(name.len());
            return Ok(Some(text(&name[..end])));
        }
        let offset = short
            .strip_prefix(b"/")
            .and_then(|digits| number(digits, 10));
        if let Some(offset) = offset.filter(|_| short.len() > 1) {
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            let rest = self.names.get(start..).unwrap_or_default();
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let name = rest[..end].strip_suffix(b"/").unwrap_or(&rest[..end]);
            return Ok(Some(text(name)));
        }
        // The table of symbols is called "/" and stays a member.
        let name = match short {
            b"/" | b"/SYM64/" => short,
            _ => short.strip_suffix(b"/").unwrap_or(short),
        };
        Ok(Some(text(name)))
    }

    fn text(&mut self, len: u64) -> Result<Vec<u8>, Fault> {
        if len > TEXT_LEN_MAX as u64 {
            return Err(Fault::malformed(format!(
                "a name after {} is {len} bytes long",
                self.last
            )));
        }
        let mut bytes = Vec::new();
        self.stream.take(len).read_to_end(&mut bytes)?;
        if (bytes.len() as u64) < len {
            return Err(Fault::truncated(format!("in a name after {}", self.last)));
        }
        Ok(bytes)
    }

    fn skip_odd(&mut self, size: u64) -> Result<(), Fault> {
        self.at = self.at.saturating_add(size).saturating_add(size & 1);
        let mut filling = Vec::new();
        self.stream.take(size & 1).read_to_end(&mut filling)?;
        if filling != b"\n" {
            self.unowned
                .add_filling(self.at.saturating_sub(1), &filling);
        }
        Ok(())
    }
}

fn metadata(fields: &[u8; HEADER_LEN]) -> Metadata {
    let seconds = number(&fields[16..28], 10).and_then(|time| i64::try_from(time).ok());
    Metadata {
        modified: seconds.map(|seconds| Time {
            seconds,
            nanoseconds: 0,
        }),
        mode: number(&fields[40..48], 8).and_then(|mode| u32::try_from(mode & 0o7777).ok()),
        uid: number(&fields[28..34], 10),
        gid: number(&fields[34..40], 10),
        ..Metadata::default()
    }
}

/// Reads digits between blanks.
fn number(field: &[u8], radix: u32) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?.trim_matches(' ');
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number
        .then(|| u64::from_str_radix(text, radix).ok())
        .flatten()
}

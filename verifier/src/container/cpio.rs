//! cpio archives in the "new ASCII" form, as rpm packages hold them: a header of
//! hexadecimal text, the name, the content, each filled up to a multiple of 4.
//!
//! Source: cpio(5) of libarchive; rpm's own form (magic 07070X) from rpm's
//! lib/rpmfi.h: the name is a number, and the package's header says the rest.

use std::collections::HashMap;
use std::io::Read;

use super::fault::Fault;
use super::limits::TEXT_LEN_MAX;
use super::listing::{Content, Fact, Metadata, Time, text};
use super::unowned::Unowned;
use super::visit::{Body, Entry, Visitor};

const HEADER_LEN: usize = 110;

/// Says whether a stream that begins with these bytes is one.
pub fn is_header(head: &[u8]) -> bool {
    head.starts_with(b"070701") || head.starts_with(b"070702")
}

/// A member of a package whose headers tell its name and size apart from the
/// cpio archive.
#[derive(Debug, Clone)]
pub struct Known {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its type and mode.
    pub mode: u32,
    /// The target, for a symbolic link.
    pub target: String,
    /// What the package's header says about it.
    pub metadata: Metadata,
}

/// Goes through the members. A package's own header, where there is one, says
/// better what they are.
///
/// # Errors
/// `Truncated` and `Malformed` naming the member, and what the visitor returns.
pub fn read(
    stream: &mut dyn Read,
    known: &[Known],
    visitor: &mut dyn Visitor,
) -> Result<Vec<Fact>, Fault> {
    let by_name: HashMap<&str, &Known> = known
        .iter()
        .map(|member| (super::path::key(&member.name), member))
        .collect();
    let mut reader = Reader {
        stream,
        at: 0,
        last: "its beginning".into(),
        links: HashMap::new(),
        waiting: 0,
        unowned: Unowned::default(),
    };
    while let Some(header) = reader.header()? {
        let member = match header.index {
            Some(index) => Some(known.get(index).ok_or_else(|| {
                Fault::malformed(format!(
                    "it holds a file {index} that its header does not list"
                ))
            })?),
            None => by_name.get(super::path::key(&header.name)).copied(),
        };
        reader.member(header, member, visitor)?;
    }
    reader.empty_files(visitor)?;
    reader.end()?;
    Ok(reader.unowned.fact().into_iter().collect())
}

struct Header {
    name: String,
    /// The number of the file in the package's header, in rpm's own form.
    index: Option<usize>,
    inode: (u64, u64, u64),
    mode: u32,
    links: u64,
    size: u64,
    metadata: Metadata,
}

struct Reader<'a> {
    stream: &'a mut dyn Read,
    at: u64,
    last: String,
    /// Names of files that have several; the last of them has the content.
    links: HashMap<(u64, u64, u64), Vec<(String, Metadata)>>,
    /// How many names had to wait.
    waiting: usize,
    /// Bytes other than zero that fill members up.
    unowned: Unowned,
}

/// The most names that wait for their content.
const LINKS_MAX: usize = 100_000;

impl Reader<'_> {
    /// Reads the next header; `None` after the last member.
    fn header(&mut self) -> Result<Option<Header>, Fault> {
        let mut magic = [0; 6];
        self.exact(&mut magic)?;
        if &magic == b"07070X" {
            return self.numbered().map(Some);
        }
        if !is_header(&magic) {
            return Err(self.broken());
        }
        let mut rest = [0; HEADER_LEN - 6];
        self.exact(&mut rest)?;
        let (fields, _) = rest.as_chunks::<8>();
        let mut numbers = [0; 13];
        for (number, field) in numbers.iter_mut().zip(fields) {
            *number = hex(field).ok_or_else(|| self.broken())?;
        }
        let [
            inode,
            mode,
            uid,
            gid,
            links,
            mtime,
            size,
            major,
            minor,
            _,
            _,
            name_len,
            _,
        ] = numbers;
        if name_len > TEXT_LEN_MAX as u64 {
            return Err(self.broken());
        }
        let mut name = vec![0; usize::try_from(name_len).unwrap_or(0)];
        self.exact(&mut name)?;
        self.align()?;
        let name = text(name.strip_suffix(b"\0").unwrap_or(&name));
        if name == "TRAILER!!!" {
            return Ok(None);
        }
        let seconds = i64::try_from(mtime).unwrap_or(0);
        Ok(Some(Header {
            name,
            index: None,
            inode: (major, minor, inode),
            mode: u32::try_from(mode).unwrap_or(0),
            links,
            size,
            metadata: Metadata {
                modified: Some(Time {
                    seconds,
                    nanoseconds: 0,
                }),
                mode: u32::try_from(mode & 0o7777).ok(),
                uid: Some(uid),
                gid: Some(gid),
                ..Metadata::default()
            },
        }))
    }

    /// Reads the header of rpm's own form.
    fn numbered(&mut self) -> Result<Header, Fault> {
        let mut number = [0; 8];
        self.exact(&mut number)?;
        self.align()?;
        let index = hex(&number).ok_or_else(|| self.broken())?;
        Ok(Header {
            name: String::new(),
            index: usize::try_from(index).ok(),
            inode: (0, 0, 0),
            mode: 0,
            links: 1,
            size: 0,
            metadata: Metadata::default(),
        })
    }

    fn member(
        &mut self,
        mut header: Header,
        known: Option<&Known>,
        visitor: &mut dyn Visitor,
    ) -> Result<(), Fault> {
        if let Some(known) = known {
            header.metadata = known.metadata.clone();
            if header.index.is_some() {
                header.name.clone_from(&known.name);
                header.mode = known.mode;
                header.size = known.size;
            }
        }
        self.last.clone_from(&header.name);
        let start = self.at;
        let mut content = (&mut *self.stream).take(header.size);
        let visited = match header.mode >> 12 {
            0o10 if header.links > 1 && header.size == 0 => {
                let names = self.links.entry(header.inode).or_default();
                self.waiting += 1;
                if self.waiting > LINKS_MAX {
                    return Err(Fault::malformed(format!(
                        "{} is a name too many of files that have several",
                        header.name
                    )));
                }
                names.push((header.name, header.metadata));
                return Ok(());
            }
            0o10 => {
                let name = header.name.clone();
                let entry = entry(header.name, header.metadata, Body::File(header.size), start);
                let visited = visitor.visit(entry, &mut content);
                let others = self.links.remove(&header.inode).unwrap_or_default();
                visited.and_then(|()| link(name, others, visitor))
            }
            0o12 => {
                let mut target = Vec::new();
                (&mut content)
                    .take(TEXT_LEN_MAX as u64)
                    .read_to_end(&mut target)?;
                let target = match known {
                    Some(known) if target.is_empty() => known.target.clone(),
                    _ => text(&target),
                };
                let body = Body::Is(Content::Link(target));
                visitor.visit(
                    entry(header.name, header.metadata, body, start),
                    &mut content,
                )
            }
            kind => {
                let body = Body::Is(special(kind));
                visitor.visit(
                    entry(header.name, header.metadata, body, start),
                    &mut content,
                )
            }
        };
        visited.map_err(|fault| fault.within(self.last.clone()))?;
        std::io::copy(&mut content, &mut std::io::sink())?;
        if content.limit() > 0 {
            return Err(Fault::ends_within(&self.last, content.limit()));
        }
        self.at = self.at.saturating_add(header.size);
        self.align()
    }

    /// Visits files of several names of which none had content: they are empty.
    fn empty_files(&mut self, visitor: &mut dyn Visitor) -> Result<(), Fault> {
        let mut files: Vec<_> = std::mem::take(&mut self.links).into_iter().collect();
        files.sort_by_key(|(inode, _)| *inode);
        for (_, mut names) in files {
            let (first, metadata) = names.remove(0);
            let empty = entry(first.clone(), metadata, Body::File(0), self.at);
            visitor.visit(empty, &mut std::io::empty())?;
            link(first, names, visitor)?;
        }
        Ok(())
    }

    /// Zeros fill an archive up; anything else may be unpacked by some.
    fn end(&mut self) -> Result<(), Fault> {
        let mut piece = [0; 4096];
        loop {
            let count = match self.stream.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            if piece[..count].iter().any(|byte| *byte != 0) {
                return Err(Fault::unsupported(
                    "after its closing entry there are more bytes, perhaps another archive, which this program does not read",
                ));
            }
        }
    }

    fn exact(&mut self, buffer: &mut [u8]) -> Result<(), Fault> {
        self.stream.read_exact(buffer).map_err(|error| {
            if error.kind() == std::io::ErrorKind::UnexpectedEof {
                return Fault::truncated(format!("after {}, without a closing entry", self.last));
            }
            error.into()
        })?;
        self.at = self.at.saturating_add(buffer.len() as u64);
        Ok(())
    }

    fn align(&mut self) -> Result<(), Fault> {
        let padding = self.at.wrapping_neg() & 3;
        let mut filling = Vec::new();
        self.stream.take(padding).read_to_end(&mut filling)?;
        self.unowned.add_filling(self.at, &filling);
        self.at = self.at.saturating_add(filling.len() as u64);
        Ok(())
    }

    fn broken(&self) -> Fault {
        Fault::malformed(format!(
            "near byte {} a cpio header should be, after {}",
            self.at, self.last
        ))
    }
}

fn special(kind: u32) -> Content {
    match kind {
        0o4 => Content::Folder,
        0o1 => Content::Other("named pipe".into()),
        0o2 => Content::Other("character device".into()),
        0o6 => Content::Other("block device".into()),
        0o14 => Content::Other("socket".into()),
        other => Content::Other(format!("cpio entry of type {other:o}")),
    }
}

fn entry(name: String, metadata: Metadata, body: Body, offset: u64) -> Entry {
    Entry {
        name,
        metadata,
        body,
        offset: Some(offset),
    }
}

/// Visits the other names of a file after the one that has the content.
fn link(
    target: String,
    others: Vec<(String, Metadata)>,
    visitor: &mut dyn Visitor,
) -> Result<(), Fault> {
    for (name, metadata) in others {
        let body = Body::SameAs(target.clone());
        visitor.visit(entry(name, metadata, body, 0), &mut std::io::empty())?;
    }
    Ok(())
}

fn hex(field: &[u8]) -> Option<u64> {
    let is_hex = field.iter().all(u8::is_ascii_hexdigit);
    let text = std::str::from_utf8(field).ok().filter(|_| is_hex)?;
    u64::from_str_radix(text, 16).ok()
}

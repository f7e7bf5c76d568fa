//! Telling whether something is a container, and going through it.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::aside::Taker;
use super::codec::Codec;
use super::fault::{Fault, Kind as FaultKind};
use super::folder;
use super::limits::Budget;
use super::list::Lister;
use super::listing::{self, Fact, Listing, Metadata};
use super::source::Source;
use super::visit::{Body, Entry, Visitor};
use super::{tar, zip};

/// Bytes by which a container is told.
const HEAD_LEN: usize = 4096;

/// The kinds of containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A folder on disk.
    Folder,
    /// tar in any dialect.
    Tar,
    /// zip, and what is one: module zips, wheels, jars.
    Zip,
    /// One file compressed.
    Stream,
    /// A file that is no container, as the other side of one.
    File,
}

/// A container, before it is read.
#[derive(Debug, Clone)]
pub struct Container {
    /// What it is.
    pub kind: Kind,
    /// How all of it is compressed.
    pub codec: Option<Codec>,
    place: Place,
    /// The name of what a compressed stream holds, where only the stream has one.
    stem: String,
    budget: Budget,
}

#[derive(Debug, Clone)]
enum Place {
    Folder(Arc<Listing>),
    Source(Source),
}

impl Container {
    /// Takes a folder and lists it.
    ///
    /// # Errors
    /// As [`folder::list`].
    pub fn folder(path: &Path, budget: &Budget) -> Result<Self, Fault> {
        Ok(Self {
            kind: Kind::Folder,
            codec: None,
            place: Place::Folder(Arc::new(folder::list(path)?)),
            stem: String::new(),
            budget: budget.clone(),
        })
    }

    /// Takes a file that is no container as one with a single member.
    pub fn file(name: &str, source: &Source, budget: &Budget) -> Self {
        Self {
            kind: Kind::File,
            codec: None,
            place: Place::Source(source.clone()),
            stem: base(name).into(),
            budget: budget.clone(),
        }
    }

    /// Takes bytes that begin like a container; `None` for anything else.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(name: &str, source: &Source, budget: &Budget) -> io::Result<Option<Self>> {
        let head = source.bytes_at(0, HEAD_LEN)?;
        let container = |kind, codec| {
            Some(Self {
                kind,
                codec,
                place: Place::Source(source.clone()),
                stem: stem(name),
                budget: budget.clone(),
            })
        };
        if let Some(kind) = Kind::sniff(&head) {
            return Ok(container(kind, None));
        }
        let Some(codec) = Codec::sniff(&head) else {
            return Ok(None);
        };
        // What breaks here breaks again when it is read, and is reported then.
        let mut inner = Vec::new();
        if let Ok(stream) = codec.unpack(source, budget) {
            let _ = stream.take(HEAD_LEN as u64).read_to_end(&mut inner);
        }
        let kind = match Kind::sniff(&inner) {
            Some(kind) if kind.is_stream() => kind,
            _ => Kind::Stream,
        };
        Ok(container(kind, Some(codec)))
    }

    /// Returns the name of its kind, of how it is compressed where it is nothing else.
    pub fn kind_name(&self) -> &'static str {
        match (self.kind, self.codec) {
            (Kind::Stream, Some(Codec::Gzip)) => "gzip stream",
            (Kind::Stream, Some(Codec::Xz)) => "xz stream",
            (Kind::Stream, Some(Codec::Zstd)) => "zstd stream",
            (Kind::Stream, Some(Codec::Bzip2)) => "bzip2 stream",
            (kind, _) => kind.name(),
        }
    }

    /// Returns what it is in words: `tar archive in gzip`.
    pub fn describe(&self) -> String {
        match (self.kind, self.codec) {
            (Kind::Stream, Some(codec)) => format!("{} stream", codec.name()),
            (kind, Some(codec)) => format!("{} in {}", kind.name(), codec.name()),
            (kind, None) => kind.name().into(),
        }
    }

    /// Returns its own size in bytes; of a folder, that of the files in it.
    pub fn len(&self) -> u64 {
        match &self.place {
            Place::Folder(listing) => listing.size(),
            Place::Source(source) => source.len(),
        }
    }

    /// Says whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lists the members, each one's content hashed.
    ///
    /// # Errors
    /// Why it can't be read to its end, and where.
    pub fn list(&self) -> Result<Arc<Listing>, Fault> {
        let source = match &self.place {
            Place::Folder(listing) => return Ok(Arc::clone(listing)),
            Place::Source(source) => source,
        };
        let plain = self.codec.is_none().then(|| source.clone());
        let mut lister = Lister::new(plain);
        let facts = self.visit(source, &mut lister)?;
        let mut listing = lister.finish();
        if let Some(codec) = self.codec {
            listing.facts = codec.facts(source)?;
        }
        listing.facts.extend(facts);
        Ok(Arc::new(listing))
    }

    /// Makes the bytes of some members readable.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub fn take(
        &self,
        listing: &Listing,
        wanted: &HashSet<usize>,
    ) -> Result<HashMap<usize, Source>, Fault> {
        let mut taken = HashMap::new();
        let mut packed: HashMap<usize, usize> = HashMap::new();
        for index in wanted {
            let Some(member) = listing.members.get(*index) else {
                continue;
            };
            match &member.place {
                listing::Place::Here(source) => {
                    taken.insert(*index, source.clone());
                }
                listing::Place::OnDisk(path) => {
                    let file = folder::open(path).and_then(Source::file);
                    let file = file
                        .map_err(|error| Fault::from(error).within(path.display().to_string()))?;
                    taken.insert(*index, file);
                }
                listing::Place::Packed => {
                    packed.insert(*index, member.origin.unwrap_or(*index));
                }
            }
        }
        if let (Place::Source(source), false) = (&self.place, packed.is_empty()) {
            let mut taker = Taker::new(packed.values().copied().collect());
            self.visit(source, &mut taker)?;
            let aside = taker.finish()?;
            for (index, origin) in packed {
                if let Some(source) = aside.get(&origin) {
                    taken.insert(index, source.clone());
                }
            }
        }
        Ok(taken)
    }

    fn visit(&self, source: &Source, visitor: &mut dyn Visitor) -> Result<Vec<Fact>, Fault> {
        match self.kind {
            Kind::Zip => return zip::read(source, &self.budget, visitor),
            Kind::Folder => return Err(FaultKind::Changed.into()),
            Kind::Tar | Kind::Stream | Kind::File => {}
        }
        let mut stream: Box<dyn Read> = match self.codec {
            Some(codec) => codec.unpack(source, &self.budget)?,
            None => Box::new(source.reader()),
        };
        if self.kind == Kind::Tar {
            return tar::read(&mut stream, visitor);
        }
        let entry = Entry {
            name: self.stem.clone(),
            metadata: Metadata::default(),
            // A compressed stream says its size when it ends, if at all.
            body: Body::File(if self.kind == Kind::File {
                source.len()
            } else {
                0
            }),
            offset: (self.kind == Kind::File).then_some(0),
        };
        visitor.visit(entry, &mut stream)?;
        Ok(Vec::new())
    }
}

impl Kind {
    /// Tells a container that is not compressed by its first bytes.
    fn sniff(head: &[u8]) -> Option<Self> {
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            return Some(Self::Zip);
        }
        tar::is_header(head).then_some(Self::Tar)
    }

    /// Says whether it can be read from front to back, and so compressed as a whole.
    fn is_stream(self) -> bool {
        match self {
            Self::Tar => true,
            Self::Folder | Self::Zip | Self::Stream | Self::File => false,
        }
    }

    /// Returns the name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::Tar => "tar archive",
            Self::Zip => "zip archive",
            Self::Stream => "compressed stream",
            Self::File => "single file",
        }
    }
}

/// Returns the name that a file has without its compressor's ending.
fn stem(name: &str) -> String {
    let base = base(name);
    let endings = [".gz", ".xz", ".zst", ".zstd", ".bz2", ".lzma"];
    let stem = endings.iter().find_map(|ending| base.strip_suffix(ending));
    match stem {
        Some(stem) if !stem.is_empty() => stem.into(),
        _ => base.into(),
    }
}

fn base(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

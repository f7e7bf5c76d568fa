//! Telling whether something is a container, and going through it.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::aside::Taker;
use super::codec::Codec;
use super::fault::{Fault, Kind as FaultKind};
use super::folder;
use super::kind::Kind;
use super::limits::Budget;
use super::list::Lister;
use super::listing::{self, Fact, Listing, Metadata};
use super::path::{base, stem};
use super::source::Source;
use super::visit::{Body, Entry, Visitor};
use super::{ar, cpio, fat, rpm, tar, zip};
use crate::opening::{self, Links};

/// Bytes by which a container is told.
const HEAD_LEN: usize = 4096;

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
    /// A folder, or the view of an image.
    Listed(Arc<Listing>),
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
            place: Place::Listed(Arc::new(folder::list(path)?)),
            stem: String::new(),
            budget: budget.clone(),
        })
    }

    /// Returns an image in this container as a container of the image's layers.
    pub(super) fn of_layers(&self, listing: Arc<Listing>) -> Self {
        Self {
            kind: Kind::Image,
            codec: None,
            place: Place::Listed(listing),
            stem: self.describe(),
            budget: self.budget.clone(),
        }
    }

    /// Returns the archive of files inside a Debian package, to be compared with a
    /// container of another kind; `None` for anything else.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub fn payload(&self) -> Result<Option<Self>, Fault> {
        if self.kind != Kind::Deb {
            return Ok(None);
        }
        let listing = self.list()?;
        let data = listing
            .members
            .iter()
            .position(|member| member.name == "data.tar");
        let Some(data) = data else {
            return Ok(None);
        };
        let taken = self.take(&listing, &HashSet::from([data]))?;
        let source = taken
            .get(&data)
            .map(|source| Self::open("data.tar", source, &self.budget));
        Ok(source.transpose()?.flatten())
    }

    /// Takes a file that is not a container as one with a single member.
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
            (Kind::Image, _) => format!("container image in a {}", self.stem),
            (kind, Some(codec)) => format!("{} in {}", kind.name(), codec.name()),
            (kind, None) => kind.name().into(),
        }
    }

    /// Returns its own size in bytes; of a folder, that of the files in it.
    pub fn len(&self) -> u64 {
        match &self.place {
            Place::Listed(listing) => listing.size(),
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
            Place::Listed(listing) => return Ok(Arc::clone(listing)),
            Place::Source(source) => source,
        };
        // A package's payload is compressed behind its headers: what its members'
        // offsets count is not the package.
        let is_plain = self.codec.is_none() && self.kind != Kind::Rpm;
        let plain = is_plain.then(|| source.clone());
        let mut lister = Lister::new(plain);
        let facts = self.visit(source, &mut lister)?;
        let mut listing = lister.finish();
        if self.kind == Kind::Deb {
            listing.leave_out_endings();
        }
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
                    let file = opening::regular(path, Links::Refused).and_then(Source::file);
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
            Kind::Rpm => return rpm::read(source, &self.budget, visitor),
            Kind::Fat => return fat::read(source, visitor),
            Kind::Folder | Kind::Image => return Err(FaultKind::Changed.into()),
            Kind::Tar | Kind::Deb | Kind::Ar | Kind::Cpio | Kind::Stream | Kind::File => {}
        }
        let mut stream: Box<dyn Read> = match self.codec {
            Some(codec) => codec.unpack(source, &self.budget)?,
            None => Box::new(source.reader()),
        };
        match self.kind {
            Kind::Tar => return tar::read(&mut stream, visitor),
            Kind::Deb | Kind::Ar => return ar::read(&mut stream, visitor),
            Kind::Cpio => return cpio::read(&mut stream, &[], visitor),
            Kind::Stream | Kind::File => {}
            Kind::Folder | Kind::Zip | Kind::Rpm | Kind::Fat | Kind::Image => {}
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

//! The object file within an archive's member.
//!
//! ```text
//! \0go120ld  fingerprint (8)  flags u32  offsets of 19 blocks, u32 each
//! ```
//!
//! Numbers are little-endian, offsets count from the magic, the blocks follow
//! each other in the order of [`Block`], strings lie before the first. A string
//! is its length and its offset, a symbol 21 bytes.
//!
//! Source: cmd/internal/goobj/objfile.go

use std::collections::HashMap;
use std::ops::Range;

use memchr::memmem;
use thiserror::Error;

use super::archive;
use super::header::{self, Header};
use super::symbol::{AUX_LEN, Aux, RELOCATION_LEN, Ref, Relocation, SYMBOL_LEN, Symbol};

/// Why an object can't be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// Another version's format, or no object at all.
    #[error(
        "object format {magic:?} is unknown: only {want:?} is read",
        want = "\0go120ld"
    )]
    Magic {
        /// What stands in the magic's place.
        magic: String,
    },
    /// The file ends within the header.
    #[error("the object ends after {len} bytes, within its header of {want}")]
    Short {
        /// Bytes there are.
        len: usize,
        /// Bytes of the header.
        want: usize,
    },
    /// A block begins before the one in front of it, or after the end.
    #[error(
        "block {block} begins at {offset}: before the block in front of it, or past the end at {len}"
    )]
    Block {
        /// The block's number.
        block: usize,
        /// Where it is said to begin.
        offset: u32,
        /// Size of the object in bytes.
        len: usize,
    },
}

/// The blocks in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the toolchain's own")]
pub enum Block {
    Autolib,
    PkgIdx,
    File,
    Symdef,
    Hashed64def,
    Hasheddef,
    Nonpkgdef,
    Nonpkgref,
    RefFlags,
    Hash64,
    Hash,
    RelocIdx,
    AuxIdx,
    DataIdx,
    Reloc,
    Aux,
    Data,
    RefName,
    End,
}

const BLOCKS: usize = 19;
const MAGIC: &[u8; 8] = b"\0go120ld";
const HEADER_LEN: usize = 8 + 8 + 4 + 4 * BLOCKS;

/// The lists of symbols that an object defines, in the order of their numbers.
const DEFINED: [Block; 4] = [
    Block::Symdef,
    Block::Hashed64def,
    Block::Hasheddef,
    Block::Nonpkgdef,
];

/// A package that an object imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import<'a> {
    /// Import path.
    pub path: &'a [u8],
    /// The first bytes of the hash of its export data.
    pub fingerprint: [u8; 8],
}

/// An object file, borrowed from its bytes.
#[derive(Debug, Clone)]
pub struct Object<'a> {
    /// The text lines before it; `None` when it was parsed without them.
    pub header: Option<Header>,
    /// The first bytes of the hash of the package's own export data.
    pub fingerprint: [u8; 8],
    /// Bits: 1 shared, 4 from assembly, 8 not to be linked, 16 standard library.
    pub flags: u32,
    bytes: &'a [u8],
    offsets: [usize; BLOCKS],
    ref_names: HashMap<Ref, &'a [u8]>,
}

impl<'a> Object<'a> {
    /// Returns the object of a package's Go code. `None` when the archive has
    /// none that can be read.
    pub fn in_archive(archive: &'a [u8]) -> Option<Self> {
        archive::members(archive)?
            .filter(|member| member.name == b"_go_.o")
            .find_map(|member| Self::in_member(member.data)?.ok())
    }

    /// Reads the object in a member's data, after its text lines. `None` when
    /// the member is no Go object: what a C compiler wrote, or export data.
    pub fn in_member(data: &'a [u8]) -> Option<Result<Self, Error>> {
        let header = Header::parse(data)?;
        let head = &data[..data.len().min(header::LEN_MAX)];
        let start = memmem::find(head, b"\n!\n")? + 3;
        Some(Self::parse(&data[start..]).map(|object| Self {
            header: Some(header),
            ..object
        }))
    }

    /// Parses an object that begins with its magic.
    ///
    /// # Errors
    /// `Magic`, `Short`, `Block`.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        if !bytes.starts_with(MAGIC) {
            let magic = &bytes[..bytes.len().min(MAGIC.len())];
            return Err(Error::Magic {
                magic: String::from_utf8_lossy(magic).into_owned(),
            });
        }
        let short = || Error::Short {
            len: bytes.len(),
            want: HEADER_LEN,
        };
        let fingerprint = array(bytes, 8).ok_or_else(short)?;
        let flags = number(bytes, 16).ok_or_else(short)?;
        let mut offsets = [0; BLOCKS];
        let mut before = HEADER_LEN;
        for (block, place) in offsets.iter_mut().enumerate() {
            let offset = number(bytes, 20 + 4 * block).ok_or_else(short)?;
            *place = usize::try_from(offset)
                .ok()
                .filter(|offset| (before..=bytes.len()).contains(offset))
                .ok_or(Error::Block {
                    block,
                    offset,
                    len: bytes.len(),
                })?;
            before = *place;
        }
        let mut object = Self {
            header: None,
            fingerprint,
            flags,
            bytes,
            offsets,
            ref_names: HashMap::new(),
        };
        object.ref_names = object.read_ref_names();
        Ok(object)
    }

    /// Returns the packages imported, as the linker loads them.
    pub fn imports(&self) -> impl Iterator<Item = Import<'a>> {
        self.records(Block::Autolib, 16).map(|record| Import {
            path: self.string(record),
            fingerprint: array(record, 8).unwrap_or_default(),
        })
    }

    /// Returns the source files, as line tables name them.
    pub fn files(&self) -> impl Iterator<Item = &'a [u8]> {
        self.records(Block::File, 8)
            .map(|record| self.string(record))
    }

    /// Returns every symbol the object defines, in the order of their numbers.
    pub fn defined(&self) -> impl Iterator<Item = Symbol<'a>> {
        DEFINED
            .into_iter()
            .flat_map(|list| {
                self.records(list, SYMBOL_LEN)
                    .map(move |record| (list, record))
            })
            .enumerate()
            .map(|(number, (list, record))| self.symbol(number, list, record))
    }

    /// Returns the symbol of this number, among [`Object::defined`].
    pub fn symbol_at(&self, number: usize) -> Option<Symbol<'a>> {
        let mut before = 0;
        for list in DEFINED {
            let count = self.count(list);
            if number < before + count {
                let record = self.nth(list, SYMBOL_LEN, number - before)?;
                return Some(self.symbol(number, list, record));
            }
            before += count;
        }
        None
    }

    /// Returns the places in a symbol's data that the linker fills in.
    pub fn relocations(&self, symbol: usize) -> impl Iterator<Item = Relocation> {
        self.indexed(Block::RelocIdx, Block::Reloc, RELOCATION_LEN, symbol)
            .map(Relocation::read)
    }

    /// Returns the symbols that belong to a symbol: line tables, debug
    /// information.
    pub fn auxiliaries(&self, symbol: usize) -> impl Iterator<Item = Aux> {
        self.indexed(Block::AuxIdx, Block::Aux, AUX_LEN, symbol)
            .map(Aux::read)
    }

    /// Returns the number, among [`Object::defined`], of what is referred to;
    /// `None` for what other packages define.
    pub fn resolve(&self, reference: Ref) -> Option<usize> {
        let list = match reference.package {
            Ref::SELF => 0,
            Ref::HASHED64 => 1,
            Ref::HASHED => 2,
            Ref::NONE => 3,
            _ => return None,
        };
        let number = usize::try_from(reference.symbol).ok()?;
        (number < self.count(DEFINED[list])).then(|| {
            let before: usize = DEFINED[..list].iter().map(|list| self.count(*list)).sum();
            before + number
        })
    }

    /// Returns what a reference is called, so that it reads the same in two
    /// objects that number their symbols differently.
    pub fn target(&self, reference: Ref) -> String {
        let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        let number = usize::try_from(reference.symbol).unwrap_or(usize::MAX);
        let named = |list: Block, number: usize| {
            let record = self.records(list, SYMBOL_LEN).nth(number);
            record.map(|record| text(self.string(record)))
        };
        let name = match reference.package {
            0 => Some("nothing".to_owned()),
            Ref::SELF => named(Block::Symdef, number),
            Ref::HASHED64 => named(Block::Hashed64def, number),
            Ref::HASHED => named(Block::Hasheddef, number),
            Ref::BUILTIN => Some(format!("builtin {number}")),
            // References are numbered on after the definitions.
            Ref::NONE => match number.checked_sub(self.count(Block::Nonpkgdef)) {
                None => named(Block::Nonpkgdef, number),
                Some(number) => named(Block::Nonpkgref, number),
            },
            package => self.ref_names.get(&reference).map_or_else(
                || {
                    let path = usize::try_from(package)
                        .ok()
                        .and_then(|package| self.records(Block::PkgIdx, 8).nth(package));
                    path.map(|path| format!("{} {number}", text(self.string(path))))
                },
                |name| Some(text(name)),
            ),
        };
        name.unwrap_or_else(|| format!("{}/{number}", reference.package))
    }

    fn symbol(&self, number: usize, list: Block, record: &'a [u8]) -> Symbol<'a> {
        let hash = match list {
            Block::Hashed64def => {
                let before = self.count(Block::Symdef);
                self.nth(Block::Hash64, 8, number.saturating_sub(before))
            }
            Block::Hasheddef => {
                let before = self.count(Block::Symdef) + self.count(Block::Hashed64def);
                self.nth(Block::Hash, 16, number.saturating_sub(before))
            }
            _ => None,
        };
        let data = self
            .index(Block::DataIdx, number)
            .and_then(|range| self.block(Block::Data).get(range))
            .unwrap_or_default();
        Symbol::read(number, self.string(record), record, data, hash)
    }

    fn read_ref_names(&self) -> HashMap<Ref, &'a [u8]> {
        self.records(Block::RefName, 16)
            .map(|record| (Ref::read(record), self.string(&record[8..])))
            .collect()
    }

    /// The bytes of a block.
    fn block(&self, block: Block) -> &'a [u8] {
        let end = self.offsets.get(block as usize + 1);
        let end = end.copied().unwrap_or(self.bytes.len());
        &self.bytes[self.offsets[block as usize]..end]
    }

    fn records(&self, block: Block, len: usize) -> std::slice::ChunksExact<'a, u8> {
        self.block(block).chunks_exact(len)
    }

    fn nth(&self, block: Block, len: usize, number: usize) -> Option<&'a [u8]> {
        self.records(block, len).nth(number)
    }

    fn count(&self, list: Block) -> usize {
        self.block(list).len() / SYMBOL_LEN
    }

    /// Where a symbol's part of a block lies, by an index of starts.
    fn index(&self, index: Block, symbol: usize) -> Option<Range<usize>> {
        let starts = self.block(index);
        let at = symbol.checked_mul(4)?;
        let start = usize::try_from(number(starts, at)?).ok()?;
        let end = usize::try_from(number(starts, at.checked_add(4)?)?).ok()?;
        (start <= end).then_some(start..end)
    }

    fn indexed(
        &self,
        index: Block,
        block: Block,
        len: usize,
        symbol: usize,
    ) -> std::slice::ChunksExact<'a, u8> {
        let bytes = self.index(index, symbol).and_then(|range| {
            let range = range.start.checked_mul(len)?..range.end.checked_mul(len)?;
            self.block(block).get(range)
        });
        bytes.unwrap_or_default().chunks_exact(len)
    }

    /// The string that a record begins with a reference to; empty when it does
    /// not lie within the object.
    fn string(&self, record: &[u8]) -> &'a [u8] {
        let string = || {
            let len = usize::try_from(number(record, 0)?).ok()?;
            let start = usize::try_from(number(record, 4)?).ok()?;
            self.bytes.get(start..start.checked_add(len)?)
        };
        string().unwrap_or_default()
    }
}

fn array(bytes: &[u8], at: usize) -> Option<[u8; 8]> {
    bytes.get(at..at.checked_add(8)?)?.try_into().ok()
}

pub(super) fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    bytes.try_into().ok().map(u32::from_le_bytes)
}

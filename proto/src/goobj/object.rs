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

use memchr::memmem;

use super::archive;
use super::block::{self, Block, Blocks, Error};
use super::header::{self, Header};
use super::symbol::{AUX_LEN, Aux, RELOCATION_LEN, Ref, Relocation, SYMBOL_LEN, Symbol};

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
    blocks: Blocks<'a>,
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
    /// the member is not a Go object: what a C compiler wrote, or export data.
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
        let blocks = Blocks::parse(bytes)?;
        let ref_names = blocks
            .records(Block::RefName, 16)
            .map(|record| (Ref::read(record), blocks.string(&record[8..])))
            .collect();
        Ok(Self {
            header: None,
            fingerprint: blocks.fingerprint,
            flags: blocks.flags,
            blocks,
            ref_names,
        })
    }

    /// Returns the packages imported, as the linker loads them.
    pub fn imports(&self) -> impl Iterator<Item = Import<'a>> {
        self.blocks
            .records(Block::Autolib, 16)
            .map(|record| Import {
                path: self.blocks.string(record),
                fingerprint: block::fingerprint(record).unwrap_or_default(),
            })
    }

    /// Returns the source files, as line tables name them.
    pub fn files(&self) -> impl Iterator<Item = &'a [u8]> {
        self.blocks
            .records(Block::File, 8)
            .map(|record| self.blocks.string(record))
    }

    /// Returns every symbol the object defines, in the order of their numbers.
    pub fn defined(&self) -> impl Iterator<Item = Symbol<'a>> {
        DEFINED
            .into_iter()
            .flat_map(|list| {
                self.blocks
                    .records(list, SYMBOL_LEN)
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
                let record = self.blocks.nth(list, SYMBOL_LEN, number - before)?;
                return Some(self.symbol(number, list, record));
            }
            before += count;
        }
        None
    }

    /// Returns the places in a symbol's data that the linker fills in.
    pub fn relocations(&self, symbol: usize) -> impl Iterator<Item = Relocation> {
        self.blocks
            .indexed(Block::RelocIdx, Block::Reloc, RELOCATION_LEN, symbol)
            .map(Relocation::read)
    }

    /// Returns the symbols that belong to a symbol: line tables, debug
    /// information.
    pub fn auxiliaries(&self, symbol: usize) -> impl Iterator<Item = Aux> {
        self.blocks
            .indexed(Block::AuxIdx, Block::Aux, AUX_LEN, symbol)
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
            let record = self.blocks.records(list, SYMBOL_LEN).nth(number);
            record.map(|record| text(self.blocks.string(record)))
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
                        .and_then(|package| self.blocks.records(Block::PkgIdx, 8).nth(package));
                    path.map(|path| format!("{} {number}", text(self.blocks.string(path))))
                },
                |name| Some(text(name)),
            ),
        };
        // A damaged table may hold empty names.
        let name = name.filter(|name| !name.is_empty());
        name.unwrap_or_else(|| format!("{}/{number}", reference.package))
    }

    fn symbol(&self, number: usize, list: Block, record: &'a [u8]) -> Symbol<'a> {
        let hash = match list {
            Block::Hashed64def => {
                let before = self.count(Block::Symdef);
                self.blocks
                    .nth(Block::Hash64, 8, number.saturating_sub(before))
            }
            Block::Hasheddef => {
                let before = self.count(Block::Symdef) + self.count(Block::Hashed64def);
                self.blocks
                    .nth(Block::Hash, 16, number.saturating_sub(before))
            }
            _ => None,
        };
        let data = self
            .blocks
            .index(Block::DataIdx, number)
            .and_then(|range| self.blocks.block(Block::Data).get(range))
            .unwrap_or_default();
        Symbol::read(number, self.blocks.string(record), record, data, hash)
    }

    fn count(&self, list: Block) -> usize {
        self.blocks.block(list).len() / SYMBOL_LEN
    }
}

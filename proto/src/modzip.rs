//! Module zips: what the go command accepts, less what two readers of zips
//! could take for two different things.
//!
//! A zip lists its files in a directory at its end, and says most of it again
//! in front of each file. Readers differ in which they believe, so a zip whose
//! two tellings differ can show one content to the one who hashes it and another
//! to the one who builds it. Such a zip is refused here, whatever its hash: the
//! directory, the local headers and the data descriptors must agree, and they
//! must cover the file from its first byte to its last, each byte once.
//!
//! Beyond that the rules are the go command's: at most 500 MiB packed and
//! unpacked; every name under `<path>@<version>/`, clean, of allowed characters
//! and distinct when case is ignored; `go.mod` only at the root, in small
//! letters, of at most 16 MiB like LICENSE; every file of the size it claims.
//!
//! Source: golang.org/x/mod/zip, PKWARE APPNOTE 6.3.10.

mod arriving;
mod directory;
mod fields;
mod names;
#[cfg(test)]
mod tests;
mod unpack;

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use crate::dirhash::{self, H1};
use crate::module::{Fault, ModuleVersion};

pub use arriving::Arriving;

use directory::{Directory, Entry};
use names::Role;
use unpack::{Inflater, Unpacker};

/// How large a module may be. [`Default`] is what the go command accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The zip itself, in bytes.
    pub zip_bytes: u64,
    /// All files together, unpacked, in bytes.
    pub total_bytes: u64,
    /// go.mod and LICENSE each, in bytes.
    pub special_bytes: u64,
    /// Entries in the zip, directories included. Go sets no limit of its own.
    pub entries: usize,
    /// The zip's directory, in bytes. Go sets no limit of its own.
    pub directory_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            zip_bytes: 500 << 20,
            total_bytes: 500 << 20,
            special_bytes: 16 << 20,
            entries: 200_000,
            directory_bytes: 32 << 20,
        }
    }
}

/// What a zip that keeps the rules holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The hash that go.sum and checksum databases name the module by.
    pub h1: H1,
    /// How many files it has.
    pub files: usize,
    /// Its go.mod; `None` for modules from before there were any.
    pub go_mod: Option<Vec<u8>>,
}

/// Why a zip was refused. Names in it are cut to what a person reads.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Reading failed. This alone says nothing about the zip: every other variant
    /// will be the same whenever these bytes are read.
    #[error("reading the zip: {0}")]
    Read(io::Error),
    /// The zip is shorter than it was said to be.
    #[error("the zip ends too early")]
    Truncated,
    /// The zip is larger than a module zip may be.
    #[error("module zip file is too large ({len} bytes; limit is {max} bytes)")]
    TooLarge {
        /// Its size in bytes.
        len: u64,
        /// The limit in bytes.
        max: u64,
    },
    /// There is no end-of-directory record: this is not a zip, or a cut one.
    #[error("not a zip file")]
    NotZip,
    /// Bytes after the end record, or a second one that a reader could take.
    #[error("ambiguous zip: more than one way to find its directory")]
    AmbiguousEnd,
    /// The end records contradict each other or the file.
    #[error("ambiguous zip: {fact}")]
    Directory {
        /// What does not hold.
        fact: &'static str,
    },
    /// More entries than are read.
    #[error("zip has {entries} entries; limit is {max}")]
    TooManyEntries {
        /// How many there are.
        entries: u64,
        /// The limit.
        max: usize,
    },
    /// A directory larger than is read.
    #[error("zip directory of {len} bytes; limit is {max} bytes")]
    DirectoryTooLarge {
        /// Its size in bytes.
        len: u64,
        /// The limit in bytes.
        max: u64,
    },
    /// An entry that no reader of zips would agree on, or one that is encrypted.
    #[error("ambiguous zip: {name:?}: {fact}")]
    Entry {
        /// The entry's name.
        name: String,
        /// What does not hold.
        fact: Fact,
    },
    /// An entry whose name is not UTF-8.
    #[error("file name {name:?} is not UTF-8")]
    NotUtf8 {
        /// The name, with replacement characters.
        name: String,
    },
    /// A name outside `<path>@<version>/`.
    #[error("{name:?}: path does not have prefix {prefix:?}")]
    Prefix {
        /// The entry's name.
        name: String,
        /// What it must start with.
        prefix: String,
    },
    /// A name that no file of a module may have.
    #[error("malformed file path {name:?}: {fault}")]
    Name {
        /// The entry's name.
        name: String,
        /// The rule it breaks.
        fault: Fault,
    },
    /// A name longer than any system opens.
    #[error("file name of {len} bytes; limit is {max} bytes")]
    NameTooLong {
        /// Its length in bytes.
        len: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// Two names that are one where case is ignored.
    #[error("case-insensitive file name collision: {first:?} and {second:?}")]
    Collision {
        /// The name that came first, without the prefix.
        first: String,
        /// The name that came later.
        second: String,
    },
    /// A name that is a file and also holds other files.
    #[error("entry {name:?} is both a file and a directory")]
    FileAndDirectory {
        /// The name, without the prefix.
        name: String,
    },
    /// The same name twice.
    #[error("multiple entries for {name:?}")]
    Duplicate {
        /// The name, without the prefix.
        name: String,
    },
    /// More path elements in all names than are read.
    #[error("more than {max} files and directories")]
    TooManyNames {
        /// The limit.
        max: usize,
    },
    /// A go.mod below the root: the files around it belong to another module.
    #[error("{name:?}: go.mod file not in module root directory")]
    GoModPlace {
        /// The entry's name.
        name: String,
    },
    /// A go.mod that is not in small letters.
    #[error("{name:?}: go.mod files must have lowercase names")]
    GoModCase {
        /// The entry's name.
        name: String,
    },
    /// All files together are larger than a module may be.
    #[error("total uncompressed size of module contents too large (max size is {max} bytes)")]
    TotalTooLarge {
        /// The limit in bytes.
        max: u64,
    },
    /// go.mod or LICENSE is larger than it may be.
    #[error("{name} file too large (max size is {max} bytes)")]
    SpecialTooLarge {
        /// The entry's name.
        name: String,
        /// The limit in bytes.
        max: u64,
    },
    /// A file's content does not have the checksum that the zip names.
    #[error("{name:?}: checksum of content is {got:08x}, zip says {want:08x}")]
    Checksum {
        /// The entry's name.
        name: String,
        /// CRC-32 in the zip.
        want: u32,
        /// CRC-32 of the content.
        got: u32,
    },
    /// The names could not be hashed.
    #[error(transparent)]
    Hash(#[from] dirhash::Error),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            _ => Self::Read(error),
        }
    }
}

/// What is wrong with one entry of a zip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fact {
    /// Flag bits other than those for compression, descriptors and UTF-8.
    #[error("encrypted, patched or otherwise flagged {0:#06x}")]
    Flags(u16),
    /// Neither stored nor deflated.
    #[error("compression method {0} is neither store nor deflate")]
    Method(u16),
    /// A Unix or DOS type other than regular file (or directory, by its slash).
    #[error("not a regular file (mode {0:o})")]
    Mode(u32),
    /// Extra fields that do not fit their lengths, or one kind twice.
    #[error("malformed extra fields")]
    Extra,
    /// An extra field with another name for the file.
    #[error("has a second name")]
    SecondName,
    /// Zip64 sizes where none are due, or of the wrong length.
    #[error("zip64 sizes out of place")]
    Zip64,
    /// On another disk.
    #[error("lies on another disk")]
    Disk,
    /// Stored, yet of two sizes.
    #[error("stored file of two sizes")]
    StoredSize,
    /// A directory with content.
    #[error("directory with content")]
    DirectoryData,
    /// Begins inside another entry.
    #[error("overlaps another entry")]
    Overlap,
    /// Bytes before or behind it that belong to no entry.
    #[error("unaccounted bytes beside it")]
    Gap,
    /// The header in front of the file says otherwise than the directory.
    #[error("local header differs from directory in {0}")]
    LocalHeader(&'static str),
    /// The descriptor behind the file says otherwise, or is missing or extra.
    #[error("data descriptor differs from directory")]
    Descriptor,
    /// The compressed data is malformed.
    #[error("malformed compressed data")]
    Deflate,
    /// The compressed data ends before the entry does.
    #[error("bytes after the end of the compressed data")]
    TrailingData,
    /// The content is longer than the zip says.
    #[error("uncompressed size is larger than declared size")]
    LargerThanDeclared,
    /// The content is shorter than the zip says.
    #[error("uncompressed size is smaller than declared size")]
    SmallerThanDeclared,
}

/// Reads a zip of `size` bytes and checks every rule: the directory first, then
/// all files once from front to back, hashing them as they are unpacked.
///
/// Memory is bounded by the directory (see [`Limits`]) and go.mod; nothing is
/// unpacked beyond the size declared for it.
///
/// # Errors
/// The first rule broken, one variant of [`Error`] or [`Fact`] for each.
pub fn verify<R: Read + Seek>(
    zip: R,
    size: u64,
    module: &ModuleVersion,
    limits: &Limits,
) -> Result<Verified, Error> {
    list(zip, size, module, limits).map(|(verified, _)| verified)
}

/// As [`verify`], and returns the hash of each file too.
///
/// # Errors
/// As [`verify`].
pub fn list<R: Read + Seek>(
    zip: R,
    size: u64,
    module: &ModuleVersion,
    limits: &Limits,
) -> Result<(Verified, dirhash::Summary), Error> {
    let mut inflater = Inflater::take();
    let read = read(zip, size, module, limits, &mut inflater);
    inflater.put_back();
    read
}

fn read<R: Read + Seek>(
    mut zip: R,
    size: u64,
    module: &ModuleVersion,
    limits: &Limits,
    inflater: &mut Inflater,
) -> Result<(Verified, dirhash::Summary), Error> {
    if size > limits.zip_bytes {
        let max = limits.zip_bytes;
        return Err(Error::TooLarge { len: size, max });
    }
    let Directory { entries, start } = Directory::read(&mut zip, size, limits)?;
    let roles = names::check(&entries, &format!("{module}/"), limits)?;
    let mut order: Vec<(&Entry, Role)> = entries.iter().zip(roles).collect();
    order.sort_by_key(|(entry, _)| entry.offset);

    zip.seek(SeekFrom::Start(0))?;
    let mut unpacker = Unpacker::new(BufReader::with_capacity(READ_BYTES, zip), inflater);
    let mut summary = dirhash::Summary::new();
    let mut files = 0;
    let mut go_mod = None;
    let mut ends = order.iter().skip(1).map(|(entry, _)| entry.offset);
    for &(entry, role) in &order {
        let end = ends.next().unwrap_or(start);
        let mut kept = Vec::new();
        let keep = (role == Role::GoMod).then_some(&mut kept);
        let sha256 = unpacker.entry(entry, end, keep)?;
        summary.add_hash(&entry.name, sha256)?;
        if role == Role::GoMod {
            go_mod = Some(kept);
        }
        files += usize::from(role != Role::Directory);
    }
    unpacker.expect_end(start)?;
    let h1 = summary.finish();
    Ok((Verified { h1, files, go_mod }, summary))
}

/// Cuts a name for an error: whoever writes the zip chooses its length, and
/// errors are logged, sent and remembered.
fn shown(name: &str) -> String {
    const CHARS_MAX: usize = 200;
    let mut shown: String = name.chars().take(CHARS_MAX).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    shown
}

/// How much of the zip is read at once, in bytes.
const READ_BYTES: usize = 256 << 10;

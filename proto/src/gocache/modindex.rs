//! Module indexes: what the go command remembers of the Go files of a folder, so as
//! not to read them again to learn their imports and build constraints.
//!
//! ```text
//! "go index v2\n"
//! offset of the strings u32  number of packages u32
//! each package    folder (string)  offset u32
//! each package    error  folder (strings)  number of files u32  their offsets u32
//! each file       error, parse error, synopsis, name, package (strings)
//!                 ignored u32  binary only u32  #cgo lines, //go:build (strings)
//!                 lists: +build lines, imports, embed patterns, directives
//! strings         each a uvarint length and its bytes; 0xff after the last
//! ```
//!
//! Numbers are little-endian; a string stands as its offset among the strings.
//! Entries of the last three lists have a position behind their text: the file's path
//! as it was opened, which is absolute, and three numbers.
//!
//! The action of an index holds the folder's path and, outside the module cache, the
//! name, time and size of each file ([`folder_action`]), but **no content**: a file that changes and keeps
//! its size and time leaves a stale index, by which the go command goes on choosing
//! the files it compiles (golang/go#69179).
//!
//! Source: cmd/go/internal/modindex of Go 1.21 to 1.27

pub mod source;

use sha2::{Digest as _, Sha256};

use super::Id;
use source::Header;

/// How every index begins.
pub const MAGIC: &[u8] = b"go index v2\n";

/// The version in the magic, as it stands in actions.
const VERSION: &str = "go index v2";

/// Why bytes are no module index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// They begin otherwise.
    #[error("does not begin with \"go index v2\"")]
    Magic,
    /// A number or a string lies outside.
    #[error("an offset or a length leads outside")]
    Outside,
    /// A string is not UTF-8.
    #[error("a string is not UTF-8")]
    NotText,
    /// More is listed than so many bytes can hold: lists that lie in each other.
    #[error("more is listed than {len} bytes can hold")]
    TooMuch {
        /// Bytes of the index.
        len: usize,
    },
}

/// An index, borrowed from its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleIndex<'a> {
    /// One package for a folder outside the module cache, every folder of a module
    /// within it.
    pub packages: Vec<Package<'a>>,
}

/// A folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package<'a> {
    /// Its path below the module's root, with the separators of the system; empty for
    /// the root itself.
    pub folder: &'a str,
    /// Why the folder could not be read; empty when it was.
    pub error: &'a str,
    /// The files in it that a build may use.
    pub files: Vec<File<'a>>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its path when it was read, where the index holds it: with an import, a
    /// directive or an embedded file.
    pub path: Option<&'a str>,
    /// Whether it could not be read, or not be parsed: the rest says little then.
    pub has_error: bool,
    /// What decides whether it is compiled, and with what.
    pub header: Header<'a>,
    /// The `#cgo` lines, joined by newlines.
    pub cgo: &'a str,
    /// The patterns of files to embed.
    pub embeds: Vec<&'a str>,
}

impl<'a> ModuleIndex<'a> {
    /// Parses an index.
    ///
    /// # Errors
    /// As the variants of [`Error`] say.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        if !bytes.starts_with(MAGIC) {
            return Err(Error::Magic);
        }
        let mut reader = Reader::new(bytes)?;
        let count = reader.number()?;
        let packages = (0..count)
            .map(|_| {
                reader.spend()?;
                reader.number()?;
                let offset = reader.number()?;
                reader.at(offset, Reader::package)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { packages })
    }

    /// Returns the first thing in which two indexes of one action differ: the file and
    /// what each says of it. `None` when they choose the same files and imports.
    pub fn change(&self, other: &ModuleIndex<'_>) -> Option<Change> {
        let ours: Vec<&str> = self.packages.iter().map(|one| one.folder).collect();
        let theirs: Vec<&str> = other.packages.iter().map(|one| one.folder).collect();
        if ours != theirs {
            return Some(Change::new("", "folders", &ours, &theirs));
        }
        let mut pairs = self.packages.iter().zip(&other.packages);
        pairs.find_map(|(a, b)| a.change(b))
    }
}

impl Package<'_> {
    fn change(&self, other: &Package<'_>) -> Option<Change> {
        let ours: Vec<&str> = self.files.iter().map(|file| file.name).collect();
        let theirs: Vec<&str> = other.files.iter().map(|file| file.name).collect();
        if ours != theirs {
            return Some(Change::new(self.folder, "files", &ours, &theirs));
        }
        let mut pairs = self.files.iter().zip(&other.files);
        pairs.find_map(|(a, b)| a.change(b))
    }
}

impl File<'_> {
    fn change(&self, other: &File<'_>) -> Option<Change> {
        self.header.change(self.name, &other.header).or_else(|| {
            if self.cgo != other.cgo {
                let (a, b) = ([self.cgo], [other.cgo]);
                return Some(Change::new(self.name, "#cgo lines", &a, &b));
            }
            (self.embeds != other.embeds)
                .then(|| Change::new(self.name, "//go:embed", &self.embeds, &other.embeds))
        })
    }
}

/// In what two readings of a file differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The file's name; that of the folder where the files are others.
    pub file: String,
    /// What of it: `//go:build`, `imports`, ….
    pub what: &'static str,
    /// What the first says; empty for nothing. At most [`Change::TEXT_MAX`] characters
    /// of each text.
    pub a: String,
    /// What the second says.
    pub b: String,
}

impl Change {
    /// The most characters kept of a text.
    pub const TEXT_MAX: usize = 300;

    fn new(file: &str, what: &'static str, a: &[&str], b: &[&str]) -> Self {
        let short = |texts: &[&str]| {
            let characters = texts.iter().enumerate().flat_map(|(number, text)| {
                let space = (number > 0).then_some(' ');
                space.into_iter().chain(text.chars())
            });
            characters.take(Self::TEXT_MAX).collect()
        };
        Self {
            file: file.to_owned(),
            what,
            a: short(a),
            b: short(b),
        }
    }
}

/// A file of a folder as it stands in the folder's action.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// The time of its last change as Go prints it:
    /// `2026-11-26 13:31:19.5 +0000 UTC`.
    pub modified: String,
    /// Its size in bytes.
    pub size: u64,
}

/// Returns the action of the index of one folder outside the module cache: by the
/// version of the go command, the root of its module, its own path and its files,
/// sorted by name, folders left out.
pub fn folder_action(version: &str, root: &str, folder: &str, files: &[Listed]) -> Id {
    let mut hash = salted(version);
    hash.update(format!("modroot {root}\n"));
    hash.update(format!("package {version} {VERSION} {folder}\n"));
    for file in files {
        let Listed {
            name,
            modified,
            size,
        } = file;
        hash.update(format!("file {name} {modified} {size}\n"));
    }
    Id(hash.finalize().into())
}

/// Returns the action of the index of a whole module in the module cache.
pub fn module_action(version: &str, root: &str) -> Id {
    let mut hash = salted(version);
    hash.update(format!("module index {version} {VERSION} {root}\n"));
    Id(hash.finalize().into())
}

/// Actions begin with the version of the go command, without its experiments.
///
/// Source: cmd/go/internal/cache/hash.go stripExperiment
fn salted(version: &str) -> Sha256 {
    let end = [" X:", "-X:"]
        .iter()
        .filter_map(|mark| version.find(mark))
        .min();
    let mut hash = Sha256::new();
    hash.update(&version[..end.unwrap_or(version.len())]);
    hash
}

/// Reads numbers and strings one after the other.
#[derive(Debug)]
struct Reader<'a> {
    /// Up to the strings.
    data: &'a [u8],
    strings: &'a [u8],
    at: usize,
    /// How many things may still be read: offsets of a bad index can lead to one list
    /// over and over.
    budget: usize,
}

/// Bytes that a thing listed takes at least.
const LISTED_LEN_MIN: usize = 4;

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Self {
            data: bytes,
            strings: &[],
            at: MAGIC.len(),
            budget: bytes.len() / LISTED_LEN_MIN,
        };
        let strings = reader.number()?;
        (reader.data, reader.strings) = bytes.split_at_checked(strings).ok_or(Error::Outside)?;
        Ok(reader)
    }

    fn package(&mut self) -> Result<Package<'a>, Error> {
        let error = self.string()?;
        let folder = self.string()?;
        let count = self.number()?;
        let files = (0..count)
            .map(|_| {
                self.spend()?;
                let offset = self.number()?;
                self.at(offset, Self::file)
            })
            .collect::<Result<_, _>>()?;
        Ok(Package {
            folder,
            error,
            files,
        })
    }

    fn file(&mut self) -> Result<File<'a>, Error> {
        let [error, parse_error, _synopsis, name, package] = [(); 5].map(|()| self.string());
        let ignored = self.number()? != 0;
        let _binary_only = self.number()?;
        let cgo = self.string()?;
        let go_build = self.string()?;
        let plus_build = self.list(Self::string)?;
        let mut path = None;
        let mut with_place = |reader: &mut Self| {
            let text = reader.string()?;
            path = path.or(Some(reader.string()?));
            for _ in 0..3 {
                reader.number()?;
            }
            Ok(text)
        };
        let imports = self.list(&mut with_place)?;
        let embeds = self.list(&mut with_place)?;
        let _directives = self.list(&mut with_place)?;
        Ok(File {
            name: name?,
            path: path.filter(|path| !path.is_empty()),
            has_error: ignored || !error?.is_empty() || !parse_error?.is_empty(),
            header: Header {
                go_build,
                plus_build,
                package: package?,
                imports,
            },
            cgo,
            embeds,
        })
    }

    fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let count = self.number()?;
        (0..count)
            .map(|_| {
                self.spend()?;
                read(self)
            })
            .collect()
    }

    /// Reads something elsewhere and comes back.
    fn at<T>(
        &mut self,
        offset: usize,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let here = std::mem::replace(&mut self.at, offset);
        let read = read(self);
        self.at = here;
        read
    }

    fn spend(&mut self) -> Result<(), Error> {
        let len = self.data.len() + self.strings.len();
        self.budget = self.budget.checked_sub(1).ok_or(Error::TooMuch { len })?;
        Ok(())
    }

    fn number(&mut self) -> Result<usize, Error> {
        let bytes = self.data.get(self.at..).and_then(<[u8]>::first_chunk);
        let number = u32::from_le_bytes(*bytes.ok_or(Error::Outside)?);
        self.at += size_of::<u32>();
        usize::try_from(number).map_err(|_| Error::Outside)
    }

    fn string(&mut self) -> Result<&'a str, Error> {
        let offset = self.number()?;
        let bytes = self.strings.get(offset..).ok_or(Error::Outside)?;
        let (len, begin) = uvarint(bytes).ok_or(Error::Outside)?;
        let end = begin.checked_add(len).ok_or(Error::Outside)?;
        let text = bytes.get(begin..end).ok_or(Error::Outside)?;
        std::str::from_utf8(text).map_err(|_| Error::NotText)
    }
}

/// Reads a length and says how many bytes it took.
fn uvarint(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0_u64;
    for (taken, byte) in bytes.iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * taken);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, taken + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests;

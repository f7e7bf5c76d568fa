//! All that one cache holds: its index lines, its outputs, and what else lies
//! in it.

use std::collections::{BTreeMap, HashMap};

use proto::gocache::kind::Kind;
use proto::gocache::{self, Id, Index, label};

use super::program::Program;
use super::reading::Read;

/// The most files of a cache that are looked at. A cache in daily use has some
/// ten thousand.
pub const FILES_MAX: usize = 16_000_000;

/// What one cache holds.
#[derive(Debug, Default)]
pub struct Survey {
    /// Every `-a` file by its action.
    pub actions: BTreeMap<Id, Line>,
    /// Every `-d` file by its name.
    pub outputs: BTreeMap<Id, Output>,
    /// What the go command did not put there, or would not find: paths within
    /// the cache, and what they are.
    pub strays: Vec<Stray>,
    /// Whether fuzzing inputs are kept beside it.
    pub has_fuzz: bool,
    /// What is open to other users, in words.
    pub open: Vec<String>,
    /// Bytes read.
    pub bytes: u64,
}

/// What a `-a` file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// An index line for this very action.
    Sound(Index),
    /// A good line, of another action.
    Other(Index),
    /// No index line.
    Broken {
        /// What is wrong with it.
        error: gocache::Error,
        /// Its size in bytes, as far as was read.
        len: usize,
    },
    /// No file, or one that can't be read.
    Unread(Unread),
}

/// What a `-d` file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// A file.
    File(Read),
    /// A folder with one program, as `go run` and `go tool` leave it.
    Program(Program),
    /// A folder with another number of files than one.
    Folder {
        /// How many.
        files: usize,
    },
    /// Something else, or it can't be read.
    Unread(Unread),
}

/// Why something was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// A link, device, pipe or socket: never opened.
    NotAFile(&'static str),
    /// The system refused.
    Refused(String),
}

/// Something that does not belong into a cache.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stray {
    /// Path within the cache.
    pub path: String,
    /// What it is.
    pub what: &'static str,
}

/// What the key of an entry was derived from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The action of the package.
    pub package: Id,
    /// What is kept: `stdout`, `srcfiles`, the name of a generated file.
    pub description: String,
    /// What it must be.
    pub kind: Kind,
}

impl Survey {
    /// Returns the outputs that packages have beside their archives, by action.
    pub fn labels(&self) -> HashMap<Id, Label> {
        let mut labels = HashMap::new();
        for action in self.actions.keys() {
            for (key, description, kind) in label::fixed(action) {
                if !self.actions.contains_key(&key) {
                    continue;
                }
                let label = |description: &str, kind| Label {
                    package: *action,
                    description: description.to_owned(),
                    kind,
                };
                if kind == Kind::SourceList {
                    for name in self.generated(&key) {
                        let key = action.subkey(name);
                        labels.insert(key, label(name, Kind::Generated));
                    }
                }
                labels.insert(key, label(description, kind));
            }
        }
        labels
    }

    /// Returns the output that an action leads to.
    pub fn output(&self, action: &Id) -> Option<&Output> {
        match self.actions.get(action)? {
            Line::Sound(index) => self.outputs.get(&index.output),
            Line::Other(_) | Line::Broken { .. } | Line::Unread(_) => None,
        }
    }

    /// Returns the first few source files of the package that an action
    /// compiles.
    pub fn sources(&self, action: &Id) -> &[String] {
        match self.output(&action.subkey("srcfiles")) {
            Some(Output::File(read)) => &read.sources,
            _ => &[],
        }
    }

    fn generated(&self, list: &Id) -> &[String] {
        match self.output(list) {
            Some(Output::File(read)) => &read.generated,
            _ => &[],
        }
    }
}

impl Line {
    /// Reads a `-a` file that was named after `action`.
    pub fn read(action: &Id, bytes: &[u8]) -> Self {
        match Index::parse(bytes) {
            Ok(index) if index.action == *action => Self::Sound(index),
            Ok(index) => Self::Other(index),
            Err(error) => Self::Broken {
                error,
                len: bytes.len(),
            },
        }
    }
}

impl Output {
    /// Returns the size in bytes, where it was read.
    pub fn size(&self) -> Option<u64> {
        match self {
            Self::File(read) => Some(read.size),
            Self::Program(program) => Some(program.size),
            Self::Folder { .. } | Self::Unread(_) => None,
        }
    }

    /// Returns the hash, where it was read.
    pub fn sha256(&self) -> Option<[u8; 32]> {
        match self {
            Self::File(read) => Some(read.sha256),
            Self::Program(program) => Some(program.sha256),
            Self::Folder { .. } | Self::Unread(_) => None,
        }
    }

    /// Returns the kind that the bytes look like.
    pub fn kind(&self) -> Kind {
        match self {
            Self::File(read) => read.kind,
            Self::Program(_) | Self::Folder { .. } => Kind::Program,
            Self::Unread(_) => Kind::Other,
        }
    }

    /// Returns the version of Go, where the output tells.
    pub fn go_version(&self) -> Option<&str> {
        match self {
            Self::File(read) => read.go_version.as_deref(),
            Self::Program(program) => program.go_version.as_deref(),
            Self::Folder { .. } | Self::Unread(_) => None,
        }
    }
}

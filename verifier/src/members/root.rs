//! What a person names on the command line: a file, or something that carries files.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::compare::Comparer;
use super::difference::Difference;
use super::survey::{Holding, Surveyor};
use crate::artifact::Artifact;
use crate::container::fault::{Fault, Kind as FaultKind};
use crate::container::kind::Kind;
use crate::container::limits::Budget;
use crate::container::open::Container;
use crate::container::source::Source;
use crate::input::{self, Input};
use crate::progress::Bar;

/// Something to compare.
#[derive(Debug)]
pub enum Root {
    /// One file, in memory.
    File(Box<Artifact>),
    /// A container, which stays where it is.
    Carrier(Carrier),
}

/// A container with what names it.
#[derive(Debug)]
pub struct Carrier {
    /// The path as it was given.
    pub path: PathBuf,
    /// Its size in bytes; 0 for a folder.
    pub size: u64,
    /// SHA-256 of its bytes; of a folder, that of its listing.
    pub sha256: [u8; 32],
    /// Device and inode, by which two names of one file are recognised.
    pub identity: Option<(u64, u64)>,
    /// The container.
    pub container: Container,
}

impl Root {
    /// Opens what a path names. A file that carries no others is read whole.
    ///
    /// # Errors
    /// As [`Input::read`].
    pub fn read(path: &Path, budget: &Budget) -> Result<Self, input::Error> {
        Self::read_along(path, budget, &Bar::hidden())
    }

    /// Opens as [`Self::read`], and tells a bar of the bytes of files.
    ///
    /// # Errors
    /// As [`Input::read`].
    pub fn read_along(path: &Path, budget: &Budget, bar: &Bar) -> Result<Self, input::Error> {
        let io = |cause| input::Error::Io {
            path: path.into(),
            cause,
        };
        let stat = std::fs::metadata(path).map_err(io)?;
        let identity = input::identity(&stat);
        let name = path.to_string_lossy();
        if stat.is_dir() {
            let container = Container::folder(path, budget).map_err(|fault| error(path, fault))?;
            let listing = container.list().map_err(|fault| error(path, fault))?;
            budget.give(listing.size());
            return Ok(Self::carrier(path, identity, listing.sha256(), container));
        }
        if stat.is_file() {
            let source = File::open(path).and_then(Source::file).map_err(io)?;
            budget.give(source.len());
            if let Some(container) = Container::open(&name, &source, budget).map_err(io)? {
                let sha256 = source.sha256().map_err(io)?;
                bar.add(stat.len());
                return Ok(Self::carrier(path, identity, sha256, container));
            }
            return Ok(Self::File(Box::new(Artifact::read_along(path, bar)?)));
        }
        // A pipe can be read once.
        let input = Input::read_along(path, bar)?;
        let source = Source::memory(input.bytes.clone());
        budget.give(source.len());
        if let Some(container) = Container::open(&name, &source, budget).map_err(io)? {
            return Ok(Self::carrier(path, identity, input.sha256, container));
        }
        Ok(Self::File(Box::new(Artifact::of(input))))
    }

    fn carrier(
        path: &Path,
        identity: Option<(u64, u64)>,
        sha256: [u8; 32],
        container: Container,
    ) -> Self {
        Self::Carrier(Carrier {
            path: path.into(),
            size: container.len(),
            sha256,
            identity,
            container,
        })
    }

    /// Returns how many bytes of memory it takes, listings apart.
    pub fn held_len(&self) -> usize {
        match self {
            Self::File(artifact) => artifact.bytes().len(),
            Self::Carrier(_) => 0,
        }
    }

    /// Says whether it holds nothing at all.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::File(artifact) => artifact.bytes().is_empty(),
            Self::Carrier(carrier) => carrier.container.is_empty() && !carrier.is_folder(),
        }
    }

    /// Returns the path as it was given.
    pub fn path(&self) -> &Path {
        match self {
            Self::File(artifact) => &artifact.input.path,
            Self::Carrier(carrier) => &carrier.path,
        }
    }

    /// Returns what two names of one file share.
    pub fn identity(&self) -> Option<(u64, u64)> {
        match self {
            Self::File(artifact) => artifact.input.identity,
            Self::Carrier(carrier) => carrier.identity,
        }
    }

    /// Returns SHA-256 of its bytes; of a folder, that of its listing.
    pub fn sha256(&self) -> [u8; 32] {
        match self {
            Self::File(artifact) => artifact.input.sha256,
            Self::Carrier(carrier) => carrier.sha256,
        }
    }

    /// Compares what it carries with what another carries.
    ///
    /// # Errors
    /// What the system says, with the path.
    pub fn compare(
        &self,
        other: &Self,
        names: [&str; 2],
        comparer: &mut Comparer<'_>,
    ) -> Result<Difference, input::Error> {
        let [a, b] = [self, other].map(|root| root.container(comparer.budget()));
        comparer.compare(names, &a, &b).map_err(|fault| {
            let is_of_other = fault.place.first().is_some_and(|place| place == names[1]);
            error(if is_of_other { other } else { self }.path(), fault)
        })
    }

    /// A file beside a container is one with a single member.
    fn container(&self, budget: &Budget) -> Container {
        match self {
            Self::Carrier(carrier) => carrier.container.clone(),
            Self::File(artifact) => {
                let source = Source::memory(artifact.bytes().to_vec());
                let name = artifact.input.path.to_string_lossy();
                Container::file(&name, &source, budget)
            }
        }
    }
}

/// A fault that is not an answer: the system refused, and says of what.
fn error(root: &Path, fault: Fault) -> input::Error {
    let is_named = matches!(fault.kind, FaultKind::Io(_));
    let place = fault.place.last().filter(|_| is_named);
    let path = place.map_or_else(|| root.into(), PathBuf::from);
    let cause = match fault.kind {
        FaultKind::Io(cause) => cause,
        kind => std::io::Error::other(kind.to_string()),
    };
    input::Error::Io { path, cause }
}

impl Carrier {
    /// Goes through all that it holds.
    ///
    /// # Errors
    /// What the system says, with the path.
    pub fn survey(&self, surveyor: &mut Surveyor<'_>) -> Result<Holding, input::Error> {
        surveyor
            .survey(&self.container)
            .map_err(|fault| error(&self.path, fault))
    }

    /// Says whether it is a folder.
    pub fn is_folder(&self) -> bool {
        self.container.kind == Kind::Folder
    }
}

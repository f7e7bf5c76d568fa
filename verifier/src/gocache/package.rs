//! A compiled package as it lies in a cache: what an observation says of it, and whether
//! it is what its entry says.

use std::io::{self, Read as _};
use std::path::Path;

use proto::attest::closure::Package;
use proto::attest::digest::Digest;
use proto::buildid::Part;
use proto::gocache::Id;
use proto::gocache::kind::Kind;
use proto::goobj;

use super::entry::{self, Misfit};
use super::reading::{Maker, Reading};
use crate::opening::{self, Links};

/// The largest package read, in bytes.
const PACKAGE_BYTES_MAX: u64 = 1 << 30;

/// Stands where an archive does not say which package it is.
const UNKNOWN: &str = "unknown";

/// A package, and what was found in looking at its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// What an observation says of it; the output is the hash that the file really has.
    pub package: Package,
    /// Whether it is what its entry says.
    pub state: State,
}

/// Whether a package is what its entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Hash, action and content are those of its entry and its build ID.
    Sound,
    /// Who made it can't be told.
    Unjudged,
    /// It is not: somebody changed it.
    Poisoned,
}

impl State {
    /// The word for it in lists.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Unjudged => "unjudged",
            Self::Poisoned => "poisoned",
        }
    }

    /// Finds a state by its word.
    pub fn parse(word: &str) -> Option<Self> {
        let all = [Self::Sound, Self::Unjudged, Self::Poisoned];
        all.into_iter().find(|state| state.as_str() == word)
    }
}

/// Reads the file that an action's index line leads to; `None` where it is not a package.
///
/// # Errors
/// What the system says; a package of more than a gigabyte.
pub fn read(path: &Path, action: Id, indexed: Id) -> io::Result<Option<Compiled>> {
    let file = opening::regular(path, Links::Followed)?;
    let mut bytes = Vec::new();
    file.take(PACKAGE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if Kind::sniff(&bytes) != Kind::Archive {
        return Ok(None);
    }
    if bytes.len() as u64 > PACKAGE_BYTES_MAX {
        let problem = format!("a package of more than {PACKAGE_BYTES_MAX} bytes");
        return Err(io::Error::other(problem));
    }
    let mut reading = Reading::new();
    reading.update(&bytes);
    let found = reading.finish();
    let state = match entry::package(&action, &found.maker) {
        _ if found.sha256 != indexed.0 => State::Poisoned,
        Ok(()) => State::Sound,
        Err(Misfit::Unjudged(_)) => State::Unjudged,
        Err(Misfit::Poison(_)) => State::Poisoned,
    };
    let content = match found.maker {
        Maker::Package { recorded, .. } => recorded,
        Maker::Nobody | Maker::Unsigned { .. } | Maker::OtherCompiler => {
            Part::from_sha256(&[0; 32])
        }
    };
    // What stands in an archive goes into a list of lines.
    let is_plain =
        |path: &String| !path.is_empty() && !path.contains([' ', '\n']) && path.len() < 4096;
    let path = goobj::import_path(&bytes).filter(is_plain);
    Ok(Some(Compiled {
        package: Package {
            action: Digest(action.0),
            output: Digest(found.sha256),
            content,
            path: path
                .filter(|path| !path.contains(char::is_control))
                .unwrap_or_else(|| UNKNOWN.to_owned()),
        },
        state,
    }))
}

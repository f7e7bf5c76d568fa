//! What a file tells about its Go build: identity, whether it is still what
//! `go build` wrote, build information, and the source paths in it.

pub mod build_version;
pub mod embedded;
pub mod functions;
mod host_id;
pub mod pclntab;
pub mod selfcheck;
pub mod sources;
pub mod stamped;
pub mod stamps;
pub mod symbols;
mod unsigned;
pub mod variables;
pub mod version;

use proto::buildid::gnu::Derivation;
use proto::buildid::{BuildId, Program};
use proto::buildinfo::BuildInfo;

use crate::image::{Image, Located};
use selfcheck::SelfCheck;
use sources::Sources;
use stamped::Stamped;
use stamps::Stamp;
use variables::Variable;

/// What one file says about its Go build.
#[derive(Debug, Clone)]
pub struct GoInfo {
    /// The build ID; absent when the file has none.
    pub build_id: Option<BuildId>,
    /// Whether the file is still what its build ID says.
    pub self_check: SelfCheck,
    /// Where the GNU build ID or the UUID comes from.
    pub host_id_origin: Option<HostIdOrigin>,
    /// Go version, modules and settings.
    pub build_info: Option<Located<Stamped>>,
    /// Every place that only names the build and is not code or data of its own.
    pub stamps: Vec<Stamp>,
    /// Directories that source paths in the file begin with.
    pub sources: Option<Sources>,
    /// Variables that `-ldflags=-X` set, where symbols tell.
    pub variables: Option<Vec<Variable>>,
    /// What could not be read, in words.
    pub problems: Vec<String>,
}

/// Who made the GNU build ID or the UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostIdOrigin {
    /// Go's linker, from the Go build ID.
    Go(Derivation),
    /// Go's linker, from the program's own bytes: it was given no build ID.
    Content,
    /// The host's linker, or a value given on the command line.
    Elsewhere,
}

impl GoInfo {
    /// Reads all of it; what is missing or broken is `None` or a problem.
    pub fn read(bytes: &[u8], image: &Image) -> Self {
        let mut problems = Vec::new();
        let build_info = stamped::read(bytes, image, &mut problems);
        let build_id = image.build_id.as_ref().map(|id| id.value.clone());
        let variables = variables::read(bytes, image);
        Self {
            self_check: selfcheck::check(bytes, image),
            host_id_origin: host_id::origin(bytes, image),
            stamps: stamps::read(bytes, image, build_info.as_ref(), variables.as_deref()),
            sources: sources::read(
                bytes,
                image,
                build_info
                    .as_ref()
                    .and_then(|found| found.value.info.as_ref()),
            ),
            build_info,
            build_id,
            variables,
            problems,
        }
    }

    /// Says whether anything in the file shows that Go built it.
    pub fn is_go(&self) -> bool {
        self.build_id.is_some() || self.build_info.is_some() || self.sources.is_some()
    }

    /// Returns the four-part build ID of a linked program.
    pub fn program(&self) -> Option<&Program> {
        match &self.build_id {
            Some(BuildId::Program(program)) => Some(program),
            _ => None,
        }
    }

    /// Returns the Go version, without experiments.
    pub fn version(&self) -> Option<&str> {
        let version = self.build_info.as_ref()?.value.version.as_deref()?;
        // Until go1.25 experiments followed a space, since go1.26 a hyphen.
        Some(
            version
                .split_once("X:")
                .map_or(version, |(version, _)| version.trim_end_matches([' ', '-'])),
        )
    }

    /// Returns the experiments named behind the Go version.
    pub fn experiments(&self) -> Option<&str> {
        let version = self.build_info.as_ref()?.value.version.as_deref()?;
        version.split_once("X:").map(|(_, experiments)| experiments)
    }

    /// Returns modules and settings.
    pub fn info(&self) -> Option<&BuildInfo> {
        self.build_info.as_ref()?.value.info.as_ref()
    }

    /// Returns a build setting.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.info()?.setting(key)
    }
}

/// Reads a number of the program's byte order.
pub(crate) fn number(bytes: &[u8], at: usize, size: usize, image: &Image) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(size)?)?;
    let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    Some(if image.machine.big_endian {
        field.iter().fold(0, fold)
    } else {
        field.iter().rev().fold(0, fold)
    })
}

//! What keeps the question from being answered.

use serde::Serialize;
use thiserror::Error;

/// Why nothing can be told. It ends a run with 3, and is no error of the run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{said}")]
pub struct Obstacle {
    /// What is not here.
    pub kind: Kind,
    /// In a sentence, with what other programs said.
    pub said: String,
}

/// What is not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The file does not tell how it was built.
    File,
    /// The source can't be had.
    Source,
    /// The Go release can't be had.
    Toolchain,
    /// There is no C compiler for the target.
    CCompiler,
    /// A flag of the linker that leaves no trace but in a hash.
    Flags,
    /// Nothing could be built.
    Build,
    /// Time, disk space or the number of builds is used up.
    Limit,
}

impl Kind {
    /// Returns the word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Source => "source",
            Self::Toolchain => "toolchain",
            Self::CCompiler => "c-compiler",
            Self::Flags => "flags",
            Self::Build => "build",
            Self::Limit => "limit",
        }
    }
}

impl Obstacle {
    /// Says what is not here.
    pub fn new(kind: Kind, said: impl Into<String>) -> Self {
        Self {
            kind,
            said: said.into(),
        }
    }
}

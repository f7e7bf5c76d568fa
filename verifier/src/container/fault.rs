//! Why a container could not be read to its end, and where.

use std::io;

use thiserror::Error;

/// What went wrong, and in which part of the container.
#[derive(Debug, Error)]
#[error("{}{kind}", prefix(.place))]
pub struct Fault {
    /// The part, outermost first; empty for the container itself.
    pub place: Vec<String>,
    /// What went wrong there.
    pub kind: Kind,
}

/// What can go wrong.
#[derive(Debug, Error)]
pub enum Kind {
    /// The bytes end too early.
    #[error("it is cut off: it ends {0}; copy or download it again")]
    Truncated(String),
    /// The bytes are not what the format asks for.
    #[error("it is damaged: {0}; copy or download it again")]
    Malformed(String),
    /// The format is right and this program does not know how to read it.
    #[error("{0}; unpack it and compare the folders")]
    Unsupported(String),
    /// It unpacks to far more than its own size.
    #[error(
        "it unpacks to more than {max} bytes, which is out of proportion to its size; nothing more of it is read"
    )]
    Bomb {
        /// The most it may unpack to.
        max: u64,
    },
    /// All containers together unpack to more than is read in a run.
    #[error(
        "the containers of this run unpack to more than {max} bytes, the most that is read for files of their size; unpack them and compare the folders"
    )]
    TooMuch {
        /// The most that is unpacked.
        max: u64,
    },
    /// It has more parts than are read.
    #[error("it has more than {max} {what}, the most that are read")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// The most that are read.
        max: usize,
    },
    /// The list of its members takes more memory than there is for it.
    #[error(
        "the list of its members takes more than {max} bytes of memory, the most that is given, after {members} members; unpack it in parts and compare those"
    )]
    Memory {
        /// How many members the list has.
        members: usize,
        /// The most memory, in bytes.
        max: usize,
    },
    /// Containers lie too deep in one another.
    #[error(
        "containers lie more than {max} deep inside one another, and what lies deeper was not looked into; unpack it and compare what is inside"
    )]
    TooDeep {
        /// How deep they are followed.
        max: usize,
    },
    /// It changed between two readings.
    #[error("it changed while it was read; compare again when nothing writes to it")]
    Changed,
    /// The system refused to read it.
    #[error("{0}")]
    Io(io::Error),
}

fn prefix(place: &[String]) -> String {
    place.iter().map(|part| format!("{part}: ")).collect()
}

impl Fault {
    /// Says whether it is not an answer about the bytes: the system refused to read them, or
    /// this program ran out of what it may use.
    pub fn is_refusal(&self) -> bool {
        matches!(self.kind, Kind::Io(_) | Kind::Memory { .. })
    }

    /// Says that bytes end too early: `in the middle of …`, `before …`.
    pub fn truncated(place: impl Into<String>) -> Self {
        Kind::Truncated(place.into()).into()
    }

    /// Says that a container ends within a member, so many bytes before its end.
    pub fn ends_within(member: &str, left: u64) -> Self {
        Self::truncated(format!(
            "in the middle of {member}, {left} bytes before that member's end"
        ))
    }

    /// Says what about the bytes is wrong.
    pub fn malformed(what: impl Into<String>) -> Self {
        Kind::Malformed(what.into()).into()
    }

    /// Says what this program can't read.
    pub fn unsupported(what: impl Into<String>) -> Self {
        Kind::Unsupported(what.into()).into()
    }

    /// Names the part in which it happened.
    pub fn within(mut self, place: impl Into<String>) -> Self {
        self.place.insert(0, place.into());
        self
    }
}

impl From<Kind> for Fault {
    fn from(kind: Kind) -> Self {
        Self {
            place: Vec::new(),
            kind,
        }
    }
}

/// Readers pass faults on inside `io::Error`; here they come out again.
impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(fault) => fault,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Self::truncated("too early")
            }
            Err(error) => Kind::Io(error).into(),
        }
    }
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        Self::other(fault)
    }
}

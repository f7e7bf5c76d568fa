//! One entry judged: an index line beside the output it names.

use proto::buildid::Part;
use proto::gocache::kind::Kind;
use proto::gocache::{self, Id, Index};

use super::program::Program;
use super::reading::Maker;
use super::survey::{Line, Output, Unread};

/// What is the matter with an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is what the go command wrote, as far as can be told.
    Sound,
    /// Its output is not there: the go command deletes old outputs and index
    /// lines one by one, by their age.
    Missing,
    /// Its output ends early, as a crash leaves it. The go command takes no
    /// notice of such an entry.
    CutOff {
        /// Bytes there are.
        size: u64,
        /// Bytes the index line promises.
        want: u64,
    },
    /// The index line itself ends early.
    LineCutOff {
        /// Bytes there are.
        len: usize,
    },
    /// Something that only an intervention or broken storage leaves behind, and
    /// that the go command notices.
    Damaged(Damage),
    /// Something that the go command links without noticing.
    Poisoned(Poison),
    /// Who made it can't be told, for this reason.
    Unjudged(&'static str),
    /// It can't be read.
    Unread(Unread),
}

/// Changes that the go command notices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// The index line is none.
    Line(gocache::Error),
    /// The index line is that of another action.
    OtherAction(Id),
    /// The output is longer than the index line says.
    Longer {
        /// Bytes there are.
        size: u64,
        /// Bytes the index line promises.
        want: u64,
    },
    /// The output is sound, but has another size than the index line says.
    Size {
        /// Bytes there are.
        size: u64,
        /// Bytes the index line promises.
        want: u64,
    },
    /// The bytes are other ones than the name says; of this kind of output the
    /// go command computes the hash before it takes it.
    Content {
        /// What the bytes hash to.
        found: Id,
    },
    /// The folder of a program holds another number of files than one.
    Folder {
        /// How many.
        files: usize,
    },
}

/// Changes that the go command does not notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Poison {
    /// The bytes are other ones than the name says; the size is right, and the
    /// go command looks at nothing else.
    Content {
        /// What the bytes hash to.
        found: Id,
    },
    /// The output is sound, but was made by another action.
    OtherAction {
        /// The action in its build ID.
        found: Part,
    },
    /// The hash holds, and the content part of the build ID does not: changed,
    /// and then given its new name.
    BuildId {
        /// The content part inside.
        recorded: Part,
        /// What the bytes give.
        computed: Part,
    },
    /// A package or a program without a build ID of the go command's, which keeps
    /// neither unless its own ID is in it.
    NoBuildId {
        /// What stands in its place.
        found: Option<String>,
    },
    /// The entry of a package leads to something that is not a package.
    NoArchive {
        /// What it is.
        kind: Kind,
    },
}

impl Poison {
    /// Says what is wrong in a few words.
    pub fn words(&self) -> &'static str {
        match self {
            Self::Content { .. } => "its bytes are not those that its name says",
            Self::OtherAction { .. } => "its build ID names another action",
            Self::BuildId { .. } => "its content is not the one in its build ID",
            Self::NoBuildId { .. } => "it carries no build ID as go writes it",
            Self::NoArchive { .. } => "it is not a compiled package",
        }
    }
}

/// What an entry is by the keys of other entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A compiled package.
    Package,
    /// Something that stands beside one.
    Beside,
    /// No key tells.
    Untold,
}

/// Judges one entry.
///
/// `kind` is what the output must be by its key, or else looks like.
pub fn judge(action: &Id, line: &Line, output: Option<&Output>, kind: Kind, role: Role) -> State {
    let index = match line {
        Line::Sound(index) => index,
        Line::Other(index) => return State::Damaged(Damage::OtherAction(index.action)),
        Line::Broken { len, .. } if *len < Index::LEN => return State::LineCutOff { len: *len },
        Line::Broken { error, .. } => return State::Damaged(Damage::Line(error.clone())),
        Line::Unread(unread) => return State::Unread(unread.clone()),
    };
    match output {
        None => State::Missing,
        Some(Output::Unread(unread)) => State::Unread(unread.clone()),
        // What a crash leaves between making the folder and the file.
        Some(Output::Folder { files: 0 }) => State::CutOff {
            size: 0,
            want: index.size,
        },
        Some(Output::Folder { files }) => State::Damaged(Damage::Folder { files: *files }),
        Some(output @ (Output::File(_) | Output::Program(_))) => {
            bytes(index, output, kind).unwrap_or_else(|| made_by(action, output, role))
        }
    }
}

/// Judges size and hash; `None` when both are right.
fn bytes(index: &Index, output: &Output, kind: Kind) -> Option<State> {
    let size = output.size()?;
    let found = Id(output.sha256()?);
    let want = index.size;
    let sound = found == index.output;
    Some(match (sound, size.cmp(&want)) {
        (true, std::cmp::Ordering::Equal) => return None,
        (true, _) => State::Damaged(Damage::Size { size, want }),
        (false, std::cmp::Ordering::Less) => State::CutOff { size, want },
        (false, std::cmp::Ordering::Greater) => State::Damaged(Damage::Longer { size, want }),
        (false, std::cmp::Ordering::Equal) if kind.trusted_by_size() => {
            State::Poisoned(Poison::Content { found })
        }
        (false, std::cmp::Ordering::Equal) => State::Damaged(Damage::Content { found }),
    })
}

/// Why an output is not one that this action made, as far as can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// It is not.
    Poison(Poison),
    /// That can't be told, for this reason.
    Unjudged(&'static str),
}

impl From<Misfit> for State {
    fn from(misfit: Misfit) -> Self {
        match misfit {
            Misfit::Poison(poison) => Self::Poisoned(poison),
            Misfit::Unjudged(why) => Self::Unjudged(why),
        }
    }
}

/// Judges whether this action made the output.
fn made_by(action: &Id, output: &Output, role: Role) -> State {
    let fits = match output {
        // Files of cgo, what was printed: they carry no action.
        Output::File(_) if role == Role::Beside => Ok(()),
        Output::File(read) => package(action, &read.maker),
        Output::Program(program) => of_program(action, program),
        Output::Folder { .. } | Output::Unread(_) => Ok(()),
    };
    let kind = output.kind();
    match fits {
        Err(misfit) => misfit.into(),
        Ok(()) if role == Role::Package && kind != Kind::Archive => {
            State::Poisoned(Poison::NoArchive { kind })
        }
        Ok(()) => State::Sound,
    }
}

/// Judges whether this action made what may be a package.
///
/// # Errors
/// Why it did not, or why that can't be told.
pub fn package(action: &Id, maker: &Maker) -> Result<(), Misfit> {
    let poison = match maker {
        Maker::Nobody => return Ok(()),
        Maker::Package {
            made_by,
            recorded,
            computed,
        } => {
            if *made_by != action.part() {
                Poison::OtherAction { found: *made_by }
            } else if recorded != computed {
                Poison::BuildId {
                    recorded: *recorded,
                    computed: *computed,
                }
            } else {
                return Ok(());
            }
        }
        Maker::Unsigned { found } => Poison::NoBuildId {
            found: found.clone(),
        },
        Maker::OtherCompiler => {
            return Err(Misfit::Unjudged(
                "an archive that Go's own compiler did not write (gccgo's are such): who made it is not read",
            ));
        }
    };
    Err(Misfit::Poison(poison))
}

fn of_program(action: &Id, program: &Program) -> Result<(), Misfit> {
    let poison = match (program.link_action, program.changed) {
        (Some(found), _) if found != action.part() => Poison::OtherAction { found },
        (Some(_), Some((recorded, computed))) => Poison::BuildId { recorded, computed },
        (Some(_), None) if program.is_checked => return Ok(()),
        // What has Go's build information was linked by its own linker.
        (None, _) if program.go_version.is_some() => Poison::NoBuildId { found: None },
        (Some(_) | None, _) => {
            return Err(Misfit::Unjudged(
                "a program whose build ID can't be read or computed again",
            ));
        }
    };
    Err(Misfit::Poison(poison))
}

#[cfg(test)]
mod tests;

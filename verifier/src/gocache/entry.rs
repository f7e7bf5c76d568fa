//! One entry judged: an index line beside the output it names.

use proto::buildid::{BuildId, Part};
use proto::gocache::kind::Kind;
use proto::gocache::{self, Id, Index};

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
    /// The entry of a package leads to something that is no package.
    NoArchive {
        /// What it is.
        kind: Kind,
    },
}

/// Judges one entry.
///
/// `kind` is what the output must be by its key, or else looks like;
/// `is_package` whether other entries say that the action compiles a package.
pub fn judge(
    action: &Id,
    line: &Line,
    output: Option<&Output>,
    kind: Kind,
    is_package: bool,
) -> State {
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
            bytes(index, output, kind).unwrap_or_else(|| maker(action, output, is_package))
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

/// Judges whether this action made the output.
fn maker(action: &Id, output: &Output, is_package: bool) -> State {
    let (made_by, content) = match output {
        Output::File(read) => match (&read.build_id, read.content) {
            (Some(BuildId::Package { action, content }), Some(computed)) => (
                Some(*action),
                (*content != computed).then_some((*content, computed)),
            ),
            _ => (None, None),
        },
        Output::Program(program) => (program.link_action, program.changed),
        Output::Folder { .. } | Output::Unread(_) => (None, None),
    };
    if let Some(found) = made_by.filter(|found| *found != action.part()) {
        return State::Poisoned(Poison::OtherAction { found });
    }
    if let Some((recorded, computed)) = content {
        return State::Poisoned(Poison::BuildId { recorded, computed });
    }
    if is_package && output.kind() != Kind::Archive {
        return State::Poisoned(Poison::NoArchive {
            kind: output.kind(),
        });
    }
    State::Sound
}

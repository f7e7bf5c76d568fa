//! In what two containers differ.

use crate::container::listing::Content;
use crate::diff::Verdict;

/// Everything in which two containers differ.
#[derive(Debug, Default)]
pub struct Difference {
    /// What they are, in words.
    pub kinds: [String; 2],
    /// The same, as short as a file's format is named.
    pub names: [&'static str; 2],
    /// How many members each has.
    pub members: [usize; 2],
    /// How many members both have with the same content.
    pub same: usize,
    /// Members that both have with other content.
    pub differing: Vec<Differing>,
    /// Members that only one has.
    pub only: [Vec<Only>; 2],
    /// What they say otherwise about members and about themselves.
    pub fields: Vec<Field>,
    /// What they carry beside members and is not the same.
    pub carried: Vec<Example>,
    /// What a reader should know.
    pub notes: Vec<String>,
    /// Why one of them could not be read to its end.
    pub reason: Option<String>,
    /// Whether both are folders: those have no bytes of their own, and are the same
    /// when their members are. A folder and an archive are not of one kind.
    pub are_folders: bool,
}

/// A member that both have with other content.
#[derive(Debug)]
pub struct Differing {
    /// Its path.
    pub path: String,
    /// What it is on both sides.
    pub contents: [Content; 2],
    /// What became of comparing it.
    pub how: How,
}

/// What became of comparing a member.
#[derive(Debug)]
pub enum How {
    /// It is not the same kind of thing, or another link.
    Kind,
    /// Its bytes were compared.
    Bytes {
        /// The first offset at which they differ.
        first: u64,
        /// How many bytes differ at equal offsets, those included that one has more.
        differing: u64,
        /// What both have there, a few bytes of it.
        shown: [Vec<u8>; 2],
    },
    /// It was compared as a build; the number is the one its taker gave it.
    Program {
        /// What its taker calls it.
        number: usize,
        /// The answer for it.
        verdict: Verdict,
    },
    /// It was looked into in turn.
    Container(Box<Difference>),
    /// Only the hashes were compared, for this reason.
    Hashes(String),
}

/// A member that only one side has.
#[derive(Debug)]
pub struct Only {
    /// Its path.
    pub path: String,
    /// What it is.
    pub content: Content,
}

/// One thing about which two containers say something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// What it is about: `modification time`, `gzip: file name`, …
    pub name: String,
    /// Whether it only says how members were packed: when, in which order, how well.
    pub is_packing: bool,
    /// For how many members; 0 when it is about the container itself.
    pub members: usize,
    /// The first few.
    pub examples: Vec<Example>,
}

/// One value on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The member or the field.
    pub place: String,
    /// The first side's value.
    pub a: Option<String>,
    /// The second side's value.
    pub b: Option<String>,
}

impl Field {
    /// Something that two containers say about themselves.
    pub(super) fn own(name: &str, a: Option<String>, b: Option<String>) -> Self {
        Self {
            name: name.into(),
            is_packing: true,
            members: 0,
            examples: vec![Example {
                place: name.into(),
                a,
                b,
            }],
        }
    }
}

impl Difference {
    /// Returns the answer.
    pub fn verdict(&self) -> Verdict {
        let members = || self.differing.iter().map(|member| member.how.verdict());
        let is_different = !self.only.iter().all(Vec::is_empty)
            || !self.carried.is_empty()
            || !self.fields.is_empty()
            || members().any(|verdict| verdict == Verdict::Different);
        let is_open =
            self.reason.is_some() || members().any(|verdict| verdict == Verdict::Inconclusive);
        match (is_open, is_different) {
            // What was not read may hold anything, but a difference stays one.
            (true, false) => Verdict::Inconclusive,
            (_, true) => Verdict::Different,
            (false, false) if self.are_folders => Verdict::Identical,
            (false, false) => Verdict::Different,
        }
    }

    /// Counts members, and those inside members that were looked into.
    pub fn count(&self) -> Count {
        let mut count = Count {
            same: self.same,
            differing: 0,
            only: [self.only[0].len(), self.only[1].len()],
        };
        for member in &self.differing {
            match &member.how {
                How::Container(inner) => {
                    let is_unread = inner.reason.is_some();
                    let inner = inner.count();
                    count.differing += usize::from(is_unread && inner.all() == 0);
                    count.same += inner.same;
                    count.differing += inner.differing;
                    count.only[0] += inner.only[0];
                    count.only[1] += inner.only[1];
                }
                How::Kind | How::Bytes { .. } | How::Program { .. } | How::Hashes(_) => {
                    count.differing += 1;
                }
            }
        }
        count
    }

    /// Says why something inside could not be compared, with the path to it.
    pub fn obstacle(&self) -> Option<String> {
        if let Some(reason) = &self.reason {
            return Some(reason.clone());
        }
        self.differing.iter().find_map(|member| match &member.how {
            How::Container(inner) => {
                let reason = inner.obstacle()?;
                Some(format!("{}: {reason}", member.path))
            }
            How::Program {
                verdict: Verdict::Inconclusive,
                ..
            } => Some(format!(
                "{} can't be read as a build on one side; see below",
                member.path
            )),
            How::Kind | How::Bytes { .. } | How::Program { .. } | How::Hashes(_) => None,
        })
    }
}

impl How {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Kind | Self::Bytes { .. } | Self::Hashes(_) => Verdict::Different,
            Self::Program { verdict, .. } => *verdict,
            Self::Container(inner) => inner.verdict(),
        }
    }
}

/// Members counted, all the way down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Those that are the same on both sides.
    pub same: usize,
    /// Those that both have and that differ.
    pub differing: usize,
    /// Those that only one has.
    pub only: [usize; 2],
}

impl Count {
    /// Returns how many there are in all.
    pub fn all(&self) -> usize {
        self.same + self.differing + self.only[0] + self.only[1]
    }
}

/// Says how many members differ: `3 of 120 members differ, 1 only in a`.
impl std::fmt::Display for Count {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let verb = if self.differing == 1 {
            "differs"
        } else {
            "differ"
        };
        write!(
            formatter,
            "{} of {} members {verb}",
            self.differing,
            self.all()
        )
    }
}

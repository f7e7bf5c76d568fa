//! What a session remembers.

use std::collections::HashMap;
use std::fs::Metadata;
use std::time::SystemTime;

use proto::gocache::Id;
use proto::gocache::kind::Kind;

use crate::cacheprog::session::{Compared, FINDINGS_MAX, PROBLEMS_MAX, Requests, Rule};
use crate::gocache::reading::Maker;

/// The most outputs and files remembered; what is forgotten is looked up again,
/// or made again.
const REMEMBERED_MAX: usize = 1 << 20;

/// The most packages named that the record does not know.
const NOT_RECORDED_MAX: usize = 200;

/// What a session remembers.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) requests: Requests,
    pub(super) compared: Compared,
    pub(super) findings: Vec<Open>,
    pub(super) findings_omitted: u64,
    pub(super) not_recorded: Vec<Id>,
    pub(super) problems: Vec<String>,
    pub(super) made: HashMap<Id, Made>,
    /// What was handed out that this session was not handed before, by action: the
    /// output, and the file.
    pub(super) handed_out: HashMap<Id, (Id, String)>,
    /// Files of the record found intact, by output, and who made them.
    pub(super) intact: HashMap<Id, (Stamp, Maker)>,
}

/// A finding whose package is not looked for yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) rule: Rule,
    pub(super) action: Id,
    pub(super) kind: Option<Kind>,
    /// Output and size in bytes that the record has.
    pub(super) recorded: Option<(Id, u64)>,
    /// Those of now.
    pub(super) now: Option<(Id, u64)>,
    pub(super) detail: String,
}

/// An output that the go command made in this session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) output: Id,
    pub(super) size: u64,
    pub(super) kind: Kind,
}

/// What changes when a file does: the time of its last change of any kind can't
/// be set by a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    size: u64,
    modified: Option<SystemTime>,
    #[cfg(unix)]
    inode: [i64; 4],
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt as _;
        Self {
            size: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            inode: [
                metadata.dev().cast_signed(),
                metadata.ino().cast_signed(),
                metadata.ctime(),
                metadata.ctime_nsec(),
            ],
        }
    }
}

impl Tally {
    /// Takes a finding in, each once.
    pub(super) fn open(&mut self, open: Open) {
        if self.findings.contains(&open) {
            return;
        }
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(open);
        } else {
            self.findings_omitted += 1;
        }
    }

    pub(super) fn damaged(&mut self, action: Id, why: String) {
        self.open(Open {
            rule: Rule::EntryDamaged,
            action,
            kind: None,
            recorded: None,
            now: None,
            detail: why,
        });
    }

    pub(super) fn not_recorded(&mut self, action: Id, kind: Kind) {
        self.compared.not_recorded += 1;
        if kind == Kind::Archive {
            self.compared.not_recorded_packages += 1;
            if self.not_recorded.len() < NOT_RECORDED_MAX {
                self.not_recorded.push(action);
            }
        }
    }

    pub(super) fn problem(&mut self, problem: String) {
        if self.problems.len() < PROBLEMS_MAX && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    pub(super) fn made(&mut self, action: Id, made: Made) {
        if self.made.len() < REMEMBERED_MAX {
            self.made.insert(action, made);
        }
    }

    pub(super) fn handed_out(&mut self, action: Id, output: Id, path: &str) {
        if self.handed_out.len() < REMEMBERED_MAX {
            self.handed_out.insert(action, (output, path.to_owned()));
        }
    }

    pub(super) fn made_by(&self, action: Id) -> Option<Made> {
        self.made.get(&action).copied()
    }

    pub(super) fn looked_at(&mut self, output: Id, stamp: Stamp, maker: Maker) {
        if self.intact.len() < REMEMBERED_MAX {
            self.intact.insert(output, (stamp, maker));
        }
    }

    /// Returns who made a file that was looked at and not touched since.
    pub(super) fn maker(&self, output: Id, stamp: Stamp) -> Option<Maker> {
        let (known, maker) = self.intact.get(&output)?;
        (*known == stamp).then(|| maker.clone())
    }
}

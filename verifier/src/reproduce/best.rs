//! The nearest build, and what alone sets it apart where it is not equal.

use super::plan::{Linker, Plan};
use super::tree::Tree;
use crate::artifact::Artifact;
use crate::diff::Diff;
use crate::diff::fields::{Field, Name};
use crate::mask::{Compared, Sides, What};

/// The build that is nearest.
#[derive(Debug)]
pub struct Best {
    /// The number of its step, from 0.
    pub step: usize,
    /// How it was built.
    pub plan: Plan,
    /// What it gave.
    pub artifact: Artifact,
    /// In what it differs.
    pub diff: Diff,
    /// Whether it is the same to the last byte.
    pub is_equal: bool,
}

/// What alone sets the nearest build apart, where it is not equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ButFor {
    /// The stamp of version control, which a repository of ours wrote.
    Stamp,
    /// A signature, which is put on after the build.
    Signature,
}

impl Best {
    /// Says what alone sets it apart from the given program; `None` where it is equal, or
    /// more differs.
    pub fn equal_but_for(&self, given: &Artifact) -> Option<ButFor> {
        if self.is_equal {
            return None;
        }
        let compared = Compared::of(given, &self.artifact)?;
        let all = |is_wanted: fn(What) -> bool| {
            let mut differing = compared.masks.iter().filter(|sides| sides.differs);
            differing.all(|sides| is_wanted(sides.what))
        };
        if compared.equal && all(is_of_signature) {
            return Some(ButFor::Signature);
        }
        // A version made of the commit is a line of the modules.
        let by_version =
            compared.more == [What::Modules] && self.diff.fields.iter().all(is_of_commit);
        let is_stamp = self.plan.tree == Tree::Stamped
            && ((compared.equal && all(is_of_stamp)) || (by_version && all(is_of_version)));
        is_stamp.then_some(ButFor::Stamp)
    }

    /// Says whether nothing but marks of the link sets it apart from the given program, and
    /// the linker was told something else: part A of the build ID, a hash over its flags,
    /// differs where B and C, which package main gives, do not.
    pub fn differs_by_hidden_flags(&self, given: &Artifact) -> bool {
        let is_told = matches!(self.plan.linker, Linker::Recorded(_));
        let is_of_link = self
            .diff
            .pattern
            .is_some_and(|pattern| !pattern.0[0] && pattern.0[1] && pattern.0[2]);
        if self.is_equal || is_told || !is_of_link {
            return false;
        }
        let is_mark = |sides: &Sides| is_of_link_id(sides.what) || is_of_signature(sides.what);
        Compared::of(given, &self.artifact).is_some_and(|compared| {
            let mut differing = compared.masks.iter().filter(|sides| sides.differs);
            compared.equal && differing.all(is_mark)
        })
    }
}

fn is_of_signature(what: What) -> bool {
    matches!(what, What::CodeSignature | What::Checksum)
}

fn is_of_stamp(what: What) -> bool {
    is_of_link_id(what) || what == What::Vcs
}

fn is_of_link_id(what: What) -> bool {
    matches!(what, What::BuildId | What::GnuBuildId | What::Uuid)
}

fn is_of_version(what: What) -> bool {
    is_of_stamp(what) || what == What::Modules
}

/// A pseudo-version is made of the commit too.
fn is_of_commit(field: &Field) -> bool {
    match &field.name {
        Name::Setting(key) => key.starts_with("vcs."),
        Name::Main => [&field.a, &field.b].into_iter().flatten().all(|line| {
            let version = line.split_whitespace().nth(1).unwrap_or_default();
            proto::module::pseudo::is_pseudo(version.trim_end_matches("+dirty"))
        }),
        Name::GoVersion | Name::Path | Name::Dep(_) | Name::Other => false,
    }
}

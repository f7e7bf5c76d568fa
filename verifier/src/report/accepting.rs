//! `--accept`: what less than equality ends a run as if files were equal. The verdict
//! stays what it is.

use super::container::{Container, Metadata};
use super::{Comparison, Report};
use crate::args::Accept;
use crate::cause::Name;
use crate::compare::Verdict;

/// Causes after which nothing is accepted as masked: the files are not what was built, or were
/// not built from what they say.
const ALARMS: [Name; 3] = [
    Name::ModifiedAfterBuild,
    Name::DependencySum,
    Name::CachePoisoned,
];

/// Fields of packing that say nothing of the members: of one kind of container or
/// another, when and in which order it was packed.
const PACKING: [&str; 6] = [
    "kind of container",
    "modification time",
    "access time",
    "change time",
    "order of members",
    "entries for folders",
];

/// Fields about a container as a whole that may hide what it carries.
const NOT_PACKING: [&str; 3] = ["bytes ", "compressed bytes, or", "outermost folder"];

impl Report {
    /// Lets the run end as if the files were equal, when every pair that differs does
    /// so in no more than what was said to be good enough.
    pub fn accept(&mut self, accept: &Accept) {
        if self.verdict != Some(Verdict::Different) {
            return;
        }
        let alarm = match accept {
            Accept::Masked(_) => self.alarm(),
            Accept::Members => None,
        };
        let passes = |pair: &Comparison| match (pair.verdict, accept) {
            (Verdict::Identical, _) => true,
            (Verdict::Inconclusive, _) => false,
            (Verdict::Different, Accept::Masked(kinds)) => {
                let masked = pair.masked.as_ref();
                masked.is_some_and(|masked| masked.passes(kinds))
            }
            (Verdict::Different, Accept::Members) => {
                pair.container.as_ref().is_some_and(holds_the_same)
            }
        };
        let passes = self.comparisons.iter().all(passes);
        match alarm {
            Some(alarm) if passes => self
                .notes
                .push(format!("--accept does not hold here: {alarm}")),
            None if passes => {
                self.accepted = Some(match accept {
                    Accept::Masked(_) => "masked",
                    Accept::Members => "members",
                });
            }
            _ => {}
        }
    }

    /// Returns what forbids to accept files as equal but for their marks.
    fn alarm(&self) -> Option<String> {
        let mut causes = self.causes.iter();
        if let Some(cause) = causes.find(|cause| ALARMS.contains(&cause.cause)) {
            return Some(cause.summary.clone());
        }
        let mut files = self.files.iter();
        let changed = files.find(|file| file.self_check.status == "changed")?;
        Some(format!(
            "{} was changed after go build wrote it (self-check)",
            changed.path
        ))
    }
}

/// Says whether two containers hold the same members, whatever the packing.
fn holds_the_same(container: &Container) -> bool {
    let total = &container.total;
    let is_packing = |metadata: &Metadata| {
        let field = metadata.field.as_str();
        let is_own = metadata.members == 0;
        PACKING.contains(&field)
            || is_own && !NOT_PACKING.iter().any(|start| field.starts_with(start))
    };
    let counts = [total.differing, total.only_in_a, total.only_in_b];
    counts == [0; 3] && container.carried.is_empty() && container.metadata.iter().all(is_packing)
}

//! `--accept`: what less than equality ends a run as if files were equal. The verdict
//! stays what it is.

use super::container::Container;
use super::{Comparison, Report};
use crate::args::Accept;
use crate::cause::Name;
use crate::diff::Verdict;

/// The word for files that are accepted as equal but for what masks hide.
pub(super) const MASKED: &str = "masked";

/// Causes after which nothing is accepted as masked: the files are not what was built, or were
/// not built from what they say.
const ALARMS: [Name; 3] = [
    Name::ModifiedAfterBuild,
    Name::DependencySum,
    Name::CachePoisoned,
];

impl Report {
    /// Lets the run end as if the files were equal, when every pair that differs does
    /// so in no more than what was said to be good enough.
    pub fn accept(&mut self, accept: &Accept) {
        if self.verdict != Some(Verdict::Different) {
            return;
        }
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
        if !self.comparisons.iter().all(passes) {
            return;
        }
        let alarm = match accept {
            Accept::Masked(_) => self.comparisons.iter().find_map(|pair| self.alarm(pair)),
            Accept::Members => None,
        };
        match alarm {
            Some(alarm) => self
                .notes
                .push(format!("--accept does not hold here: {alarm}")),
            None => {
                self.accepted = Some(match accept {
                    Accept::Masked(_) => MASKED,
                    Accept::Members => "members",
                });
            }
        }
    }

    /// Returns what forbids to accept two files as equal but for their marks.
    pub(super) fn alarm(&self, pair: &Comparison) -> Option<String> {
        let causes = self.causes.iter();
        let mut causes = causes.filter(|one| one.files == pair.files);
        if let Some(one) = causes.find(|one| ALARMS.contains(&one.cause.name)) {
            return Some(one.cause.summary.clone());
        }
        let mut files = pair.files.iter().filter_map(|index| self.files.get(*index));
        let changed = files.find(|file| file.self_check.status == "changed")?;
        Some(format!(
            "{} was changed after go build wrote it (self-check)",
            changed.path
        ))
    }
}

/// Says whether two containers hold the same members, whatever the packing. What lies in
/// members is held to the same by comparisons of its own, unless those are left out.
fn holds_the_same(container: &Container) -> bool {
    let total = &container.total;
    let counts = [total.differing, total.only_in_a, total.only_in_b];
    counts == [0; 3]
        && container.omitted == 0
        && container.carried.is_empty()
        && container.metadata.iter().all(|field| field.is_packing)
}

#[cfg(test)]
mod tests {
    use proto::finding::Evidence;

    use super::*;
    use crate::report::container::{Metadata, Total};

    #[test]
    fn containers_of_the_same_members_differ_in_packing_alone() {
        let field = |is_packing| Metadata {
            field: "made".into(),
            is_packing,
            members: 0,
            examples: Vec::new(),
        };
        let container = || Container {
            kinds: ["tar".into(), "tar".into()],
            members: [1, 1],
            total: Total {
                same: 1,
                differing: 0,
                only_in_a: 0,
                only_in_b: 0,
            },
            differing: Vec::new(),
            only_in_a: Vec::new(),
            only_in_b: Vec::new(),
            omitted: 0,
            metadata: vec![field(true)],
            carried: Vec::new(),
            notes: Vec::new(),
        };
        assert!(holds_the_same(&container()));
        let wrong: [fn(&mut Container); 6] = [
            |container| container.total.differing = 1,
            |container| container.total.only_in_a = 1,
            |container| container.total.only_in_b = 1,
            // An archive in the archive that nobody looked into.
            |container| container.omitted = 1,
            |container| container.metadata[0].is_packing = false,
            |container| {
                container.carried.push(Evidence {
                    place: "comment".into(),
                    a: None,
                    b: Some("payload".into()),
                });
            },
        ];
        for (index, change) in wrong.into_iter().enumerate() {
            let mut changed = container();
            change(&mut changed);
            assert!(!holds_the_same(&changed), "{index}");
        }
    }
}

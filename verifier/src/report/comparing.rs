//! From files to comparisons to the answer.

use std::path::{Path, PathBuf};

use super::clusters::Clusters;
use super::{Comparison, File, Finding, Report};
use crate::cause::{Confidence, Name};
use crate::cluster::{self, Member};
use crate::compare::shelf::Shelf;
use crate::compare::{Artifact, Outcome, Verdict, name, read_all};
use crate::input;

impl Report {
    /// Compares files. Two are compared with each other; of more, one file of the
    /// largest group of equal ones is compared with one of each other group, which
    /// answers for its whole group.
    ///
    /// # Errors
    /// The first file that can't be read.
    pub fn compare(paths: &[PathBuf]) -> Result<Self, input::Error> {
        let mut report = Self::new();
        let mut shelf = Shelf::default();
        let mut members = Vec::new();
        let mut identities = Vec::new();
        read_all(paths, |_, artifact| -> Result<(), input::Error> {
            report.files.push(File::of(&artifact));
            members.push(Member::of(&artifact));
            identities.push(artifact.input.identity);
            shelf.put(artifact);
            Ok(())
        })?;
        report.note_links(paths, &identities);
        let clusters = cluster::Clusters::of(members);
        report.compare_groups(&clusters, &mut shelf)?;
        if report.files.len() > 2 {
            report.clusters = Some(Clusters::of(&clusters));
        }
        report.conclude(&clusters);
        Ok(report)
    }

    /// Lets the run end as if the files were equal, when every pair that differs
    /// is equal after masking. The verdict stays what it is.
    pub fn accept_masked(&mut self) {
        let passes = |pair: &Comparison| match pair.verdict {
            Verdict::Identical => true,
            Verdict::Different => pair.masked.as_ref().is_some_and(|masked| masked.equal),
            Verdict::Inconclusive => false,
        };
        let differs = self.verdict == Some(Verdict::Different);
        self.accepted = (differs && self.comparisons.iter().all(passes)).then_some("masked");
    }

    fn note_links(&mut self, paths: &[PathBuf], identities: &[Option<(u64, u64)>]) {
        for (index, identity) in identities.iter().enumerate() {
            let earlier = identities[..index]
                .iter()
                .position(|other| other == identity);
            let Some(earlier) = earlier.filter(|_| identity.is_some()) else {
                continue;
            };
            let show = |index: usize| paths.get(index).map_or(Path::new(""), PathBuf::as_path);
            self.notes.push(format!(
                "{} and {} are one file on disk: that they agree says nothing about two builds",
                show(earlier).display(),
                show(index).display()
            ));
        }
    }

    fn compare_groups(
        &mut self,
        clusters: &cluster::Clusters,
        shelf: &mut Shelf,
    ) -> Result<(), input::Error> {
        let base_index = clusters.base();
        let base = shelf.take(base_index)?;
        let mut compared: Vec<(Comparison, Vec<Finding>)> = Vec::new();
        for group in &clusters.groups {
            let Some((first, rest)) = group.split_first() else {
                continue;
            };
            if *first == base_index {
                let same = Outcome::same(base.bytes().is_empty());
                let pairs = rest.iter().map(|file| pair(base_index, *file));
                compared.extend(pairs.map(|files| (Comparison::of(files, &same), Vec::new())));
                continue;
            }
            let other = shelf.take(*first)?;
            let in_depth = compare_pair((base_index, &base), (*first, &other), group);
            let copies = rest
                .iter()
                .map(|file| copy(&in_depth, pair(base_index, *file)));
            let copies: Vec<_> = copies.collect();
            compared.push(in_depth);
            compared.extend(copies);
        }
        compared.sort_by_key(|(comparison, _)| comparison.files);
        for (comparison, causes) in compared {
            self.comparisons.push(comparison);
            self.causes.extend(causes);
        }
        Ok(())
    }

    fn conclude(&mut self, clusters: &cluster::Clusters) {
        let is = |verdict: Verdict| {
            self.comparisons
                .iter()
                .filter(|pair| pair.verdict == verdict)
                .count()
        };
        let (different, inconclusive) = (is(Verdict::Different), is(Verdict::Inconclusive));
        let verdict = match (different, inconclusive) {
            (0, 0) => Verdict::Identical,
            (0, _) => Verdict::Inconclusive,
            _ => Verdict::Different,
        };
        let changed = self
            .files
            .iter()
            .filter(|file| file.self_check.status == "changed")
            .count();
        if verdict == Verdict::Identical && changed > 0 {
            self.notes.push(
                "the files agree, but they were changed after go build wrote them (self-check)"
                    .into(),
            );
        }
        self.summary = self.sentence(verdict, clusters);
        self.verdict = Some(verdict);
    }

    fn sentence(&self, verdict: Verdict, clusters: &cluster::Clusters) -> String {
        let others = self.files.len() - 1;
        match verdict {
            Verdict::Identical if others == 1 => "both files hold the same bytes".into(),
            Verdict::Identical => format!("all {} files hold the same bytes", others + 1),
            Verdict::Inconclusive => {
                let reason = self.comparisons.iter().find_map(|pair| pair.reason.clone());
                reason.unwrap_or_else(|| "whether the builds differ can't be told".into())
            }
            Verdict::Different if others == 1 => self.why(),
            Verdict::Different => {
                format!("{}; {}", super::clusters::sentence(clusters), self.why())
            }
        }
    }

    /// The strongest cause, said no louder than it is sure.
    fn why(&self) -> String {
        let Some(cause) = self.causes.first() else {
            return "the files differ".into();
        };
        match cause.confidence {
            _ if cause.cause == Name::Unexplained => cause.summary.clone(),
            Confidence::Proven => cause.summary.clone(),
            Confidence::Likely => format!("probably: {}", cause.summary),
            Confidence::Possible => {
                "nothing in these files proves why; see what is possible below".into()
            }
        }
    }
}

/// The lower index comes first.
fn pair(one: usize, other: usize) -> [usize; 2] {
    [one.min(other), one.max(other)]
}

fn compare_pair(
    base: (usize, &Artifact),
    other: (usize, &Artifact),
    group: &[usize],
) -> (Comparison, Vec<Finding>) {
    let (a, b) = if base.0 < other.0 {
        (base, other)
    } else {
        (other, base)
    };
    let files = [a.0, b.0];
    let outcome = Outcome::of(a.1, b.1, files.map(name));
    let finding = |cause: &crate::cause::Cause| Finding {
        cause: cause.name,
        confidence: cause.confidence,
        files,
        sets_apart: group.to_vec(),
        summary: cause.summary.clone(),
        evidence: cause.evidence.clone(),
        fix: cause.fix.clone(),
    };
    let causes = outcome.causes.iter().map(finding).collect();
    (Comparison::of(files, &outcome), causes)
}

/// What holds for one file of a group holds for the others.
fn copy(known: &(Comparison, Vec<Finding>), files: [usize; 2]) -> (Comparison, Vec<Finding>) {
    let mut comparison = known.0.clone();
    comparison.same_as = Some(comparison.files);
    comparison.files = files;
    let mut causes = known.1.clone();
    causes.iter_mut().for_each(|cause| cause.files = files);
    (comparison, causes)
}

//! From files to comparisons to the answer.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use proto::finding::Confidence;
use proto::hashlog::Log;

use super::build::container::{Compared, Insides};
use super::clusters::Clusters;
use super::facts::GCCGO_LIMITS;
use super::{Comparison, Explained, File, Report};
use crate::artifact::read_all;
use crate::cause::{Cause, Name};
use crate::cluster::{self, Member};
use crate::compare::shelf::Shelf;
use crate::compare::{Outcome, Question, name};
use crate::container::limits::Budget;
use crate::diff::Verdict;
use crate::fix::Given;
use crate::input;
use crate::members::root::Root;
use crate::progress::{Bar, Progress};

impl Report {
    /// Compares files. Two are compared with each other; of more, one file of the
    /// largest group of equal ones is compared with one of each other group, which
    /// answers for its whole group.
    ///
    /// # Errors
    /// The first file that can't be read.
    pub fn compare(paths: &[PathBuf], progress: Progress) -> Result<Self, input::Error> {
        Self::compare_with(paths, &[], None, progress)
    }

    /// The same, with a log of each file's build, or none. Of two files one may be given:
    /// fixes are then for the other one.
    ///
    /// # Errors
    /// As [`Report::compare`].
    pub fn compare_with(
        paths: &[PathBuf],
        logs: &[Option<Arc<Log>>],
        given: Option<Given>,
        progress: Progress,
    ) -> Result<Self, input::Error> {
        let bar = progress.reading(paths);
        let mut report = Self::new();
        let budget = Budget::default();
        let mut shelf = Shelf::new(&budget).with_logs(logs);
        let mut members = Vec::new();
        let mut identities = Vec::new();
        let read = |path: &Path| Root::read_along(path, &budget, &bar);
        read_all(paths, read, |_, root| -> Result<(), input::Error> {
            report.files.push(match &root {
                Root::File(artifact) => File::of(artifact),
                Root::Carrier(carrier) => File::of_carrier(carrier),
            });
            members.push(Member::of(&root));
            identities.push(root.identity());
            shelf.put(root);
            Ok(())
        })?;
        bar.finish();
        let work = if bar.is_hidden() {
            Bar::hidden()
        } else {
            progress.work("comparing")
        };
        report.note_links(paths, &identities);
        let clusters = cluster::Clusters::of(members);
        let question = Question { given, bar: &work };
        report.compare_groups(&clusters, &mut shelf, question, &budget)?;
        work.finish();
        if paths.len() > 2 {
            report.clusters = Some(Clusters::of(&clusters));
        }
        report.conclude(&clusters, paths.len());
        Ok(report)
    }

    fn note_links(&mut self, paths: &[PathBuf], identities: &[Option<(u64, u64)>]) {
        for (index, identity) in identities.iter().enumerate() {
            let earlier = identities[..index]
                .iter()
                .position(|other| other == identity);
            let Some(earlier) = earlier.filter(|_| identity.is_some()) else {
                continue;
            };
            let show = |index: usize| {
                paths
                    .get(index)
                    .map_or_else(|| Path::new(""), PathBuf::as_path)
            };
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
        question: Question<'_>,
        budget: &Budget,
    ) -> Result<(), input::Error> {
        let base_index = clusters.base();
        let base = shelf.take(base_index)?;
        let mut compared: Vec<Compared> = Vec::new();
        let mut insides = Insides::new(self.files.len(), question.given);
        for group in &clusters.groups {
            let Some((first, rest)) = group.split_first() else {
                continue;
            };
            if *first == base_index {
                let same = Outcome::same(base.is_empty());
                let pairs = rest.iter().map(|file| pair(base_index, *file));
                compared.extend(pairs.map(|files| (Comparison::of(files, &same), Vec::new())));
                continue;
            }
            let other = shelf.take(*first)?;
            let roots = [(base_index, &base), (*first, &other)];
            let in_depth = compare_pair(roots, group, &mut insides, question, budget)?;
            let copies = rest
                .iter()
                .map(|file| copy(&in_depth, pair(base_index, *file)));
            let copies: Vec<_> = copies.collect();
            compared.push(in_depth);
            compared.extend(copies);
        }
        compared.sort_by_key(|(comparison, _)| comparison.files);
        compared.extend(insides.compared);
        for (comparison, causes) in compared {
            self.comparisons.push(comparison);
            self.causes.extend(causes);
        }
        self.files.extend(insides.files);
        Ok(())
    }

    /// Answers for the files that were given; what lies inside them has been
    /// counted in their pairs' answers.
    fn conclude(&mut self, clusters: &cluster::Clusters, given: usize) {
        let is = |verdict: Verdict| {
            self.comparisons
                .iter()
                .filter(|pair| pair.files[1] < given)
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
            .take(given)
            .filter(|file| file.self_check.status == "changed")
            .count();
        let by_gccgo = self.files.iter().take(given).filter_map(|file| {
            let sign = file.format.gccgo.as_ref()?;
            Some(format!(
                "{} was compiled by gccgo ({sign}): {GCCGO_LIMITS}",
                file.path
            ))
        });
        let by_gccgo: Vec<String> = by_gccgo.collect();
        self.notes.extend(by_gccgo);
        if verdict == Verdict::Identical && changed > 0 {
            self.notes.push(
                "the files agree, but they were changed after go build wrote them (self-check)"
                    .into(),
            );
        }
        self.summary = self.sentence(verdict, clusters, given - 1);
        self.verdict = Some(verdict);
    }

    fn sentence(&self, verdict: Verdict, clusters: &cluster::Clusters, others: usize) -> String {
        match verdict {
            Verdict::Identical if others == 1 => self
                .sentence_for_folders()
                .unwrap_or_else(|| "both files hold the same bytes".into()),
            Verdict::Identical => format!("all {} files hold the same bytes", others + 1),
            Verdict::Inconclusive => {
                let reason = self.comparisons.iter().find_map(|pair| pair.reason.clone());
                reason.unwrap_or_else(|| "whether the builds differ can't be told".into())
            }
            Verdict::Different if others == 1 => {
                self.sentence_for_containers().unwrap_or_else(|| self.why())
            }
            Verdict::Different => {
                format!("{}; {}", super::clusters::sentence(clusters), self.why())
            }
        }
    }

    /// The strongest cause, said no louder than it is sure.
    fn why(&self) -> String {
        let Some(Explained { cause, .. }) = self.causes.first() else {
            return "the files differ".into();
        };
        match cause.confidence {
            _ if cause.name == Name::Unexplained => cause.summary.clone(),
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
    roots: [(usize, &Root); 2],
    group: &[usize],
    insides: &mut Insides,
    question: Question<'_>,
    budget: &Budget,
) -> Result<Compared, input::Error> {
    let [(first, base), (second, other)] = roots;
    let (files, roots) = if first < second {
        ([first, second], [base, other])
    } else {
        ([second, first], [other, base])
    };
    if let [Root::File(a), Root::File(b)] = roots {
        let outcome = Outcome::asked(a, b, files.map(name), question);
        let causes = outcome.causes.iter();
        let causes = causes.map(|cause| Explained::of(files, group, cause));
        return Ok((Comparison::of(files, &outcome), causes.collect()));
    }
    insides.compare(files, roots, group, budget)
}

impl Explained {
    /// Takes down a cause that sets files apart from the others.
    pub(super) fn of(files: [usize; 2], group: &[usize], cause: &Cause) -> Self {
        Self {
            cause: cause.clone(),
            files,
            sets_apart: group.to_vec(),
        }
    }
}

/// What holds for one file of a group holds for the others.
fn copy(known: &Compared, files: [usize; 2]) -> Compared {
    let mut comparison = known.0.clone();
    comparison.same_as = Some(comparison.files);
    comparison.files = files;
    comparison.letters = files.map(name);
    let mut causes = known.1.clone();
    causes.iter_mut().for_each(|one| one.files = files);
    (comparison, causes)
}

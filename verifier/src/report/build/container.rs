//! From the difference of two containers to parts of a report.

mod entry;

use crate::cause::{self, Cause};
use crate::compare::{Outcome, Question, name};
use crate::container::limits::Budget;
use crate::container::listing::Content;
use crate::diff::Verdict;
use crate::fix::Given;
use crate::image::linkage::Linkage;
use crate::input;
use crate::members::compare::Comparer;
use crate::members::difference::{Difference, Differing, How};
use crate::members::root::{Carrier, Root};
use crate::progress::Bar;
use crate::report::container::Inside;
use crate::report::{Comparison, Explained, File, Format, Report, SelfCheck};

/// Two members that were compared as builds.
struct Programs {
    files: [File; 2],
    outcome: Outcome,
}

/// A comparison and the causes found in it.
pub(in crate::report) type Compared = (Comparison, Vec<Explained>);

/// What was found inside files, to be put behind the files that were given.
pub(in crate::report) struct Insides {
    /// The files that were given; indexes from here on are those of members.
    given: usize,
    /// Which of two files the other one is to become equal to.
    pub(in crate::report) given_side: Option<Given>,
    /// The members that were looked into.
    pub(in crate::report) files: Vec<File>,
    /// Their comparisons.
    pub(in crate::report) compared: Vec<Compared>,
}

/// Puts in what was found inside two files.
struct Inserter<'a> {
    insides: &'a mut Insides,
    /// The indexes of the two outermost containers.
    roots: [usize; 2],
    explained: Vec<Option<Programs>>,
    letters: [String; 2],
    paths: [String; 2],
    group: &'a [usize],
}

impl Insides {
    pub(in crate::report) fn new(given: usize, given_side: Option<Given>) -> Self {
        Self {
            given,
            given_side,
            files: Vec::new(),
            compared: Vec::new(),
        }
    }

    /// Compares two files of which at least one carries others.
    pub(in crate::report) fn compare(
        &mut self,
        files: [usize; 2],
        roots: [&Root; 2],
        group: &[usize],
        budget: &Budget,
    ) -> Result<Compared, input::Error> {
        let letters = files.map(name);
        let paths = roots.map(|root| root.path().display().to_string());
        let mut explained = Vec::new();
        let difference = {
            let letters = letters.clone();
            let given = self.given_side;
            let bar = Bar::hidden();
            let taken = &mut explained;
            let take = Box::new(move |_: &[String], a: &_, b: &_| {
                let outcome = Outcome::asked(a, b, letters.clone(), Question::of(given, &bar));
                let verdict = outcome.verdict;
                taken.push(Some(Programs {
                    files: [File::of(a), File::of(b)],
                    outcome,
                }));
                (taken.len() - 1, verdict)
            });
            let mut comparer = Comparer::new(budget, take);
            let names = [paths[0].as_str(), paths[1].as_str()];
            roots[0].compare(roots[1], names, &mut comparer)?
        };
        let mut inserter = Inserter {
            insides: self,
            roots: files,
            explained,
            letters,
            paths,
            group,
        };
        Ok(inserter.insert(files, &difference, &mut Vec::new()))
    }
}

impl Report {
    /// Says of containers that differ how much of them does, and why.
    pub(in crate::report) fn sentence_for_containers(&self) -> Option<String> {
        let pair = self.comparisons.first()?;
        let container = pair.container.as_ref()?;
        let total = container.total;
        let all = total.same + total.differing + total.only_in_a + total.only_in_b;
        let mut parts = Vec::new();
        if total.differing > 0 {
            let verb = if total.differing == 1 {
                "differs"
            } else {
                "differ"
            };
            parts.push(format!("{} of {all} members {verb}", total.differing));
        }
        for (count, letter) in [total.only_in_a, total.only_in_b]
            .into_iter()
            .zip(&pair.letters)
        {
            if count > 0 {
                parts.push(format!("{count} only in {letter}"));
            }
        }
        if parts.is_empty() {
            let causes = self.causes.iter();
            let own = causes.filter(|one| self.is_container(one.files));
            let why = own.map(|one| one.cause.summary.clone()).next();
            return Some(why.unwrap_or_else(|| "the files differ".into()));
        }
        let inner = self.causes.iter().find(|one| !self.is_container(one.files));
        if let Some(one) = inner {
            let path = self
                .files
                .get(one.files[0])
                .and_then(|file| file.inside.as_ref());
            let path = path
                .map(|inside| inside.path.join(": "))
                .unwrap_or_default();
            return Some(format!(
                "{}; {path}: {}",
                parts.join(", "),
                one.cause.summary
            ));
        }
        Some(parts.join(", "))
    }

    /// Says that two folders hold the same.
    pub(in crate::report) fn sentence_for_folders(&self) -> Option<String> {
        let pair = self.comparisons.first()?;
        let is_folder = |index: usize| {
            let file = self.files.get(index);
            file.is_some_and(|file| file.format.name == "folder")
        };
        let both = pair.files.into_iter().all(is_folder);
        both.then(|| "both folders hold the same files".into())
    }

    fn is_container(&self, files: [usize; 2]) -> bool {
        let mut pairs = self.comparisons.iter();
        pairs.any(|pair| pair.files == files && pair.container.is_some())
    }
}

impl File {
    /// Takes down a container that is not looked into itself.
    pub(in crate::report) fn of_carrier(carrier: &Carrier) -> Self {
        Self::of_container(
            carrier.path.display().to_string(),
            carrier.size,
            hex::encode(carrier.sha256),
            carrier.container.kind_name(),
        )
    }

    pub(super) fn of_container(
        path: String,
        size: u64,
        sha256: String,
        name: &'static str,
    ) -> Self {
        Self {
            path,
            size,
            sha256,
            format: Format {
                name,
                kind: None,
                goos: None,
                goarch: None,
                bits: None,
                interpreter: None,
                producers: Vec::new(),
                gccgo: None,
            },
            build_id: None,
            self_check: SelfCheck {
                status: "unknown",
                computed: None,
                host_id_hashed: None,
                reason: Some("it carries other files"),
            },
            host_id: None,
            signature: None,
            linkage: Linkage::default(),
            debug: None,
            go_version: None,
            build_info: None,
            sources: None,
            variables: None,
            functions: None,
            sections: Vec::new(),
            problems: Vec::new(),
            inside: None,
        }
    }
}

impl Inserter<'_> {
    fn insert(
        &mut self,
        files: [usize; 2],
        difference: &Difference,
        path: &mut Vec<String>,
    ) -> Compared {
        let causes = cause::explain_container(difference, &self.letters);
        let verdict = difference.verdict();
        let reason = (verdict == Verdict::Inconclusive).then(|| difference.obstacle());
        let mut comparison = Comparison::new(files, verdict, reason.flatten());
        comparison.letters.clone_from(&self.letters);
        let mut members = Vec::new();
        for member in difference.differing.iter().take(entry::MEMBERS_MAX) {
            path.push(member.path.clone());
            let files = self.look_into(member, path);
            path.pop();
            members.push(entry::entry(member, files));
        }
        comparison.container = Some(entry::container(difference, members));
        (comparison, self.findings(files, &causes))
    }

    /// Puts in what was found inside a member, and returns its files' indexes.
    fn look_into(&mut self, member: &Differing, path: &mut Vec<String>) -> Option<[usize; 2]> {
        match &member.how {
            How::Program { number, .. } => {
                let Programs { files, outcome } = self.explained.get_mut(*number)?.take()?;
                let files = self.files(files, path);
                let mut comparison = Comparison::of(files, &outcome);
                comparison.letters.clone_from(&self.letters);
                let findings = self.findings(files, &outcome.causes);
                self.insides.compared.push((comparison, findings));
                Some(files)
            }
            How::Container(inner) => {
                let side = |content: &Content, name: &'static str| {
                    let size = match content {
                        Content::File { size, .. } => *size,
                        Content::Folder | Content::Link(_) | Content::Other(_) => 0,
                    };
                    let sha256 = content.sha256().unwrap_or_default();
                    File::of_container(String::new(), size, sha256, name)
                };
                let files = [
                    side(&member.contents[0], inner.names[0]),
                    side(&member.contents[1], inner.names[1]),
                ];
                let files = self.files(files, path);
                // What lies deeper comes after what it lies in.
                let at = self.insides.compared.len();
                let compared = self.insert(files, inner, path);
                self.insides.compared.insert(at, compared);
                Some(files)
            }
            How::Kind | How::Bytes { .. } | How::Hashes(_) => None,
        }
    }

    fn files(&mut self, files: [File; 2], path: &[String]) -> [usize; 2] {
        let first = self.insides.given + self.insides.files.len();
        for (side, mut file) in files.into_iter().enumerate() {
            file.path = format!("{}: {}", self.paths[side], path.join(": "));
            file.inside = Some(Inside {
                file: self.roots[side],
                path: path.to_vec(),
            });
            self.insides.files.push(file);
        }
        [first, first + 1]
    }

    fn findings(&self, files: [usize; 2], causes: &[Cause]) -> Vec<Explained> {
        let causes = causes.iter();
        causes
            .map(|cause| Explained::of(files, self.group, cause))
            .collect()
    }
}

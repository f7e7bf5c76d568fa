//! From a tree, a record and lists of file hashes to a verdict.

use proto::dirhash::H1;
use proto::toolchain::Outside;
use serde::Serialize;

use super::database::Recorded;
use super::difference::{self, FileDifference};
use super::go_env;
use super::nearness::{self, Nearness};
use super::packager::Packager;
use super::reference::Reference;
use super::tree::Tree;

/// What an installation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The release, to the last byte.
    Official,
    /// The release in all that can change what is built.
    Repackaged,
    /// Not the release.
    Modified,
    /// That can't be told.
    Unknown,
}

/// What the verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// Nothing: there is no record.
    Nothing,
    /// The recorded hash alone.
    Hash,
    /// The recorded hash, which documents filled in lead to.
    Documents,
    /// A list of file hashes that the record proves.
    List,
}

/// The answer.
#[derive(Debug)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, in one sentence.
    pub reason: String,
    /// What it rests on.
    pub basis: Basis,
    /// The hash of the installed files.
    pub h1: H1,
    /// Files that differ, those that matter most first.
    pub differences: Vec<FileDifference>,
    /// The releases that lists were given of, the nearest first.
    pub nearest: Vec<Nearness>,
    /// What a reader should know beside the answer.
    pub notes: Vec<String>,
}

/// What there is to judge by.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// The installation.
    pub tree: &'a Tree,
    /// Who packaged it.
    pub packager: Option<Packager>,
    /// The record of the release that it says it is.
    pub recorded: Option<&'a Recorded>,
    /// Whether to believe a record that nothing proves.
    pub believe_unproved: bool,
    /// Why there is no record.
    pub no_record: Option<String>,
    /// Lists of releases.
    pub references: &'a [Reference],
}

impl Judgement {
    /// Judges.
    pub fn of(evidence: &Evidence<'_>) -> Self {
        let h1 = evidence.tree.manifest.h1();
        let mut judgement = Self {
            verdict: Verdict::Unknown,
            reason: String::new(),
            basis: Basis::Nothing,
            h1,
            differences: Vec::new(),
            nearest: nearness::of(
                &evidence.tree.manifest,
                evidence.references,
                evidence.trusted().map(|recorded| recorded.h1),
            ),
            notes: Vec::new(),
        };
        match evidence.trusted() {
            None => judgement.without_record(evidence),
            Some(recorded) if recorded.h1 == h1 => judgement.equal(evidence),
            Some(recorded) => judgement.unequal(evidence, recorded),
        }
        judgement
    }

    /// The files that matter among those that differ.
    pub fn mattering(&self) -> impl Iterator<Item = &FileDifference> {
        self.differences
            .iter()
            .filter(|file| file.purpose.matters())
    }

    fn without_record(&mut self, evidence: &Evidence<'_>) {
        self.reason = match (evidence.recorded, &evidence.no_record) {
            (Some(recorded), _) => {
                let relation = if recorded.h1 == self.h1 {
                    "is the one"
                } else {
                    "is not the one"
                };
                format!(
                    "the hash {relation} in {}, but nothing proves that file: a database signs its tree head alone",
                    recorded.source
                )
            }
            (None, Some(why)) => format!("there is no record to compare with: {why}"),
            (None, None) => "there is no record to compare with".into(),
        };
        let release = &evidence.tree.release;
        let own = evidence
            .references
            .iter()
            .find(|reference| reference.manifest.release() == release);
        if let Some(reference) = own {
            self.differences = difference::between(&evidence.tree.manifest, &reference.manifest);
            self.notes.push(format!(
                "the comparison with {} is only as good as that list, which no record proves",
                reference.source
            ));
        }
    }

    /// The hash is the recorded one. It covers the files of the module and nothing
    /// beside them.
    fn equal(&mut self, evidence: &Evidence<'_>) {
        self.basis = Basis::Hash;
        let (tree, release) = (evidence.tree, &evidence.tree.release);
        if self.tampered_beside(tree) {
            return;
        }
        if tree.has_linkable_packages() {
            self.reason = format!(
                "the hash is the recorded one, but compiled packages lie in pkg/, which {release} can link and the hash does not cover"
            );
            return;
        }
        let beside = beside(tree);
        if tree.unhashed.is_empty() {
            self.verdict = Verdict::Official;
            self.reason = if tree.outside.is_empty() {
                format!("every file of {release} is here, unchanged, and no other")
            } else {
                format!("every file that the record of {release} covers is here, unchanged{beside}")
            };
        } else {
            self.verdict = Verdict::Repackaged;
            self.reason = format!("every file of {release} is here, unchanged{beside}");
        }
    }

    /// What the hash does not cover and a build may read all the same.
    fn tampered_beside(&mut self, tree: &Tree) -> bool {
        let Some((name, what)) = tree.uncovered() else {
            return false;
        };
        self.verdict = Verdict::Modified;
        self.reason = format!("{name}: {what}");
        true
    }

    fn unequal(&mut self, evidence: &Evidence<'_>, recorded: &Recorded) {
        let tree = evidence.tree;
        let release = &tree.release;
        for reference in evidence.references {
            if reference.manifest.release() == release && reference.h1 != recorded.h1 {
                self.notes.push(format!(
                    "{} is not the list of {release}: it hashes to {}, the record says {}; it was not used",
                    reference.source, reference.h1, recorded.h1
                ));
            }
        }
        let proved = evidence
            .references
            .iter()
            .find(|reference| reference.h1 == recorded.h1);
        let completed;
        let list = if let Some(reference) = proved {
            self.basis = Basis::List;
            &reference.manifest
        } else if let Some(found) = tree.manifest.completed(recorded.h1) {
            self.basis = Basis::Documents;
            completed = found;
            &completed
        } else {
            self.basis = Basis::Hash;
            self.unlisted(evidence);
            return;
        };
        self.differences = difference::between(&tree.manifest, list);
        if self.tampered_beside(tree) {
            return;
        }
        let count = self.mattering().count();
        if count == 0 {
            self.verdict = Verdict::Repackaged;
            self.reason = repackaged(evidence, &self.differences);
        } else if let (1, Some(settings)) = (count, self.changed_settings(tree)) {
            // Which release builds is settled: this one, whatever go.mod asks for.
            self.verdict = match settings.as_slice() {
                [one] if one == go_env::LOCAL => Verdict::Repackaged,
                _ => Verdict::Modified,
            };
            let settings = settings.join(", ");
            self.reason = format!("official but for go.env: {settings}{}", beside(tree));
        } else {
            self.verdict = Verdict::Modified;
            self.reason = modified(evidence, count, &self.differences);
        }
    }

    /// The settings that differ, where go.env is the one file that matters and differs.
    fn changed_settings(&self, tree: &Tree) -> Option<Vec<String>> {
        let mut mattering = self.mattering();
        let file = mattering.next().filter(|file| file.name == "go.env")?;
        let (installed, released) = (file.installed?, file.released?);
        let settings = go_env::differences(&tree.root, &installed, &released)?;
        Some(settings).filter(|settings| !settings.is_empty())
    }

    /// The hash is another one, and no list says why.
    fn unlisted(&mut self, evidence: &Evidence<'_>) {
        if self.tampered_beside(evidence.tree) {
            return;
        }
        let release = &evidence.tree.release;
        let habit = evidence
            .packager
            .and_then(|packager| Some((packager, packager.habit()?)));
        match habit {
            _ if !release.rules_are_known() => {
                self.reason = format!(
                    "the hash is not the recorded one, but how {release} was packed is not known: from Go 1.21 on, releases pack themselves"
                );
            }
            Some((packager, habit)) => {
                self.reason = format!(
                    "the files are not those of {release}; it looks like {}, which {habit}, and without the release's list nothing tells that from tampering",
                    packager.name()
                );
            }
            None => {
                self.verdict = Verdict::Modified;
                self.reason = format!(
                    "the files are not those of {release}; without the release's list it can't be said which"
                );
            }
        }
    }
}

impl Evidence<'_> {
    /// The record, if it may be believed.
    fn trusted(&self) -> Option<&Recorded> {
        self.recorded
            .filter(|recorded| recorded.proved || self.believe_unproved)
    }
}

fn repackaged(evidence: &Evidence<'_>, differences: &[FileDifference]) -> String {
    let by = evidence
        .packager
        .map_or_else(String::new, |packager| format!(" by {}", packager.name()));
    format!(
        "official content, repackaged{by}: {}; every other file is the release's own{}",
        difference::tally(differences),
        beside(evidence.tree)
    )
}

/// Names what lies in the tree and was not judged, for the end of a sentence.
fn beside(tree: &Tree) -> String {
    let unhashed = tree.unhashed.mattering.iter().chain(&tree.unhashed.others);
    let unhashed = unhashed.map(|odd| odd.name.as_str());
    let added = [Outside::Program, Outside::Tool, Outside::Package]
        .into_iter()
        .filter_map(|outside| tree.outside.get(&outside));
    let count: usize = added.clone().map(|outsiders| outsiders.count).sum();
    let count = count + tree.unhashed.len();
    let names = added.flat_map(|outsiders| outsiders.names.iter().map(String::as_str));
    match (unhashed.chain(names).next(), count.saturating_sub(1)) {
        (None, _) => String::new(),
        (Some(first), 0) => format!("; not judged, since no release has it: {first}"),
        (Some(first), more) => {
            format!("; not judged, since no release has them: {first} and {more} more")
        }
    }
}

fn modified(evidence: &Evidence<'_>, count: usize, differences: &[FileDifference]) -> String {
    let release = &evidence.tree.release;
    let files = if count == 1 {
        "file that can change a build is not that"
    } else {
        "files that can change a build are not those"
    };
    let first = differences.first().map_or_else(String::new, |file| {
        format!(
            ": {}{}",
            file.name,
            if count == 1 { "" } else { " first of all" }
        )
    });
    let by = evidence
        .packager
        .map_or_else(String::new, |packager| match packager.habit() {
            Some(habit) => format!("; it looks like {}, which {habit}", packager.name()),
            None => format!("; it looks like {}, which changes nothing", packager.name()),
        });
    format!("{count} {files} of {release}{first}{by}")
}

#[cfg(test)]
mod tests;

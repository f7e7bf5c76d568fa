//! From what containers hold to parts of a report.

use std::cell::RefCell;

use proto::dirhash::Summary;

use super::inspected;
use crate::artifact::Artifact;
use crate::container::kind::Kind;
use crate::container::limits::Budget;
use crate::container::listing::Content;
use crate::input;
use crate::members::root::Carrier;
use crate::members::survey::{Holding, Inner, Member, Surveyor};
use crate::report::container::Inside;
use crate::report::contents::{Contents, Entry};
use crate::report::{File, Report, Setting};

/// What was found in the containers that were given.
#[derive(Debug, Default)]
pub(super) struct Insides {
    found: Vec<Found>,
}

/// What was found in one of them.
#[derive(Debug)]
struct Found {
    /// Its index in `files`.
    file: usize,
    holding: Holding,
    /// The programs in it, by their numbers.
    programs: Vec<Option<File>>,
}

impl Insides {
    /// Goes through a container that was given.
    pub(super) fn survey(
        &mut self,
        file: usize,
        carrier: &Carrier,
        budget: &Budget,
    ) -> Result<(), input::Error> {
        let programs = RefCell::new(Vec::new());
        let take = Box::new(|_: &[String], artifact: &Artifact| {
            let mut programs = programs.borrow_mut();
            programs.push(Some(inspected(artifact)));
            programs.len() - 1
        });
        let holding = carrier.survey(&mut Surveyor::new(budget, take))?;
        self.found.push(Found {
            file,
            holding,
            programs: programs.into_inner(),
        });
        Ok(())
    }

    /// Puts what was found behind the files that were given.
    pub(super) fn put_into(self, report: &mut Report) {
        for found in self.found {
            let path = match report.files.get(found.file) {
                Some(file) => file.path.clone(),
                None => continue,
            };
            let mut inserter = Inserter {
                report,
                root: found.file,
                title: path,
                programs: found.programs,
            };
            inserter.holding(found.file, found.holding, &mut Vec::new());
        }
    }
}

struct Inserter<'a> {
    report: &'a mut Report,
    /// The index of the outermost container.
    root: usize,
    /// Its path as it was given.
    title: String,
    programs: Vec<Option<File>>,
}

impl Inserter<'_> {
    fn holding(&mut self, file: usize, holding: Holding, path: &mut Vec<String>) {
        let omitted = holding.omitted();
        let module = module(&holding);
        let facts = holding.facts.into_iter();
        let says = facts.map(|fact| (fact.name, fact.value)).chain(module);
        let says = says.map(|(key, value)| Setting { key, value });
        let contents = Contents {
            file,
            kind: holding.kind,
            count: holding.count,
            size: holding.size,
            members: Vec::new(),
            omitted,
            says: says.collect(),
            notes: holding.notes,
            reason: holding.reason,
        };
        // What lies deeper comes after what it lies in.
        let at = self.report.contents.len();
        self.report.contents.push(contents);
        for member in holding.members {
            path.push(member.path.clone());
            let entry = self.member(member, path);
            path.pop();
            if let Some(contents) = self.report.contents.get_mut(at) {
                contents.members.push(entry);
            }
        }
    }

    fn member(&mut self, member: Member, path: &mut Vec<String>) -> Entry {
        let (size, sha256) = match &member.content {
            Content::File { size, .. } => (Some(*size), member.content.sha256()),
            Content::Folder | Content::Link(_) | Content::Other(_) => (None, None),
        };
        let metadata = &member.metadata;
        let (kind, what) = match &member.content {
            Content::File { .. } => ("file", member.format.name().to_owned()),
            Content::Folder => ("folder", "folder".to_owned()),
            Content::Link(_) => ("link", member.content.to_string()),
            Content::Other(_) => ("other", member.content.to_string()),
        };
        let mut entry = Entry {
            path: member.path,
            kind,
            what,
            size,
            sha256,
            mode: metadata.mode.map(|mode| format!("{mode:04o}")),
            modified: metadata.modified.map(|time| time.to_string()),
            file: None,
            reason: None,
        };
        match member.inner {
            Inner::Nothing => {}
            Inner::Closed(reason) => entry.reason = Some(reason),
            Inner::Program(number) => {
                let file = self.programs.get_mut(number).and_then(Option::take);
                if let Some(file) = file {
                    entry.what = crate::report::facts::describe(&file);
                    entry.file = Some(self.file(file, path));
                }
            }
            Inner::Container(holding) => {
                entry.what.clone_from(&holding.kind);
                let size = size.unwrap_or_default();
                let sha256 = entry.sha256.clone().unwrap_or_default();
                let file = File::of_container(String::new(), size, sha256, holding.name);
                let index = self.file(file, path);
                entry.file = Some(index);
                self.holding(index, *holding, path);
            }
        }
        entry
    }

    fn file(&mut self, mut file: File, path: &[String]) -> usize {
        file.path = format!("{}: {}", self.title, path.join(": "));
        file.inside = Some(Inside {
            file: self.root,
            path: path.to_vec(),
        });
        self.report.files.push(file);
        self.report.files.len() - 1
    }
}

/// Returns name and `h1:` hash of the module that a zip holds, as go.sum and the
/// checksum database have it; nothing for any other container.
fn module(holding: &Holding) -> Vec<(String, String)> {
    let mut sum = Summary::new();
    let mut name = None;
    for member in &holding.members {
        let (Content::File { sha256, .. }, Some((path, rest))) =
            (&member.content, member.path.split_once('@'))
        else {
            return Vec::new();
        };
        let version = rest.split('/').next().unwrap_or_default();
        let is_same = name.is_none_or(|name| name == (path, version));
        name = Some((path, version));
        if !is_same || sum.add_hash(&member.path, *sha256).is_err() {
            return Vec::new();
        }
    }
    let is_whole = holding.kind == Kind::Zip.name() && holding.omitted() == 0;
    match name.filter(|_| is_whole && holding.reason.is_none()) {
        Some((path, version)) => vec![
            ("module".to_owned(), format!("{path}@{version}")),
            ("module sum".to_owned(), sum.finish().to_string()),
        ],
        None => Vec::new(),
    }
}

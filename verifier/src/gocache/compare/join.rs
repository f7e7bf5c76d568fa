//! Two caches joined by action.

use std::collections::{BTreeMap, HashMap};

use proto::finding::Confidence;
use proto::gocache::kind::Kind;
use proto::gocache::{Id, Index};

use super::difference::{Difference, Part};
use crate::cause::Name;
use crate::gocache::survey::{Label, Line, Output, Survey};

/// What joining gave.
pub(super) struct Joined {
    /// Actions that both have.
    pub(super) joined: usize,
    /// Those with the same output.
    pub(super) same: usize,
    /// Those whose outputs rightly differ.
    pub(super) varying: usize,
    /// Those whose line can't be used in one of the caches.
    pub(super) unjoined: usize,
    /// The others; what belongs to one package is together.
    pub(super) differences: Vec<Difference>,
}

pub(super) fn join(surveys: &[Survey; 2]) -> Joined {
    let labels = [surveys[0].labels(), surveys[1].labels()];
    let mut joined = Joined {
        joined: 0,
        same: 0,
        varying: 0,
        unjoined: 0,
        differences: Vec::new(),
    };
    let mut packages: BTreeMap<Id, Vec<Part>> = BTreeMap::new();
    for (action, line) in &surveys[0].actions {
        let lines = (line, surveys[1].actions.get(action));
        let (Line::Sound(a), Some(Line::Sound(b))) = lines else {
            // Lines that are none are the audit's business; they join nothing.
            let is_in_both = usize::from(lines.1.is_some());
            joined.joined += is_in_both;
            joined.unjoined += is_in_both;
            continue;
        };
        joined.joined += 1;
        if a.output == b.output {
            joined.same += 1;
            continue;
        }
        let label = labels[0].get(action).or_else(|| labels[1].get(action));
        let part = part(surveys, action, label, [a, b]);
        if part.kind.varies() {
            joined.varying += 1;
            continue;
        }
        let package = label.map_or(*action, |label| label.package);
        packages.entry(package).or_default().push(part);
    }
    for (action, parts) in packages {
        if is_beside(surveys, &action, &parts) {
            joined.varying += parts.len();
        } else {
            let difference = difference(surveys, action, parts);
            joined.differences.push(difference);
        }
    }
    joined
}

/// Whether the package itself came out the same, and only what lies beside it
/// differs: cgo's files hold the folder's name, what a compiler prints holds
/// temporary ones.
fn is_beside(surveys: &[Survey; 2], action: &Id, parts: &[Part]) -> bool {
    let output = |survey: &Survey| match survey.actions.get(action) {
        Some(Line::Sound(index)) => Some(index.output),
        _ => None,
    };
    let [a, b] = [output(&surveys[0]), output(&surveys[1])];
    a.is_some() && a == b && parts.iter().all(|part| part.description.is_some())
}

fn part(surveys: &[Survey; 2], action: &Id, label: Option<&Label>, lines: [&Index; 2]) -> Part {
    let looks = || {
        let kinds = surveys.iter().filter_map(|survey| survey.output(action));
        let mut kinds = kinds.map(Output::kind).filter(|kind| *kind != Kind::Empty);
        kinds.next().unwrap_or(Kind::Empty)
    };
    Part {
        description: label.map(|label| label.description.clone()),
        kind: label.map_or_else(looks, |label| label.kind),
        outputs: lines.map(|line| line.output),
        sizes: lines.map(|line| line.size),
    }
}

fn difference(surveys: &[Survey; 2], action: Id, mut parts: Vec<Part>) -> Difference {
    parts.sort_by(|a, b| a.description.cmp(&b.description));
    let kind = parts.first().map_or(Kind::Other, |part| part.kind);
    let outputs: HashMap<usize, &Output> = (0..2)
        .filter_map(|side| Some((side, surveys[side].output(&action)?)))
        .collect();
    let version = outputs.values().find_map(|output| output.go_version());
    let sources = surveys.iter().map(|survey| survey.sources(&action));
    Difference {
        action,
        kind,
        package: outputs.values().find_map(|output| match output {
            Output::Program(program) => program.path.clone(),
            _ => None,
        }),
        sources: sources
            .max_by_key(|list| list.len())
            .unwrap_or_default()
            .to_vec(),
        go_version: version.map(str::to_owned),
        parts,
        members: None,
        index: None,
        cause: Name::Unexplained,
        confidence: Confidence::Possible,
        also: Vec::new(),
        fix: "",
    }
}

//! Which package a finding is about.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proto::buildid::Part;
use proto::finding::Evidence;
use proto::gocache::{Id, kind::Kind};
use proto::goobj;

use super::findings::CacheDefect;
use crate::diff::compiled;
use crate::gocache::source::Source;
use crate::gocache::survey::{Line, Output, Survey};

/// Puts names to findings: out of the archive itself, even when it is damaged.
///
/// # Errors
/// When a packed cache can't be read a second time.
pub(super) fn name(
    source: &Source,
    survey: &Survey,
    findings: &mut [CacheDefect],
) -> anyhow::Result<()> {
    let about = |found: &CacheDefect| found.package_action.or(found.action);
    let makers = if findings.is_empty() {
        Makers::new()
    } else {
        makers(survey)
    };
    let archives: BTreeSet<Id> = findings
        .iter()
        .filter_map(|found| archive(survey, &makers, &about(found)?))
        .collect();
    let names = import_paths(source, &archives)?;
    for found in findings {
        let Some(action) = about(found) else { continue };
        found.package = archive(survey, &makers, &action)
            .and_then(|output| names.get(&output).cloned())
            .or_else(|| program(survey, &action));
        let sources = survey.sources(&action);
        if !sources.is_empty() {
            found.evidence.push(Evidence {
                place: "source files of the package".into(),
                a: Some(sources.join(" ")),
                b: None,
            });
        }
    }
    Ok(())
}

/// Says what differs where one action had two outputs.
///
/// # Errors
/// When a packed cache can't be read a second time.
pub(super) fn explain(source: &Source, findings: &mut [CacheDefect]) -> anyhow::Result<()> {
    let pairs = |found: &CacheDefect| Some((found.other?, found.output?));
    let twice = findings.iter_mut().filter(|found| pairs(found).is_some());
    for found in twice.take(EXPLAINED_MAX) {
        let Some((before, now)) = pairs(found) else {
            continue;
        };
        let mut held = BTreeMap::new();
        source.each(&BTreeSet::from([before, now]), &mut |id, bytes| {
            held.insert(id, bytes);
        })?;
        let (Some(before), Some(now)) = (held.get(&before), held.get(&now)) else {
            continue;
        };
        let members = goobj::diff::archives(now, before).unwrap_or_default();
        let why = if compiled::only_c(&members) {
            "as a changed C header or library leaves it, which is in no key (cache-stale-cgo)"
        } else {
            "the compiler was not deterministic, a -toolexec program took part, or the entry was replaced"
        };
        let differs = compiled::words(&members);
        found.what = format!("{}: {differs}; {why}", found.what);
        found.evidence.extend(compiled::evidence(&members));
    }
    Ok(())
}

/// The most outputs explained: a packed cache is read once for each.
const EXPLAINED_MAX: usize = 20;

/// Reads import paths out of archives.
///
/// # Errors
/// When a packed cache can't be read a second time.
pub(in crate::gocache) fn import_paths(
    source: &Source,
    archives: &BTreeSet<Id>,
) -> anyhow::Result<BTreeMap<Id, String>> {
    let mut names = BTreeMap::new();
    source.each(archives, &mut |output, bytes| {
        if let Some(path) = goobj::import_path(&bytes) {
            names.insert(output, path);
        }
    })?;
    Ok(names)
}

/// Archives by the action in their build ID.
type Makers = HashMap<Part, Id>;

fn makers(survey: &Survey) -> Makers {
    let maker = |(id, output): (&Id, &Output)| match output {
        Output::File(read) => read.maker.action().map(|part| (part, *id)),
        _ => None,
    };
    survey.outputs.iter().filter_map(maker).collect()
}

/// The archive that tells an action's package: the one its entry leads to, if
/// the action made it as far as one can still tell, or else one that it made
/// and that was replaced.
fn archive(survey: &Survey, makers: &Makers, action: &Id) -> Option<Id> {
    let own = match survey.actions.get(action) {
        Some(Line::Sound(index)) => Some(index.output),
        _ => None,
    };
    let own = own.filter(|output| match survey.outputs.get(output) {
        // An archive that another action made is another package's. What was
        // changed may have lost its build ID, and not its name.
        Some(Output::File(read)) => match read.maker.action() {
            Some(made_by) if read.sha256 == output.0 => made_by == action.part(),
            _ => read.kind == Kind::Archive,
        },
        _ => false,
    });
    own.or_else(|| makers.get(&action.part()).copied())
}

fn program(survey: &Survey, action: &Id) -> Option<String> {
    match survey.output(action)? {
        Output::Program(program) => program.path.clone().or_else(|| Some(program.name.clone())),
        _ => None,
    }
}

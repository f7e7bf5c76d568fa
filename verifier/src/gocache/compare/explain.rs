//! What differs within outputs: archives symbol by symbol.

use std::collections::{BTreeMap, BTreeSet};

use proto::gocache::Id;
use proto::gocache::kind::Kind;
use proto::gocache::modindex::ModuleIndex;
use proto::goobj;
use proto::goobj::diff::MemberChange;

use super::difference::{Difference, IndexChange};
use crate::diff::compiled;
use crate::gocache::audit::findings::CacheDefect;
use crate::gocache::source::Source;
use crate::gocache::survey::Survey;
use crate::quantity;

/// The most archives explained.
const EXPLAINED_MAX: usize = 1000;

/// The most bytes of archives of the first cache held at a time.
const HELD_BYTES_MAX: usize = 1 << 30;

/// Looks into the archives that differ, names their packages and judges every
/// difference. Returns notes on what was left out.
///
/// # Errors
/// When a packed cache can't be read a second time.
pub(super) fn explain(
    sources: &[Source; 2],
    surveys: &[Survey; 2],
    differences: &mut [Difference],
) -> anyhow::Result<Vec<String>> {
    let mut notes = Vec::new();
    let pairs: BTreeMap<Id, Id> = differences
        .iter()
        .filter_map(archives)
        .map(|[a, b]| (b, a))
        .take(EXPLAINED_MAX)
        .collect();
    let ours: BTreeSet<Id> = pairs.values().copied().collect();
    let theirs: BTreeSet<Id> = pairs.keys().copied().collect();
    let mut held: BTreeMap<Id, Vec<u8>> = BTreeMap::new();
    let mut bytes_held = 0;
    let mut names: BTreeMap<Id, String> = BTreeMap::new();
    sources[0].each(&ours, &mut |id, bytes| {
        names.extend(goobj::import_path(&bytes).map(|name| (id, name)));
        if bytes_held + bytes.len() <= HELD_BYTES_MAX {
            bytes_held += bytes.len();
            held.insert(id, bytes);
        }
    })?;
    let mut changes: BTreeMap<[Id; 2], Vec<MemberChange>> = BTreeMap::new();
    sources[1].each(&theirs, &mut |id, bytes| {
        names.extend(goobj::import_path(&bytes).map(|name| (id, name)));
        let ours = pairs
            .get(&id)
            .and_then(|ours| Some((ours, held.get(ours)?)));
        if let Some((ours, theirs)) = ours {
            let found = goobj::diff::archives(theirs, &bytes);
            changes.extend(found.map(|found| ([*ours, id], found)));
        }
    })?;
    indexes(sources, differences)?;
    let mut unexplained = 0;
    for difference in differences {
        if let Some(pair) = archives(difference) {
            difference.members = changes.remove(&pair);
            unexplained += usize::from(difference.members.is_none());
            let name = pair.iter().find_map(|id| names.get(id));
            difference.package = name.cloned().or_else(|| difference.package.take());
        } else if difference.package.is_none() {
            difference.package = package_of(difference, surveys, sources)?;
        }
        difference.judge();
    }
    if unexplained > 0 {
        notes.push(format!(
            "{} not compared symbol by symbol: deleted, damaged, or more than are held at a time",
            quantity::count(unexplained, "archive", "archives")
        ));
    }
    Ok(notes)
}

/// Looks what module indexes say differently.
fn indexes(sources: &[Source; 2], differences: &mut [Difference]) -> anyhow::Result<()> {
    let is_index = |difference: &&mut Difference| difference.kind == Kind::ModuleIndex;
    let indexes = differences.iter_mut().filter(is_index);
    for difference in indexes.take(INDEXES_MAX) {
        let Some(outputs) = difference.parts.first().map(|part| part.outputs) else {
            continue;
        };
        let mut held = [Vec::new(), Vec::new()];
        for ((source, output), bytes) in sources.iter().zip(outputs).zip(&mut held) {
            source.each(&BTreeSet::from([output]), &mut |_, read| *bytes = read)?;
        }
        let [a, b] = &held;
        let (Ok(a), Ok(b)) = (ModuleIndex::parse(a), ModuleIndex::parse(b)) else {
            continue;
        };
        difference.index = Some(IndexChange {
            folder: match a.packages.as_slice() {
                [one] => Some(one.folder.to_owned()),
                _ => None,
            },
            change: a.change(&b),
        });
    }
    Ok(())
}

/// The most module indexes looked into: a packed cache is read once for each.
const INDEXES_MAX: usize = 20;

/// Says what was changed in poisoned archives, where the other cache has them as
/// they were.
///
/// # Errors
/// When a packed cache can't be read a second time.
pub(super) fn poisoned(
    sources: &[Source; 2],
    surveys: &[Survey; 2],
    unsound: &mut [(usize, CacheDefect)],
) -> anyhow::Result<()> {
    let comparable = unsound.iter_mut().filter_map(|(side, found)| {
        let output = found.output.filter(|_| found.rule == "cache-poisoned")?;
        let other = surveys[1 - *side].outputs.get(&output)?;
        (other.sha256() == Some(output.0)).then_some((*side, output, found))
    });
    for (side, output, found) in comparable.take(POISONED_MAX) {
        let wanted = BTreeSet::from([output]);
        let mut archives = [Vec::new(), Vec::new()];
        for (place, source) in [(0, &sources[1 - side]), (1, &sources[side])] {
            source.each(&wanted, &mut |_, bytes| archives[place] = bytes)?;
        }
        let [sound, changed] = &archives;
        let members = goobj::diff::archives(sound, changed).unwrap_or_default();
        if !members.is_empty() {
            let differs = compiled::words(&members);
            found.what = format!(
                "{}; the other cache shows what was changed: {differs}",
                found.what
            );
            found.evidence.extend(compiled::evidence(&members));
        }
    }
    Ok(())
}

/// The most poisoned archives explained: a packed cache is read once for each.
const POISONED_MAX: usize = 20;

/// The archives of a package, where these differ.
fn archives(difference: &Difference) -> Option<[Id; 2]> {
    difference
        .parts
        .iter()
        .find(|part| part.description.is_none() && part.kind == Kind::Archive)
        .map(|part| part.outputs)
}

/// The name of a package whose archives are the same and only something beside
/// them differs.
fn package_of(
    difference: &Difference,
    surveys: &[Survey; 2],
    sources: &[Source; 2],
) -> anyhow::Result<Option<String>> {
    use crate::gocache::survey::Line;
    // Reading an archive again for every difference has no end in a large one.
    if matches!(sources[0], Source::Packed(_)) {
        return Ok(None);
    }
    let Some(Line::Sound(index)) = surveys[0].actions.get(&difference.action) else {
        return Ok(None);
    };
    let wanted = BTreeSet::from([index.output]);
    let names = crate::gocache::audit::packages::import_paths(&sources[0], &wanted)?;
    Ok(names.into_values().next())
}

//! Two objects symbol by symbol.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, MemberChange, SYMBOLS_MAX, SymbolChange};
use crate::goobj::object::Object;
use crate::goobj::symbol::{Class, Symbol};

/// Symbols of one name and calling convention, in the order of their numbers.
type Groups<'a> = BTreeMap<(&'a [u8], u16), Vec<Symbol<'a>>>;

/// The most symbols of one name compared: each with each, so that a hostile
/// object's million equal names must not count.
const GROUP_MAX: usize = 1000;

/// All of a symbol that can be compared across objects.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Face<'a> {
    shape: (u32, u32, u8, [u8; 2]),
    data: &'a [u8],
    places: Vec<Place>,
}

/// A place that the linker fills in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    offset: u32,
    size: u8,
    kind: u16,
    addend: i64,
    target: String,
}

/// Compares what two objects define and puts it into `change`.
pub(super) fn compare(a: &Object<'_>, b: &Object<'_>, change: &mut MemberChange) {
    change.imports = imports(a, b);
    let groups = [groups(a), groups(b)];
    let names: BTreeSet<_> = groups.iter().flat_map(BTreeMap::keys).copied().collect();
    let mut found = Vec::new();
    for name in names {
        let side = |side: usize| groups[side].get(&name).map_or(&[][..], Vec::as_slice);
        compare_group(a, b, side(0), side(1), &mut found);
    }
    // What only follows from another change is told last.
    found.sort_by_key(|change| {
        let follows = matches!(change.change, Change::Tables { .. });
        (follows, change.class, change.name.starts_with("go:"))
    });
    change.omitted = found.len().saturating_sub(SYMBOLS_MAX);
    found.truncate(SYMBOLS_MAX);
    change.symbols = found;
}

/// Names whose export data differs, and those imported on one side only.
fn imports(a: &Object<'_>, b: &Object<'_>) -> Vec<String> {
    let sides = [a, b].map(|object| object.imports().collect::<BTreeSet<_>>());
    let differing: BTreeSet<String> = sides[0]
        .symmetric_difference(&sides[1])
        .map(|import| String::from_utf8_lossy(import.path).into_owned())
        .collect();
    differing.into_iter().collect()
}

/// Named symbols by name. Those without belong to others, and are compared with
/// them.
fn groups<'a>(object: &Object<'a>) -> Groups<'a> {
    let mut groups = Groups::new();
    for symbol in object.defined().filter(|symbol| !symbol.name.is_empty()) {
        let key = (symbol.name, symbol.abi);
        groups.entry(key).or_default().push(symbol);
    }
    groups
}

fn compare_group(
    a: &Object<'_>,
    b: &Object<'_>,
    left: &[Symbol<'_>],
    right: &[Symbol<'_>],
    found: &mut Vec<SymbolChange>,
) {
    // Several symbols of one name have no order: equal ones cancel out first.
    let mut rest: Vec<(&Symbol<'_>, Face<'_>)> = right
        .iter()
        .take(GROUP_MAX)
        .map(|symbol| (symbol, face(b, symbol)))
        .collect();
    let mut open = Vec::new();
    for symbol in left.iter().take(GROUP_MAX) {
        let ours = face(a, symbol);
        match rest.iter().position(|(_, theirs)| *theirs == ours) {
            Some(at) => {
                let (other, _) = rest.remove(at);
                found.extend(tables(a, b, symbol, other));
            }
            None => open.push((symbol, ours)),
        }
    }
    let mut rest = rest.into_iter();
    for (symbol, ours) in open {
        let change = match rest.next() {
            Some((_, theirs)) => differ(&ours, &theirs),
            None => only(0, symbol),
        };
        found.push(told(a, symbol, change));
    }
    found.extend(rest.map(|(symbol, _)| told(b, symbol, only(1, symbol))));
}

fn only(side: usize, symbol: &Symbol<'_>) -> Change {
    let size = symbol.size;
    Change::Only { side, size }
}

fn told(object: &Object<'_>, symbol: &Symbol<'_>, change: Change) -> SymbolChange {
    SymbolChange {
        name: String::from_utf8_lossy(symbol.name).into_owned(),
        class: class(object, symbol),
        change,
    }
}

fn class(object: &Object<'_>, symbol: &Symbol<'_>) -> Class {
    let minor = object.header.as_ref().and_then(|header| header.minor());
    symbol.class(minor)
}

fn face<'a>(object: &Object<'a>, symbol: &Symbol<'a>) -> Face<'a> {
    Face {
        shape: (symbol.size, symbol.align, symbol.kind, symbol.flags),
        data: symbol.data,
        places: object
            .relocations(symbol.number)
            .map(|place| Place {
                offset: place.offset,
                size: place.size,
                kind: place.kind,
                addend: place.addend,
                target: object.target(place.target),
            })
            .collect(),
    }
}

fn differ(ours: &Face<'_>, theirs: &Face<'_>) -> Change {
    // Debug information has data and no size in memory.
    let sizes = [ours, theirs].map(|face| {
        let data = u32::try_from(face.data.len()).unwrap_or(u32::MAX);
        face.shape.0.max(data)
    });
    if ours.data != theirs.data || sizes[0] != sizes[1] {
        let pairs = || ours.data.iter().zip(theirs.data);
        let common = ours.data.len().min(theirs.data.len());
        let longer = ours.data.len().max(theirs.data.len());
        let differing = pairs().filter(|(a, b)| a != b).count();
        return Change::Bytes {
            sizes,
            offset: pairs().position(|(a, b)| a != b).unwrap_or(common),
            differing: differing + (longer - common),
        };
    }
    let count = ours.places.len().max(theirs.places.len());
    let first = (0..count).find(|at| ours.places.get(*at) != theirs.places.get(*at));
    let Some(first) = first else {
        return Change::Attributes;
    };
    let [a, b] = [ours, theirs].map(|face| face.places.get(first));
    let offsets = [a, b].into_iter().flatten().map(|place| place.offset);
    Change::Reference {
        offset: offsets.min().unwrap_or_default(),
        targets: [a, b].map(|place| place.map(shown)),
    }
}

fn shown(place: &Place) -> String {
    match place.addend {
        0 => place.target.clone(),
        addend => format!("{}{addend:+}", place.target),
    }
}

/// Compares the nameless tables of two symbols that are equal themselves.
fn tables(
    a: &Object<'_>,
    b: &Object<'_>,
    left: &Symbol<'_>,
    right: &Symbol<'_>,
) -> Option<SymbolChange> {
    let sides = [(a, left), (b, right)].map(|(object, symbol)| {
        let table = |aux: crate::goobj::symbol::Aux| {
            let number = object.resolve(aux.symbol)?;
            let symbol = object.symbol_at(number)?;
            symbol
                .name
                .is_empty()
                .then(|| (aux.as_str(), face(object, &symbol)))
        };
        object
            .auxiliaries(symbol.number)
            .filter_map(table)
            .collect::<Vec<_>>()
    });
    let count = sides[0].len().max(sides[1].len());
    let first = (0..count).find(|at| sides[0].get(*at) != sides[1].get(*at))?;
    let (table, _) = sides[0].get(first).or_else(|| sides[1].get(first))?;
    Some(told(a, left, Change::Tables { table }))
}

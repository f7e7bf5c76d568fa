//! source-content, dependency-content, toolchain-patched: variables, tables and
//! constants with other bytes, by their symbols or by the functions that use them.

use std::ops::Range;

use super::content::{Function, Owner};
use super::{Cause, Confidence, Evidence, Name, Pair, Reach, embedded};
use crate::diff::fields::{self, Field};
use crate::diff::literals::{self, Literal, Of};
use crate::goinfo::functions::package;

/// The most constants listed.
const LISTED_MAX: usize = 12;

/// Bytes shown of a constant.
const SHOWN_BYTES: usize = 48;

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let same_inputs = pair.diff.pattern.is_none_or(|pattern| pattern.0[0]);
    if same_inputs || !pair.same_go() || !embedded::code_is_same(pair) {
        return Vec::new();
    }
    let mut found = if has_stayed(pair) {
        let symbols = [pair.symbols(0), pair.symbols(1)];
        literals::compare(pair.a, pair.b, &pair.diff.regions, symbols)
    } else {
        literals::moved::compare(pair.a, pair.b)
    };
    found.retain(|literal| !is_set_by_linker(pair, &literal.span));
    by_owner(pair, &found)
}

/// Tells whether a stretch of the first file is the value of a string variable that `-X` set,
/// which says nothing of the source.
fn is_set_by_linker(pair: &Pair<'_>, span: &Range<usize>) -> bool {
    let named = pair.a.go.variables.iter().flatten();
    let named = named.map(|variable| &variable.range);
    let unnamed = pair.set_strings().iter();
    let unnamed = unnamed.flat_map(|one| [&one.texts[0], &one.headers[0]]);
    let mut all = named.chain(unnamed.flatten());
    all.any(|range| range.start <= span.start && span.end <= range.end)
}

/// Numbers are not the same because something moved: they are named also where what moved
/// could account for every byte.
pub(super) fn numbers(pair: &Pair<'_>) -> Vec<Cause> {
    let same_inputs = pair.diff.pattern.is_none_or(|pattern| pattern.0[0]);
    let is_dep = |field: &Field| matches!(field.name, fields::Name::Dep(_));
    let other_modules = pair.diff.fields.iter().any(is_dep);
    if same_inputs || other_modules || !pair.same_go() || !embedded::code_is_same(pair) {
        return Vec::new();
    }
    if has_stayed(pair) {
        return Vec::new();
    }
    let symbols = [pair.symbols(0), pair.symbols(1)];
    let mut found = literals::numbers::compare(pair.a, pair.b, symbols);
    // Whoever moved data has not patched a toolchain.
    found.retain(|literal| owner_of(pair, &literal.of) != Owner::Standard);
    by_owner(pair, &found)
}

/// Where data moved, what lies at a place need not have changed.
fn has_stayed(pair: &Pair<'_>) -> bool {
    let functions = pair.diff.functions.as_ref();
    functions.is_some_and(|functions| {
        functions.is_in_place && functions.counts.shifted + functions.counts.unclear == 0
    })
}

fn by_owner(pair: &Pair<'_>, found: &[Literal]) -> Vec<Cause> {
    let owners = [
        (Owner::Main, Name::SourceContent),
        (Owner::Dependency, Name::DependencyContent),
        (Owner::Standard, Name::ToolchainPatched),
    ];
    let of = |owner: Owner| -> Vec<&Literal> {
        // What only lies behind a constant of the library accuses no toolchain.
        let is_sure = |literal: &&Literal| owner != Owner::Standard || literal.is_within;
        let is_owned = |literal: &&Literal| owner_of(pair, &literal.of) == owner;
        found.iter().filter(is_owned).filter(is_sure).collect()
    };
    owners
        .into_iter()
        .filter_map(|(owner, name)| cause(pair, name, &of(owner)))
        .collect()
}

/// Code that was put into a function uses its own constants.
pub(super) fn owner_of(pair: &Pair<'_>, of: &Of) -> Owner {
    match of {
        Of::Symbol(name) => Owner::of(pair, &package::of_symbol(name)),
        Of::Function {
            name,
            file,
            used_in,
            ..
        } => {
            let package = package::of_symbol(name);
            let owner = Owner::of(pair, &package);
            let function = Function {
                package: &package,
                file: file.as_deref(),
            };
            match used_in {
                Some(file) => Owner::of_file(pair, file, &function, owner),
                None => owner,
            }
        }
    }
}

fn cause(pair: &Pair<'_>, name: Name, found: &[&Literal]) -> Option<Cause> {
    let first = found.first()?;
    let (what, fix) = match name {
        Name::SourceContent => (
            "the source is not the same",
            "build both from one commit with a clean tree; look at the functions named, and at generated files",
        ),
        Name::DependencyContent => (
            "a package linked in is not the same though module versions are equal",
            "build both without replace lines and go.work entries that name folders, or with these folders at one \
             commit; compare vendor folders (go mod verify checks the module cache)",
        ),
        _ => (
            "the standard library is not the same though both toolchains call themselves alike",
            "build both with the release from go.dev (verify-build toolchain tells whether it is one)",
        ),
    };
    let named = |of: &Of| match of {
        Of::Symbol(name) => format!("the value of {name}"),
        Of::Function { name, .. } => format!("data that {name} uses"),
    };
    let mut others: Vec<String> = found.iter().map(|literal| named(&literal.of)).collect();
    others.sort_unstable();
    others.dedup();
    let differ = match others.len() {
        1 => "differs".to_owned(),
        count => format!("and {} more differ", count - 1),
    };
    Some(Cause {
        name,
        confidence: Confidence::Likely,
        summary: format!(
            "{what}: all code of Go is equal, and {} {differ}",
            named(&first.of)
        ),
        evidence: found
            .iter()
            .take(LISTED_MAX)
            .map(|literal| evidence(pair, literal))
            .collect(),
        fix: fix.into(),
        reach: Reach::Places(found.iter().map(|literal| literal.span.clone()).collect()),
    })
}

fn evidence(pair: &Pair<'_>, literal: &Literal) -> Evidence {
    let region = pair.a.image.region_at(literal.span.start);
    let region = region.map_or("data", |region| region.name.as_str());
    let place = match &literal.of {
        Of::Symbol(name) => format!("{region} at offset {:#x} ({name})", literal.span.start),
        Of::Function { name, used_at, .. } => format!(
            "{region} at offset {:#x}, which the code of {name} names at offset {used_at:#x}",
            literal.a.start
        ),
    };
    let show = |bytes: &[u8], range: &Range<usize>| {
        // A variable ends where its symbol does; a text is read on.
        let end = match &literal.of {
            Of::Symbol(_) => range.end,
            Of::Function { .. } => range.end.max(range.start.saturating_add(SHOWN_BYTES / 2)),
        };
        super::unexplained::excerpt(bytes, &(range.start..end.min(bytes.len())))
    };
    // A table may be long: what differs is what to look at.
    let near = |range: &Range<usize>| match &literal.of {
        Of::Symbol(_) if range.len() > SHOWN_BYTES => range.end - literal.span.len()..range.end,
        _ => range.clone(),
    };
    Evidence::new(
        place,
        show(pair.a.bytes(), &near(&literal.a)),
        show(pair.b.bytes(), &near(&literal.b)),
    )
}

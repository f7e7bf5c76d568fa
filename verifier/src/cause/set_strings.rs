//! ldflags-variable where symbols do not tell on both sides: a string variable that has a
//! value in one file and none in the other, or the linker's copy of a text in one and the
//! source's in the other.

use std::ops::Range;

use super::{Cause, Confidence, Evidence, Name, Pair, Reach, strings};
use crate::diff::set_strings::SetString;
use crate::goinfo::functions::package;

/// The most variables listed.
const LISTED_MAX: usize = 12;

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let found = pair.set_strings();
    let Some(first) = found.first() else {
        return Vec::new();
    };
    let named: Vec<&str> = found.iter().filter_map(|one| name(pair, one)).collect();
    let unnamed = found.len() - named.len();
    let of = |one: &SetString| match name(pair, one) {
        Some(name) => name.to_owned(),
        None => format!("a string variable that {} uses", one.used_in),
    };
    let more = match found.len() {
        1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    let texts = [0, 1].map(|side| text(pair, first, side).and_then(strings::kind));
    let looks = match texts {
        [Some(one), Some(other)] if one == other && found.len() == 1 => format!(", {one}"),
        _ => String::new(),
    };
    let verb = if found.len() == 1 { "has" } else { "have" };
    let advice = match unnamed {
        0 => String::new(),
        _ => "; build once without -s and -w: then the names are known".to_owned(),
    };
    vec![Cause {
        name: Name::LdflagsVariable,
        confidence: Confidence::Likely,
        summary: format!(
            "{}{more} {verb} another value{looks}, as -ldflags=-X gives it; builds with -trimpath do not record the flag",
            of(first)
        ),
        evidence: found
            .iter()
            .take(LISTED_MAX)
            .map(|one| evidence(pair, one))
            .collect(),
        fix: format!(
            "pass the same -X values to both builds, and only values that depend on the source: the commit's own time \
             (git log -1 --format=%cI) in place of the clock, no host or user names{advice}"
        ),
        reach: reach(found),
    }]
}

/// The variable's name with its import path, from whichever file has symbols.
pub(crate) fn name<'a>(pair: &Pair<'a>, one: &SetString) -> Option<&'a str> {
    let symbol = |side: usize| {
        let symbol = pair.symbols(side).at(one.addresses[side])?;
        let begins = symbol.address == one.addresses[side];
        let is_variable =
            package::of_symbol(symbol.name) != package::NONE && symbol.name.contains('.');
        (begins && is_variable).then_some(symbol.name)
    };
    symbol(0).or_else(|| symbol(1))
}

/// A variable's text in one file.
pub(crate) fn text<'a>(pair: &Pair<'a>, one: &SetString, side: usize) -> Option<&'a str> {
    let artifact = [pair.a, pair.b][side];
    let bytes = artifact.bytes().get(one.texts[side].clone()?)?;
    std::str::from_utf8(bytes).ok()
}

fn evidence(pair: &Pair<'_>, one: &SetString) -> Evidence {
    let place = match name(pair, one) {
        Some(name) => format!("variable {name}"),
        None => format!("string variable that {} uses", one.used_in),
    };
    let shown = |side: usize| {
        let text = text(pair, one, side)?;
        let whose = match (one.is_set[0], one.is_set[1]) {
            (true, true) => "",
            _ if one.is_set[side] => " (put in by the linker)",
            _ => " (of the source)",
        };
        Some(format!("{text:?}{whose}"))
    };
    Evidence::sides(place, shown(0), shown(1))
}

/// In place where each text is as long as the other; else what lies behind moved.
fn reach(found: &[SetString]) -> Reach {
    let len = |one: &SetString, side: usize| one.texts[side].as_ref().map(Range::len);
    let of_one_length = found
        .iter()
        .all(|one| len(one, 0) == len(one, 1) && one.is_set == [true, true]);
    match of_one_length {
        true => Reach::Places(places(found, 0)),
        false => Reach::Moved([0, 1].map(|side| places(found, side))),
    }
}

fn places(found: &[SetString], side: usize) -> Vec<Range<usize>> {
    let of = |one: &SetString| [one.texts[side].clone(), one.headers[side].clone()];
    found.iter().flat_map(of).flatten().collect()
}

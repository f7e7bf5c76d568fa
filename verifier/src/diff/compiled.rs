//! What differs between two compiled packages, in words.

use proto::finding::Evidence;
use proto::goobj::diff::{Change, Form, MemberChange};

use crate::quantity;

/// The most symbols of a member given as evidence; JSON has them all.
const SYMBOLS_MAX: usize = 20;

/// The most symbols named in a sentence.
const NAMED_MAX: usize = 3;

/// Names what differs: the first symbol and how many more, objects of the C
/// compiler, or else the members.
pub(crate) fn words(members: &[MemberChange]) -> String {
    let symbols: Vec<&str> = members
        .iter()
        .flat_map(|member| &member.symbols)
        .map(|symbol| symbol.name.as_str())
        .collect();
    let foreign = members
        .iter()
        .filter(|member| member.form == Form::Foreign)
        .count();
    let mut words = Vec::new();
    let named = symbols[..symbols.len().min(NAMED_MAX)].join(", ");
    match symbols.len() {
        0 => {}
        1 => words.push(format!("symbol {named}")),
        2..=NAMED_MAX => words.push(format!("symbols {named}")),
        count => words.push(format!("symbols {named} and {} more", count - NAMED_MAX)),
    }
    match foreign {
        0 => {}
        1 => words.push("1 object of the C compiler".to_owned()),
        count => words.push(format!("{count} objects of the C compiler")),
    }
    if words.is_empty() {
        let names = members.iter().map(|member| member.name.as_str());
        words.push(names.collect::<Vec<_>>().join(", "));
    }
    words.join(", ")
}

/// Says whether the Go code is the same and only what came from C differs.
pub(crate) fn only_c(members: &[MemberChange]) -> bool {
    !members.is_empty() && members.iter().all(|member| member.form == Form::Foreign)
}

/// Returns members and symbols as evidence.
pub(crate) fn evidence(members: &[MemberChange]) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    for member in members {
        let size = |side: usize| member.sizes[side].map(quantity::bytes);
        evidence.push(Evidence {
            place: format!("member {}", member.name),
            a: size(0),
            b: size(1),
        });
        let symbols = member.symbols.iter().take(SYMBOLS_MAX);
        evidence.extend(symbols.map(|symbol| {
            let [a, b] = sides(&symbol.change);
            Evidence {
                place: format!("{} {}", symbol.class.as_str(), symbol.name),
                a,
                b,
            }
        }));
    }
    evidence
}

/// What each side has in a symbol's place.
fn sides(change: &Change) -> [Option<String>; 2] {
    match change {
        Change::Only { side, size } => {
            let size = quantity::bytes(size);
            [
                (*side == 0).then(|| size.clone()),
                (*side == 1).then_some(size),
            ]
        }
        Change::Bytes { sizes, offset, .. } => sizes.map(|size| {
            let bytes = quantity::bytes(size);
            Some(format!("{bytes}, other ones from offset {offset:#x} on"))
        }),
        Change::Reference { offset, targets } => targets.clone().map(|target| {
            let target = target.unwrap_or_else(|| "nothing".to_owned());
            Some(format!("refers to {target} at offset {offset:#x}"))
        }),
        Change::Attributes | Change::Tables { .. } => {
            let words = change.describe(["a", "b"]);
            [Some(words.clone()), Some(words)]
        }
    }
}

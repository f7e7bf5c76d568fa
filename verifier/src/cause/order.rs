//! link-order, generated-order: the same functions, or the same elements of a
//! table, in another order.

use super::{Cause, Confidence, Evidence, Name, Pair, Reach};
use crate::diff::order::{self, Permuted};
use crate::goinfo::symbols::Symbols;

/// The most tables listed.
const TABLES_MAX: usize = 8;

/// The most bytes of a table shown.
const SHOWN_BYTES: usize = 64;

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    if pair.diff.pattern.is_some_and(|pattern| pattern.0[0]) {
        // Every input is equal: nothing was generated anew.
        return Vec::new();
    }
    link_order(pair)
        .into_iter()
        .chain(generated_order(pair))
        .collect()
}

fn generated_order(pair: &Pair<'_>) -> Option<Cause> {
    let counts = pair
        .diff
        .functions
        .as_ref()
        .map(|functions| functions.counts);
    if counts.is_some_and(|counts| counts.differing() > 0) {
        return None;
    }
    // Data that moved by a step looks as if its elements had changed places.
    if counts.is_none_or(|counts| counts.shifted > 0) {
        return None;
    }
    let tables = order::compare(pair.a, pair.b, &pair.diff.regions);
    if tables.is_empty() {
        return None;
    }
    let symbols = pair.symbols(0);
    let names: Vec<String> = tables
        .iter()
        .filter_map(|table| {
            let symbol = symbols.at(pair.a.image.address_of(table.a.start)?)?;
            Some(symbol.name.to_owned())
        })
        .collect();
    let what = match (names.first(), tables.len()) {
        (Some(name), 1) => format!("the table {name} has"),
        (None, 1) => "a table in the data has".to_owned(),
        (_, count) => format!("{count} tables in the data have"),
    };
    let reach = Reach::Places(tables.iter().map(|table| table.a.clone()).collect());
    Some(Cause {
        name: Name::GeneratedOrder,
        // Whoever sorts the source by hand leaves the same.
        confidence: Confidence::Likely,
        summary: format!(
            "{what} the same elements in another order, as a generator leaves that walks a map; an order changed by \
             hand looks the same"
        ),
        evidence: tables
            .iter()
            .take(TABLES_MAX)
            .map(|table| evidence(pair, table, symbols))
            .collect(),
        fix: "if a generator writes the table: sort in it before writing (Go's maps have no order), commit what it \
              writes, and build both from that; else build both from one commit"
            .into(),
        reach,
    })
}

fn evidence(pair: &Pair<'_>, table: &Permuted, symbols: &Symbols<'_>) -> Evidence {
    let symbol = pair
        .a
        .image
        .address_of(table.a.start)
        .and_then(|address| symbols.at(address));
    let name = symbol.map_or_else(String::new, |symbol| format!(" ({})", symbol.name));
    let show = |bytes: &[u8]| {
        let shown = bytes
            .chunks(table.element)
            .take(SHOWN_BYTES / table.element);
        let shown: Vec<String> = shown.map(hex::encode).collect();
        let more = if bytes.len() > SHOWN_BYTES {
            " …"
        } else {
            ""
        };
        format!("{}{more}", shown.join(" "))
    };
    Evidence::new(
        format!(
            "{}{name} at offset {:#x}, {} elements of {} bytes moved",
            table.region, table.a.start, table.moved, table.element
        ),
        show(&pair.a.bytes()[table.a.clone()]),
        show(&pair.b.bytes()[table.b.clone()]),
    )
}

fn link_order(pair: &Pair<'_>) -> Option<Cause> {
    let functions = pair.diff.functions.as_ref()?;
    if functions.reordered == 0 || functions.counts.differing() > 0 {
        return None;
    }
    let counts = &functions.counts;
    let paired = counts.same + counts.shifted + counts.lines + counts.unclear;
    // Operands that could not be followed leave a rest of doubt.
    let confidence = if functions.is_same_code() {
        Confidence::Proven
    } else {
        Confidence::Likely
    };
    Some(Cause {
        name: Name::LinkOrder,
        confidence,
        summary: format!(
            "both files have the same {paired} functions, linked in another order ({} stand before one that they \
             followed)",
            functions.reordered
        ),
        evidence: vec![Evidence::new(
            "functions by name, in the order of addresses",
            first(pair, 0),
            first(pair, 1),
        )],
        fix: "drop -randlayout from -ldflags, or pass the same seed to both builds; with a host linker, pass objects \
              and CGO_LDFLAGS in the same order"
            .into(),
        reach: Reach::Anything,
    })
}

/// Names the first functions of a side.
fn first(pair: &Pair<'_>, side: usize) -> String {
    let first = pair.diff.functions.as_ref();
    let first = first.map(|functions| functions.first[side].join(" "));
    first.unwrap_or_default()
}

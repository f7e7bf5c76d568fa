//! link-order: the same functions, put into the file in another order.

use super::{Cause, Confidence, Evidence, Name, Pair, Reach};

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    link_order(pair).into_iter().collect()
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

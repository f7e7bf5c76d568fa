//! ldflags-variable by symbol: which -X variable has which value, whether or not
//! the build information shows the flags.

use super::{Cause, Confidence, Evidence, Name, Pair, Reach};
use crate::goinfo::variables::Variable;

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let (Some(a), Some(b)) = (&pair.a.go.variables, &pair.b.go.variables) else {
        return Vec::new();
    };
    let evidence = differing(a, b);
    if evidence.is_empty() {
        return Vec::new();
    }
    let names: Vec<&str> = evidence
        .iter()
        .filter_map(|evidence| evidence.place.strip_prefix("variable "))
        .collect();
    // In place, the values are stamps; otherwise they move what follows.
    let in_place = evidence
        .iter()
        .all(|evidence| match (&evidence.a, &evidence.b) {
            (Some(a), Some(b)) => a.len() == b.len(),
            _ => false,
        });
    vec![Cause {
        name: Name::LdflagsVariable,
        confidence: Confidence::Proven,
        summary: format!("-ldflags=-X set {} differently", names.join(", ")),
        fix: "pass the same -X values to both builds, and only values that depend on the source: the commit's own \
              time (git log -1 --format=%cI) in place of the clock, no host or user names"
            .into(),
        evidence,
        reach: if in_place { Reach::Stamps } else { pair.reach_of_what_moves() },
    }]
}

fn differing(a: &[Variable], b: &[Variable]) -> Vec<Evidence> {
    let value = |variables: &[Variable], name: &str| {
        variables
            .iter()
            .find(|variable| variable.name == name)
            .map(|variable| variable.value.clone())
    };
    let mut names: Vec<&str> = a
        .iter()
        .chain(b)
        .map(|variable| variable.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .map(|name| (name, value(a, name), value(b, name)))
        .filter(|(_, a, b)| a != b)
        .map(|(name, a, b)| Evidence::sides(format!("variable {name}"), a, b))
        .collect()
}

//! Why two products differ, as far as observations tell: they have build IDs, build
//! information and lists of packages, not the files.

use std::collections::{BTreeMap, BTreeSet};

use super::Case;
use super::taken::Taken;
use crate::attest::closure::Closure;
use crate::attest::decision::Comparison;
use crate::attest::digest::Digest;
use crate::attest::observation::{Outcome, Product};
use crate::buildid::BuildId;

/// The most packages named.
const NAMED_MAX: usize = 5;

/// Compares two products by their digests.
pub(super) fn compare(one: &Taken, other: &Taken) -> Comparison {
    let (Some(one), Some(other)) = (one.product(), other.product()) else {
        return Comparison::Different;
    };
    let is_masked = one
        .masked
        .iter()
        .any(|(name, digest)| other.masked.get(name) == Some(digest));
    if one.sha256 == other.sha256 {
        Comparison::Identical
    } else if is_masked {
        Comparison::Masked
    } else {
        Comparison::Different
    }
}

/// Says why the second differs from the first: what its own host says, then what the two
/// observations show side by side.
pub(super) fn of(one: &Taken, other: &Taken) -> Vec<String> {
    let mut causes = Vec::new();
    if let Outcome::Differed { causes: told, .. } = &other.observation.result {
        for cause in told {
            let (name, sure) = (&cause.name, &cause.confidence);
            causes.push(format!("the host says: {name} ({sure}): {}", cause.summary));
        }
    }
    if let (Some(one), Some(other)) = (one.product(), other.product()) {
        causes.extend(of_products(one, other));
    }
    causes
}

fn of_products(one: &Product, other: &Product) -> Vec<String> {
    let mut causes = Vec::new();
    if one.go_version != other.go_version {
        let of = |product: &Product| {
            product
                .go_version
                .clone()
                .unwrap_or_else(|| "none".to_owned())
        };
        causes.push(format!("Go version: {} and {}", of(one), of(other)));
    }
    for (name, a, b) in unequal(&one.settings, &other.settings) {
        causes.push(format!("build setting {name}: {a:?} and {b:?}"));
    }
    if one.main != other.main || one.modules != other.modules {
        causes.push("the modules linked in differ".to_owned());
    }
    let ids = [one, other].map(|product| {
        let id = product.build_id.as_deref()?;
        match BuildId::parse(id) {
            Ok(BuildId::Program(program)) => Some(program),
            _ => None,
        }
    });
    if let [Some(a), Some(b)] = ids {
        let pattern = a.pattern(&b);
        let meaning = match pattern.0 {
            [true, true, true, _] => {
                "the same declared inputs gave other bytes: a linker that is not deterministic, a file changed afterwards, or a poisoned package"
            }
            [_, _, false, _] => "the code of package main differs",
            [_, false, true, _] => "the inputs of package main differ, its code does not",
            [false, true, true, _] => {
                "the inputs of the link differ: flags, or a package other than main"
            }
        };
        causes.push(format!("build ID A/B/C/D: {pattern} ({meaning})"));
    }
    causes
}

fn unequal<'a>(
    one: &'a BTreeMap<String, String>,
    other: &'a BTreeMap<String, String>,
) -> Vec<(&'a str, &'a str, &'a str)> {
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let of =
        |map: &'a BTreeMap<String, String>, name: &str| map.get(name).map_or("", String::as_str);
    let pairs = names
        .into_iter()
        .map(|name| (name.as_str(), of(one, name), of(other, name)));
    pairs.filter(|(_, a, b)| a != b).collect()
}

/// Says which packages two builds of equal inputs made or took that are not the same,
/// whatever their products are: one action has one output.
pub(super) fn packages(case: &Case<'_>) -> Vec<String> {
    let mut roots: BTreeMap<Digest, &Taken> = BTreeMap::new();
    for one in case.counted {
        if let Some(closure) = &one.observation.cache.closure {
            roots.entry(closure.root).or_insert(one);
        }
    }
    let kinds: Vec<&Taken> = roots.into_values().collect();
    let mut found = Vec::new();
    for (index, one) in kinds.iter().enumerate() {
        for other in &kinds[..index] {
            if let Some(text) = conflict(case, other, one) {
                found.push(text);
            }
        }
    }
    found
}

fn conflict(case: &Case<'_>, one: &Taken, other: &Taken) -> Option<String> {
    let (a, b) = (list(case, one)?, list(case, other)?);
    let outputs: BTreeMap<Digest, Digest> = a
        .packages()
        .iter()
        .map(|package| (package.action, package.output))
        .collect();
    let differing = b.packages().iter().filter(|package| {
        outputs
            .get(&package.action)
            .is_some_and(|output| *output != package.output)
    });
    let names: Vec<&str> = differing.map(|package| package.path.as_str()).collect();
    let (host, other_host) = (one.name(case.quorum), other.name(case.quorum));
    if names.is_empty() {
        return None;
    }
    let more = if names.len() > NAMED_MAX { ", …" } else { "" };
    let shown = names
        .iter()
        .take(NAMED_MAX)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    let (mode, other_mode) = (one.observation.cache.mode, other.observation.cache.mode);
    Some(format!(
        "one compilation gave two archives: {host} ({}) and {other_host} ({}) consumed different ones of {shown}{more}",
        mode.as_str(),
        other_mode.as_str()
    ))
}

/// Returns the list of packages that an observation names, where it is at hand and is
/// what the observation says of it.
pub(super) fn list<'a>(case: &Case<'a>, one: &Taken) -> Option<&'a Closure> {
    let said = one.observation.cache.closure.as_ref()?;
    let (summary, list) = case.lists.get(&said.list)?;
    (summary == said).then_some(*list)
}

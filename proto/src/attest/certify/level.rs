//! The levels, and what each lacks.

use std::collections::BTreeSet;

use super::Case;
use super::cause::list;
use super::taken::Taken;
use crate::attest::closure::Link;
use crate::attest::decision::State;
use crate::attest::observation::{Audit, Evidence, Mode, SelfCheck};
use crate::attest::quorum::{Group, Kind, Level};
use crate::buildid::BuildId;

/// Judges every level.
pub(super) fn states(case: &Case<'_>) -> Vec<State<Level>> {
    let third = third(case);
    Level::ALL
        .into_iter()
        .map(|level| State {
            of: level,
            missing: match level {
                Level::L0 => zeroth(case),
                Level::L1 => first(case),
                Level::L2 => second(case),
                Level::L3 => third.clone(),
                Level::L4 => fourth(case, &third),
            },
        })
        .collect()
}

/// What a build that agrees lacks to stand for the file around its build ID.
fn is_sound(one: &Taken) -> bool {
    one.product()
        .is_some_and(|product| product.self_check == SelfCheck::Holds)
}

/// Nothing came from a cache.
fn is_cold(one: &Taken) -> bool {
    let cache = &one.observation.cache;
    cache.mode == Mode::Cold && cache.hits == 0 && cache.evidence != Evidence::None && is_sound(one)
}

/// Something came from a cache, and it is known what.
fn is_filled(one: &Taken) -> bool {
    let cache = &one.observation.cache;
    cache.mode != Mode::Cold && cache.evidence != Evidence::None && cache.hits > 0 && is_sound(one)
}

fn is_clean(one: &Taken) -> bool {
    one.observation.cache.audit == Audit::Clean {}
}

fn zeroth(case: &Case<'_>) -> Vec<String> {
    let mut hosts = BTreeSet::new();
    for one in case.agreeing().filter(|one| is_sound(one)) {
        // The second build of a host.
        if !hosts.insert(one.host) {
            return Vec::new();
        }
    }
    vec!["no host built the program twice and found that it is what its build ID says".to_owned()]
}

fn first(case: &Case<'_>) -> Vec<String> {
    let warm = |one: &&Taken| is_filled(one) && one.observation.cache.mode == Mode::Warm;
    let mut why = "no host built the program from an empty cache (nothing taken from it) and again from the one it had filled";
    for cold in case.agreeing().filter(|one| is_cold(one)) {
        for warm in case
            .agreeing()
            .filter(warm)
            .filter(|warm| warm.host == cold.host)
        {
            let [a, b] = [cold, warm].map(|one| one.observation.cache.closure.as_ref());
            why = match (a, b) {
                (Some(a), Some(b)) if a.root != b.root => {
                    "the cold and the warm build consumed different packages"
                }
                (None, _) | (_, None) => {
                    "it is not known which packages the cold or the warm build consumed"
                }
                _ if !is_clean(cold) || !is_clean(warm) => {
                    "the caches were not audited, or are not clean"
                }
                _ => return Vec::new(),
            };
        }
    }
    vec![why.to_owned()]
}

/// Where C code is linked in, the build cache does not know all inputs.
fn c_side(case: &Case<'_>) -> Option<String> {
    let cgo = case.counted.first()?.observation.inputs.cgo.as_ref()?;
    let why = "C code is linked in, and the inputs have no digest of headers and libraries (sysroot): L1 at most";
    cgo.sysroot.is_none().then(|| why.to_owned())
}

fn second(case: &Case<'_>) -> Vec<String> {
    if let Some(why) = c_side(case) {
        return vec![why];
    }
    let images = case.quorum.groups_by(Kind::Image);
    let has_image = |one: &&Taken| {
        case.quorum.hosts[one.host]
            .groups
            .contains_key(&Kind::Image)
    };
    let cold: Vec<&Taken> = case
        .agreeing()
        .filter(|one| is_cold(one))
        .filter(has_image)
        .collect();
    let mut why = "no two hosts of different images built the program from empty caches";
    for (index, one) in cold.iter().enumerate() {
        for other in &cold[..index] {
            if group(&images, one.host) == group(&images, other.host) {
                continue;
            }
            let [a, b] = [one, other].map(|one| one.observation.cache.closure.as_ref());
            let [image, other_image] = [one, other].map(|one| one.observation.host.image.as_ref());
            why = match (a, b) {
                (Some(a), Some(b)) if a.root != b.root => "the cold builds made different packages",
                (None, _) | (_, None) => "it is not known which packages the cold builds made",
                _ if image.is_none() || other_image.is_none() => {
                    "the hosts do not say which image they have"
                }
                _ if image == other_image => {
                    "hosts that the quorum file has under different images say that theirs are equal"
                }
                _ => return Vec::new(),
            };
        }
    }
    vec![why.to_owned()]
}

fn third(case: &Case<'_>) -> Vec<String> {
    let below = second(case);
    if !below.is_empty() {
        return below.into_iter().map(|why| format!("L2: {why}")).collect();
    }
    let mut missing = vec!["no host built the program from a filled cache".to_owned()];
    for filled in case.agreeing().filter(|one| is_filled(one)) {
        missing = covered(case, filled);
        if missing.is_empty() {
            return missing;
        }
    }
    missing
}

/// Returns what a build from a filled cache lacks for L3.
fn covered(case: &Case<'_>, filled: &Taken) -> Vec<String> {
    let name = filled.name(case.quorum);
    let mut missing = Vec::new();
    if !is_clean(filled) {
        missing.push(format!(
            "the cache that {name} took from was not audited, or is not clean"
        ));
    }
    let Some(packages) = list(case, filled) else {
        missing.push(format!(
            "the list of the packages that {name} consumed is not here, or is not the one it signed"
        ));
        return missing;
    };
    match link(filled) {
        None => missing.push(format!("{name} does not tell the preimage of the link, or it does not give part A of the build ID")),
        Some(link) => {
            let absent = packages.missing(&link);
            if let Some(first) = absent.first() {
                missing.push(format!(
                    "{} packages that were linked are not in the list of {name}, or with other contents: {first}, …",
                    absent.len()
                ));
            }
        }
    }
    let caches = case.quorum.groups_by(Kind::Cache);
    let root = filled
        .observation
        .cache
        .closure
        .as_ref()
        .map(|closure| closure.root);
    let has_cache = |one: &Taken| {
        case.quorum.hosts[one.host]
            .groups
            .contains_key(&Kind::Cache)
    };
    let made_anew = case.agreeing().any(|cold| {
        is_cold(cold)
            && has_cache(cold)
            && has_cache(filled)
            && group(&caches, cold.host) != group(&caches, filled.host)
            && (cold
                .observation
                .cache
                .closure
                .as_ref()
                .map(|closure| closure.root)
                == root
                || list(case, cold).is_some_and(|made| {
                    packages
                        .packages()
                        .iter()
                        .all(|one| made.packages().contains(one))
                }))
    });
    if !made_anew {
        missing.push(format!(
            "no host of another cache made every package anew that {name} consumed"
        ));
    }
    missing
}

fn fourth(case: &Case<'_>, third: &[String]) -> Vec<String> {
    let mut missing: Vec<String> = third.iter().map(|why| format!("L3: {why}")).collect();
    if case.votes.count() < case.quorum.needed {
        missing.push(format!(
            "{} groups of {} that are needed built the program",
            case.votes.count(),
            case.quorum.needed
        ));
    }
    let covers = |group: &&Group| {
        let mut filled = case
            .agreeing()
            .filter(|one| is_filled(one) && group.hosts.contains(&one.host));
        filled.any(|one| covered(case, one).is_empty())
    };
    let groups = case.votes.agreeing_groups().filter(covers).count();
    if third.is_empty() && groups < case.quorum.needed {
        missing.push(format!(
            "{groups} groups of {} that are needed have a build as L3 asks for",
            case.quorum.needed
        ));
    }
    for one in case.counted {
        if let Err(why) = &one.logged {
            missing.push(format!(
                "an observation of {} is not shown to be in the log: {why}",
                one.name(case.quorum)
            ));
            break;
        }
    }
    missing.extend(case.heads.fault.clone());
    let dissenting = super::stand::dissent(case);
    if let Some(one) = dissenting.first() {
        missing.push(format!("{} built something else", one.host));
    }
    missing.extend(case.gaps.iter().cloned());
    missing
}

/// Returns the place of a host's group.
fn group(groups: &[Group], host: usize) -> Option<usize> {
    groups.iter().position(|group| group.hosts.contains(&host))
}

/// Returns what the link of a product named, where its preimage gives part A of the
/// product's build ID.
fn link(one: &Taken) -> Option<Link> {
    let link = Link::of(one.observation.link_preimage.as_deref()?);
    let id = one.product()?.build_id.as_deref()?;
    match BuildId::parse(id) {
        Ok(BuildId::Program(program)) if program.link_action == link.action => Some(link),
        _ => None,
    }
}

/// Says that an observation has a preimage that is not of its own product.
pub(super) fn preimage_fault(one: &Taken) -> Option<&'static str> {
    let has_id = one
        .product()
        .is_some_and(|product| product.build_id.is_some());
    let is_other = has_id && one.observation.link_preimage.is_some() && link(one).is_none();
    is_other.then_some("the preimage of the link does not give part A of the product's build ID")
}

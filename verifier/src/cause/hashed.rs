//! Causes read off the inputs themselves: logs of what the go command hashed,
//! which the build IDs prove to be those of these two builds.

mod meaning;

use proto::buildid::{BuildId, Part};
use proto::hashlog::preimage::GO_COMMAND;
use proto::hashlog::walk::{Leaf, Undetermined, Walk, walk};
use proto::hashlog::{Block, Log};

use super::{Cause, Confidence, Evidence, Name, Pair, Reach, go_release};
use meaning::{Meaning, fix};

/// The most lines shown for one cause.
const EVIDENCE_MAX: usize = 20;

/// What two logs prove.
pub(super) struct Hashed {
    pub(super) causes: Vec<Cause>,
    /// Whether every package that differs was followed down to its inputs.
    pub(super) is_complete: bool,
}

/// Follows the differing inputs down, where both files have their logs.
pub(super) fn explain(pair: &Pair<'_>) -> Option<Hashed> {
    let [Some(a), Some(b)] = &pair.logs else {
        return None;
    };
    let (a, b) = (a.as_ref(), b.as_ref());
    let (tops, main) = actions(pair, a, b)?;
    let [one, other] = tops;
    if one.hash == other.hash {
        return None;
    }
    let walk = walk(a, b, tops, main);
    let causes = causes(pair, &walk);
    Some(Hashed {
        is_complete: !causes.is_empty() && walk.unknown.is_empty(),
        causes,
    })
}

type Actions<'a> = ([&'a Block; 2], Option<[&'a Block; 2]>);

/// The actions that both build IDs name: the topmost, and for programs that of
/// package main.
fn actions<'a>(pair: &Pair<'_>, a: &'a Log, b: &'a Log) -> Option<Actions<'a>> {
    let id = |artifact: &super::Artifact| {
        let id = artifact.image.build_id.as_ref()?;
        Some(id.value.clone())
    };
    let both = |one: &Part, other: &Part| Some([a.action(one)?, b.action(other)?]);
    match (id(pair.a)?, id(pair.b)?) {
        (BuildId::Program(one), BuildId::Program(other)) => Some((
            both(&one.link_action, &other.link_action)?,
            both(&one.main_action, &other.main_action),
        )),
        (BuildId::Package { action: one, .. }, BuildId::Package { action: other, .. }) => {
            Some((both(&one, &other)?, None))
        }
        _ => None,
    }
}

fn causes(pair: &Pair<'_>, walk: &Walk) -> Vec<Cause> {
    let own = pair
        .a
        .go
        .info()
        .and_then(|info| info.main.as_ref())
        .map(|module| module.path.clone());
    // Another go command hashes everything else differently: all follows.
    let other_go: Vec<&Leaf> = walk
        .leaves
        .iter()
        .filter(|leaf| leaf.difference.key.word == GO_COMMAND)
        .collect();
    let leaves = if other_go.is_empty() {
        walk.leaves.iter().collect()
    } else {
        other_go
    };
    let mut found: Vec<(Name, Vec<(&Leaf, String)>)> = Vec::new();
    for leaf in leaves {
        for Meaning { name, what } in meaning::of(leaf, own.as_deref()) {
            match found.iter_mut().find(|(known, _)| *known == name) {
                Some((_, all)) => all.push((leaf, what)),
                None => found.push((name, vec![(leaf, what)])),
            }
        }
    }
    let versions = pair.a.go.version().zip(pair.b.go.version());
    let versions = versions.filter(|(a, b)| a != b);
    let inputs = found.into_iter().map(|(name, leaves)| {
        let mut cause = input(name, &leaves);
        if let (Name::GoVersion, Some((a, b))) = (name, versions) {
            cause.fix = go_release::advice(a, b);
        }
        cause
    });
    let undetermined = [true, false].into_iter().filter_map(|has_cgo| {
        let packages: Vec<&Undetermined> = walk
            .undetermined
            .iter()
            .filter(|package| package.has_cgo == has_cgo)
            .collect();
        (!packages.is_empty()).then(|| undetermined(pair, has_cgo, &packages))
    });
    inputs.chain(undetermined).collect()
}

/// A cause that is one kind of input.
fn input(name: Name, leaves: &[(&Leaf, String)]) -> Cause {
    let mut whats: Vec<&str> = leaves.iter().map(|(_, what)| what.as_str()).collect();
    whats.sort_unstable();
    whats.dedup();
    let summary = match whats.as_slice() {
        [one, other, third, _, ..] => {
            format!("{one}; {other}; {third}; and {} more", whats.len() - 3)
        }
        few => few.join("; "),
    };
    let evidence = leaves.iter().take(EVIDENCE_MAX).map(|(leaf, _)| {
        let difference = &leaf.difference;
        Evidence::sides(
            format!("hashed for {}", leaf.action),
            difference.a.clone(),
            difference.b.clone(),
        )
    });
    let mut evidence: Vec<Evidence> = evidence.collect();
    evidence.dedup();
    Cause {
        name,
        confidence: Confidence::Proven,
        summary,
        evidence,
        fix: fix(name).into(),
        reach: Reach::Anything,
    }
}

/// Packages that came out differently although all their inputs are equal.
fn undetermined(pair: &Pair<'_>, has_cgo: bool, packages: &[&Undetermined]) -> Cause {
    let mut names: Vec<&str> = packages
        .iter()
        .map(|package| package.package.as_str())
        .collect();
    names.dedup();
    let (one, more) = (names[0], names.len() - 1);
    let which = match more {
        0 => format!("package {one}"),
        more => format!("package {one} and {more} more"),
    };
    let same_content = pair.diff.pattern.is_some_and(|pattern| pattern.0[3]);
    let (name, why) = if has_cgo && same_content {
        (
            Name::CgoTempPath,
            "objects of C hold what is not the same in each build, as the random name of the go command's temporary \
             folder is, and linking left it out",
        )
    } else if has_cgo {
        (
            Name::CLibrary,
            "C headers or libraries outside the package, which no action names, are not the same",
        )
    } else {
        (
            Name::CompilerNondeterminism,
            "the compiler, a -toolexec wrapper or a changed build-cache entry gave other bytes",
        )
    };
    let evidence = packages.iter().take(EVIDENCE_MAX).map(|package| {
        Evidence::sides(
            format!("content of {}, compiled from equal inputs", package.package),
            package.difference.a.clone(),
            package.difference.b.clone(),
        )
    });
    Cause {
        name,
        confidence: Confidence::Likely,
        summary: format!("{which} came out differently from equal inputs: {why}"),
        evidence: evidence.collect(),
        fix: fix(name).into(),
        reach: Reach::Anything,
    }
}

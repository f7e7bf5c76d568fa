//! Decisions on observations by three hosts that never were: what is concluded from them
//! as they are, and after each attack.

mod attacks;
mod levels;
mod marks;
mod world;

use super::*;
use crate::attest::export;
use world::World;

#[test]
fn three_hosts_that_agree_reach_l3_and_no_more_without_a_log() {
    let decision = World::new().decide();
    assert_eq!(
        decision.verdict,
        Verdict::Reproducible,
        "{}",
        decision.summary
    );
    assert_eq!(decision.reached.as_deref(), Some("L3"));
    assert_eq!((decision.votes, decision.needed), (3, 2));
    assert_eq!(decision.counted.len(), 6);
    assert!(decision.set_aside.is_empty() && decision.gaps.is_empty());
    let last = decision.levels.last().unwrap();
    assert!(
        last.missing[0].contains("not shown to be in the log"),
        "{last:?}"
    );
}

#[test]
fn no_evidence_is_never_a_pass() {
    for artifact in [None, Some(Digest([1; 32]))] {
        let mut world = World::new();
        world.seen.clear();
        world.asked.artifact = artifact;
        let decision = world.decide();
        assert_eq!(decision.verdict, Verdict::Undecided);
        assert_eq!(decision.reached, None);
        assert!(decision.summary.contains("nothing is shown"));
    }
}

#[test]
fn a_decision_does_not_depend_on_the_order_of_files() {
    let one = World::new().decide();
    let mut world = World::new();
    let (quorum, mut evidence) = world.made();
    evidence.observations.reverse();
    let doubled = evidence.observations.clone();
    evidence.observations.extend(doubled);
    evidence.sort();
    let other = decide(&quorum, &evidence, world.asked.clone(), World::tool());
    assert_eq!(one, other);
}

#[test]
fn a_chain_that_begins_here_is_told_of() {
    let begun = |world: &mut World| {
        let notes = world.decide().notes;
        notes.into_iter().find(|note| note.contains("begins anew"))
    };
    let mut world = World::new();
    assert!(begun(&mut world).unwrap().contains("for h0, h1, h2:"));
    for seen in world.seen.iter_mut().step_by(2).take(2) {
        seen.is_chained = false;
        seen.observation.chain.previous = Some(Digest([7; 32]));
    }
    assert!(begun(&mut world).unwrap().contains("for h2:"));
}

#[test]
fn a_file_that_nobody_built_is_certified_as_different() {
    let mut world = World::new();
    world.asked.artifact = Some(Digest([9; 32]));
    let decision = world.decide();
    assert_eq!(decision.verdict, Verdict::Differs);
    assert_eq!(decision.votes, 0);
    assert_eq!(decision.dissent.len(), 3);
    assert_eq!(decision.subject().sha256, Digest([9; 32]));
}

#[test]
fn provenance_is_signed_where_what_was_demanded_is_shown() {
    let mut world = World::new();
    let h1 = crate::dirhash::go_mod(b"x");
    world.each(0, |one| {
        one.product.as_mut().unwrap().modules = vec![super::super::observation::Module {
            path: "example.com/a".into(),
            version: "v1.0.0".into(),
            sum: h1.to_string(),
            replace: None,
        }];
    });
    let observation = world.seen[0].observation.clone();
    let owner = world::key(9);
    let of = |decision: &Decision| export::provenance(decision, &observation, &owner).unwrap();
    let signed = of(&world.decide()).unwrap();
    let said: serde_json::Value = serde_json::from_slice(&signed.payload).unwrap();
    let dependencies = said["predicate"]["buildDefinition"]["resolvedDependencies"].as_array();
    let module = dependencies.unwrap().last().unwrap();
    assert_eq!(module["uri"], "pkg:golang/example.com/a@v1.0.0");
    assert_eq!(module["digest"]["dirHash"], hex::encode(h1.0));
    world.seen.retain(|seen| seen.key == 0);
    let decision = world.decide();
    assert_eq!(decision.verdict, Verdict::Undecided);
    assert_eq!(
        decision.product,
        observation.product.as_ref().map(|one| one.sha256)
    );
    assert!(of(&decision).is_none());
}

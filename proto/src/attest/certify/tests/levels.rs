use super::world::{NOW_S, World, closure, observation, other};
use crate::attest::decision::{Decision, Verdict};
use crate::attest::observation::{Audit, Evidence, Mode, Outcome, SelfCheck};
use crate::inputs::Cgo;

/// What is changed in a world, and the level reached then.
type Row = (&'static str, fn(&mut World), Option<&'static str>);

/// Returns what a level lacks.
fn missing(decision: &Decision, level: usize) -> String {
    decision.levels[level].missing.join("; ")
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_level_needs_all_of_its_evidence() {
    let rows: [Row; 16] = [
        ("everything", |_| {}, Some("L3")),
        (
            "one host alone",
            |world| world.seen.retain(|seen| seen.key == 0),
            Some("L1"),
        ),
        ("one build alone", |world| world.seen.truncate(1), None),
        (
            "cold builds alone",
            |world| {
                world
                    .seen
                    .retain(|seen| seen.observation.cache.mode == Mode::Cold)
            },
            Some("L2"),
        ),
        (
            "no list of packages",
            |world| world.closures.clear(),
            Some("L2"),
        ),
        (
            "another list",
            |world| world.closures = vec![closure(7)],
            Some("L2"),
        ),
        (
            "no closure root",
            |world| (0..3).for_each(|host| world.each(host, |one| one.cache.closure = None)),
            Some("L0"),
        ),
        (
            "no preimage",
            |world| (0..3).for_each(|host| world.each(host, |one| one.link_preimage = None)),
            Some("L2"),
        ),
        (
            "no audit",
            |world| {
                (0..3).for_each(|host| world.each(host, |one| one.cache.audit = Audit::None {}))
            },
            Some("L2"),
        ),
        (
            "cold builds that took something",
            |world| (0..3).for_each(|host| world.each(host, |one| one.cache.hits = 1)),
            Some("L0"),
        ),
        (
            "warm builds that took nothing",
            |world| (0..3).for_each(|host| world.each(host, |one| one.cache.hits = 0)),
            Some("L2"),
        ),
        (
            "nobody knows what was taken",
            |world| {
                (0..3).for_each(|host| world.each(host, |one| one.cache.evidence = Evidence::None))
            },
            Some("L0"),
        ),
        (
            "files that were changed after they were built",
            |world| {
                (0..3).for_each(|host| {
                    world.each(host, |one| {
                        one.product.as_mut().unwrap().self_check = SelfCheck::Fails
                    })
                })
            },
            None,
        ),
        (
            "hosts of one image",
            |world| {
                world.rule("image: i1", "image: i0");
                world.rule("image: i2", "image: i0");
                world.rule("k: 2", "k: 1");
            },
            Some("L1"),
        ),
        (
            "hosts that say they have one image",
            |world| {
                (0..3).for_each(|host| {
                    world.each(host, |one| one.host.image = Some("debian 13".into()))
                })
            },
            Some("L1"),
        ),
        (
            "hosts of one cache",
            |world| {
                world.rule("cache: c1", "cache: c0");
                world.rule("cache: c2", "cache: c0");
                world.rule("k: 2", "k: 1");
            },
            Some("L2"),
        ),
    ];
    for (name, change, reached) in rows {
        let mut world = World::new();
        change(&mut world);
        let decision = world.decide();
        assert_eq!(
            decision.reached.as_deref(),
            reached,
            "{name}: {:?}",
            decision.levels
        );
        if reached != Some("L3") {
            assert_ne!(decision.verdict, Verdict::Reproducible, "{name}");
        }
    }
}

#[test]
fn a_shared_cache_is_covered_by_a_cold_host_of_another_cache() {
    let mut world = World::new();
    world
        .seen
        .retain(|seen| seen.observation.cache.mode == Mode::Cold);
    assert_eq!(world.decide().reached.as_deref(), Some("L2"));
    for mode in [Mode::Shared, Mode::Cacheprog] {
        let mut shared = World::new();
        shared.seen = world.seen.clone();
        let mut one = shared.seen[0].clone();
        one.observation = observation(0, mode, &closure(1));
        shared.seen.push(one);
        assert_eq!(shared.decide().reached.as_deref(), Some("L3"), "{mode:?}");
    }
}

#[test]
fn cgo_without_a_digest_of_headers_ends_at_l1() {
    for (sysroot, reached) in [(None, "L1"), (Some("ab".repeat(32)), "L3")] {
        let mut world = World::new();
        for host in 0..3 {
            world.each(host, |one| {
                one.inputs.cgo = Some(Cgo {
                    settings: [].into(),
                    compiler: None,
                    compiler_sha256: None,
                    sysroot: sysroot.clone(),
                });
            });
        }
        let decision = world.decide();
        assert_eq!(decision.reached.as_deref(), Some(reached));
    }
}

#[test]
fn a_log_lifts_to_l4_and_witnesses_give_x() {
    let decision = World::logged().decide();
    assert_eq!(
        decision.reached.as_deref(),
        Some("L4+X"),
        "{:?}",
        decision.levels
    );
    let mut gap = World::logged();
    // The first build of a host is held back.
    gap.seen[1].is_chained = false;
    gap.seen[1].observation.chain.previous = Some(crate::attest::digest::Digest([3; 32]));
    let decision = gap.decide();
    assert_eq!(decision.reached.as_deref(), Some("L3+X"));
    assert!(missing(&decision, 4).contains("signed an observation that is not here"));
    let mut dissent = World::logged();
    dissent.other_program(2, 9);
    let decision = dissent.decide();
    assert_eq!(decision.verdict, Verdict::Reproducible);
    assert_eq!(decision.reached.as_deref(), Some("L3+X"));
    assert!(missing(&decision, 4).contains("h2 built something else"));
}

#[test]
fn a_nonce_gives_f_when_every_observation_has_it() {
    let mut world = World::new();
    world.asked.nonce = Some("n".into());
    for host in 0..3 {
        world.each(host, |one| one.chain.nonce = Some("n".into()));
    }
    assert_eq!(world.decide().reached.as_deref(), Some("L3+F"));
    world.seen[3].observation.chain.nonce = Some("m".into());
    assert_eq!(world.decide().reached.as_deref(), Some("L3"));
    world.rule("level: L3", "level: L3+F");
    assert_eq!(world.decide().verdict, Verdict::Undecided);
}

#[test]
fn a_poisoned_package_that_is_not_reached_is_named_though_the_products_agree() {
    let mut world = World::new();
    let poisoned = closure(7);
    world.seen[1].observation.cache.closure = Some(poisoned.summary());
    world.closures.push(poisoned);
    let decision = world.decide();
    let found = decision.contradictions.join("\n");
    assert!(found.contains("different ones of fmt"), "{found}");
    // The other hosts' builds show L3, and yet it is not certified: one compilation had
    // two outputs.
    assert_eq!(decision.reached.as_deref(), Some("L3"));
    assert_eq!(decision.verdict, Verdict::Differs, "{}", decision.summary);
    world.seen.retain(|seen| seen.key == 0);
    let decision = world.decide();
    assert_eq!(decision.verdict, Verdict::Differs, "{}", decision.summary);
    assert_eq!(decision.reached.as_deref(), Some("L0"));
}

#[test]
fn failed_builds_speak_neither_for_nor_against() {
    let mut world = World::new();
    world.each(2, |one| {
        one.product = None;
        one.link_preimage = None;
        one.result = Outcome::Failed {
            expected: None,
            reason: "no space".into(),
        };
    });
    let decision = world.decide();
    assert_eq!(decision.verdict, Verdict::Reproducible);
    assert_eq!(decision.votes, 2);
    assert!(decision.dissent.is_empty());
    assert!(
        decision
            .notes
            .iter()
            .any(|note| note.contains("build of h2 failed"))
    );
}

#[test]
fn masked_products_are_told_from_equal_ones_and_have_no_vote() {
    let mut world = World::new();
    let masked = crate::attest::digest::Digest([4; 32]);
    for host in 0..3 {
        world.each(host, |one| {
            one.product
                .as_mut()
                .unwrap()
                .masked
                .insert("stamps".into(), masked);
        });
    }
    world
        .seen
        .iter_mut()
        .filter(|seen| seen.key > 0)
        .for_each(|seen| other(&mut seen.observation, 9));
    world.each(2, |one| other(one, 8));
    let decision = world.decide();
    // Three programs, one vote each.
    assert_eq!(decision.product, None);
    assert_ne!(decision.verdict, Verdict::Reproducible);
    world.asked.artifact = world.seen[0]
        .observation
        .product
        .as_ref()
        .map(|one| one.sha256);
    let decision = world.decide();
    assert_eq!(decision.votes, 1);
    assert_eq!(decision.verdict, Verdict::Differs);
    assert!(
        decision
            .dissent
            .iter()
            .all(|one| one.comparison == crate::attest::decision::Comparison::Masked)
    );
    assert_eq!(decision.asked.time_s, NOW_S);
}

//! The log, its proofs and its witnesses, and what is held back.

use super::super::world::{World, log, log_under, witness_key};
use super::judge;
use crate::attest::digest::Digest;
use crate::attest::evidence::Filed;
use crate::tlog_proof::TlogProof;

#[test]
#[expect(clippy::too_many_lines, reason = "a table of attacks")]
fn the_log() {
    judge(&[
        (
            "proofs exchanged",
            |world| {
                world.files = |files| {
                    let proof = files[0].proof.take();
                    files[0].proof = std::mem::replace(&mut files[1].proof, proof);
                }
            },
            |decision| decision.reached.as_deref() == Some("L3"),
        ),
        (
            "the first proof for everything",
            |world| {
                world.files = |files| {
                    let proof = files[0].proof.clone();
                    files
                        .iter_mut()
                        .for_each(|filed| filed.proof = proof.clone());
                }
            },
            |decision| decision.reached.as_deref() == Some("L3"),
        ),
        (
            "a proof cut off",
            |world| {
                world.files = |files| {
                    files[0].proof.as_mut().unwrap().truncate(40);
                }
            },
            |decision| decision.reached.as_deref() == Some("L3"),
        ),
        (
            "a fork",
            |world| {
                world.files = |files| {
                    let mut reversed = files.clone();
                    reversed.reverse();
                    log(&mut reversed);
                    reversed.reverse();
                    files[0].proof = reversed[0].proof.clone();
                }
            },
            |decision| {
                decision.reached.as_deref() == Some("L3")
                    && decision
                        .contradictions
                        .iter()
                        .any(|one| one.contains("two heads of 6 records"))
            },
        ),
        (
            "a fork of another size",
            |world| {
                world.files = |files| {
                    let mut reversed = files.clone();
                    reversed.reverse();
                    log_under(&mut reversed[..5], 1, |_| (5, &[0]));
                    files[5].proof = reversed[0].proof.clone();
                }
            },
            |decision| {
                let told = "two histories, by proofs under its heads of 5 and of 6 records";
                decision.reached.as_deref() == Some("L3")
                    && decision.contradictions.iter().any(|one| one.contains(told))
            },
        ),
        (
            "witnesses cut off",
            |world| {
                world.files = |files| {
                    for filed in files.iter_mut() {
                        let mut proof = TlogProof::parse(filed.proof.as_ref().unwrap()).unwrap();
                        let at = proof.checkpoint.find("— witness").unwrap();
                        proof.checkpoint.truncate(at);
                        filed.proof = Some(proof.to_string().into_bytes());
                    }
                }
            },
            |decision| decision.reached.as_deref() == Some("L3"),
        ),
        (
            "a failed build held back",
            |world| {
                world.seen.remove(0);
                world.seen[0].is_chained = false;
                world.seen[0].observation.chain.previous = Some(Digest([7; 32]));
            },
            |decision| {
                decision.gaps.len() == 1 && !decision.reached.as_deref().unwrap().starts_with("L4")
            },
        ),
        (
            "a chain that forks",
            |world| {
                let first = world.seen[0].observation.digest().unwrap();
                let mut third = world.seen[1].clone();
                third.observation.observed.time_s += 1;
                third.is_chained = false;
                third.observation.chain.previous = Some(first);
                world.seen.insert(2, third);
            },
            |decision| decision.gaps.iter().any(|gap| gap.contains("each follow")),
        ),
    ]);
}

/// Two heads of one log, far apart: the first observation's and all others'.
fn apart(files: &mut [Filed], witnesses: [&'static [u8]; 2]) {
    log_under(files, 3, |place| match place {
        0 => (5, witnesses[0]),
        _ => (18, witnesses[1]),
    });
}

fn reached(world: &mut World) -> (String, bool) {
    let decision = world.decide();
    let tells = |note: &String| note.contains("the log's heads of 5 and of 18 records");
    let reached = decision.reached.clone().unwrap();
    (reached, decision.notes.iter().any(tells))
}

#[test]
fn heads_of_two_sizes_are_one_history_by_proof_or_by_a_witness_of_both() {
    let mut world = World::logged();
    world.rule(
        "keys: [",
        &format!("keys: [{}, ", witness_key(1).verifier()),
    );
    world.files = |files| apart(files, [&[0], &[0]]);
    assert_eq!(reached(&mut world), ("L4+X".into(), false));
    // The log may have shown each witness a history of its own.
    world.files = |files| apart(files, [&[0], &[1]]);
    assert_eq!(reached(&mut world), ("L4".into(), true));
    world.files = |files| apart(files, [&[0, 1], &[1]]);
    assert_eq!(reached(&mut world), ("L4+X".into(), false));
    // Proofs of records that follow each other join the heads.
    world.files = |files| {
        log_under(files, 1, |place| {
            (place as u64 + 1, if place % 2 == 0 { &[0] } else { &[1] })
        })
    };
    assert_eq!(reached(&mut world), ("L4+X".into(), false));
    // Without witnesses a note alone is all there is.
    let lines = world
        .quorum
        .lines()
        .filter(|line| !line.starts_with("witnesses"));
    world.quorum = lines.map(|line| format!("{line}\n")).collect();
    world.files = |files| apart(files, [&[], &[]]);
    assert_eq!(reached(&mut world), ("L4".into(), true));
}

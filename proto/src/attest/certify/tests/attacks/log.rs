//! The log, its proofs and its witnesses, and what is held back.

use super::super::world::log;
use super::judge;
use crate::attest::digest::Digest;
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

//! Hosts that lie, alone and together.

use super::super::world::other;
use super::{judge, shows};
use crate::attest::decision::Verdict;
use crate::attest::digest::Digest;

#[test]
#[expect(clippy::too_many_lines, reason = "a table of attacks")]
fn votes() {
    judge(&[
        (
            "one key signs everything",
            |world| world.seen.iter_mut().for_each(|seen| seen.key = 0),
            |decision| decision.votes == 1 && !shows(decision),
        ),
        (
            "one observation copied",
            |world| {
                let copy = world.seen[0].clone();
                world.seen = vec![copy.clone(), copy];
                world.seen[1].is_chained = false;
            },
            |decision| decision.votes == 1 && decision.reached.is_none(),
        ),
        (
            "one liar",
            |world| world.other_program(0, 9),
            |decision| shows(decision) && decision.votes == 2 && decision.dissent[0].host == "h0",
        ),
        (
            "one liar, and the file is his",
            |world| {
                world.other_program(0, 9);
                world.asked.artifact = Some(Digest([9; 32]));
            },
            |decision| decision.verdict == Verdict::Differs && decision.votes == 1,
        ),
        (
            "two colluders of one group",
            |world| {
                world.rule("org: o1", "org: o0");
                world.other_program(0, 9);
                world.other_program(1, 9);
                world.asked.artifact = Some(Digest([9; 32]));
            },
            |decision| decision.votes == 1 && !shows(decision),
        ),
        (
            "two colluders with one cache",
            |world| {
                world.rule("cache: c1", "cache: c0");
                world.seen.retain(|seen| seen.key < 2);
            },
            |decision| decision.votes == 1 && !shows(decision),
        ),
        (
            "a group that disagrees with itself",
            |world| {
                world.rule("org: o1", "org: o0");
                world.other_program(1, 9);
            },
            |decision| decision.votes == 1 && !shows(decision),
        ),
        (
            "equivocation",
            |world| other(&mut world.seen[1].observation, 9),
            |decision| {
                decision.votes == 2
                    && decision
                        .dissent
                        .iter()
                        .filter(|one| one.host == "h0")
                        .count()
                        == 2
            },
        ),
        (
            "half and half",
            |world| {
                world.seen.retain(|seen| seen.key < 2);
                world.other_program(1, 9);
            },
            |decision| decision.product.is_none() && decision.verdict != Verdict::Reproducible,
        ),
    ]);
}

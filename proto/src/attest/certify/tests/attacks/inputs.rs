//! Builds of something else.

use super::{aside, judge, shows};
use crate::attest::decision::{Reason, Verdict};

#[test]
fn inputs() {
    judge(&[
        (
            "other inputs are neither vote nor dissent",
            |world| {
                let pinned = world.seen[0].observation.inputs_digest().unwrap();
                world.rule("max_age", &format!("inputs: {pinned}\nmax_age"));
                world.each(2, |one| one.inputs.flags.push("-race".into()));
                world.other_program(2, 9);
            },
            |decision| {
                let told = &decision.set_aside[0].detail;
                aside(decision, Reason::OtherInputs)
                    && told.ends_with(": they differ in flags")
                    && decision.dissent.is_empty()
                    && decision.votes == 2
            },
        ),
        (
            "another platform",
            |world| {
                let pinned = world.seen[0].observation.inputs_digest().unwrap();
                world.rule("max_age", &format!("inputs: {pinned}\nmax_age"));
                world.each(2, |one| {
                    one.inputs.target.insert("GOARCH".into(), "arm64".into());
                });
            },
            |decision| aside(decision, Reason::OtherInputs) && decision.votes == 2,
        ),
        (
            "inputs changed to dodge dissent",
            |world| {
                world.each(2, |one| one.inputs.flags.push("-race".into()));
            },
            |decision| decision.inputs.is_none() && !shows(decision),
        ),
        (
            "only builds of other inputs than those pinned",
            |world| {
                world.rule("max_age", &format!("inputs: {}\nmax_age", "00".repeat(32)));
            },
            |decision| decision.verdict == Verdict::Undecided && decision.votes == 0,
        ),
    ]);
}

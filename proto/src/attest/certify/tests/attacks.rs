//! Each attack, what it changes, and what is concluded then.

use super::world::{NOW_S, World, key, log, other};
use crate::attest::decision::{Decision, Reason, Verdict};
use crate::attest::digest::Digest;
use crate::attest::dsse::Envelope;
use crate::attest::evidence::Filed;
use crate::attest::statement::{PAYLOAD_TYPE, Statement};
use crate::tlog_proof::TlogProof;

/// An attack, what it changes, and what must be so then.
type Attack = (&'static str, fn(&mut World), fn(&Decision) -> bool);

fn shows(decision: &Decision) -> bool {
    decision.verdict == Verdict::Reproducible
}

/// One observation is set aside for this reason, and the other hosts carry the decision.
fn aside(decision: &Decision, reason: Reason) -> bool {
    decision.set_aside.iter().any(|one| one.reason == reason)
}

/// Changes the envelope of the first file.
fn envelope(files: &mut [Filed], change: impl Fn(&mut Envelope)) {
    let mut envelope = Envelope::parse(&files[0].envelope).unwrap();
    change(&mut envelope);
    files[0].envelope = envelope.bytes();
}

/// Signs something else in the place of the first file.
fn resigned(files: &mut [Filed], payload_type: &str, from: &str, to: &str) {
    envelope(files, |envelope| {
        let text = String::from_utf8(envelope.payload.clone()).unwrap();
        assert!(text.contains(from), "{from}");
        let payload = text.replacen(from, to, 1).into_bytes();
        *envelope = Envelope::sign(payload_type, payload, &[&key(0)]);
    });
}

#[track_caller]
fn judge(attacks: &[Attack]) {
    for (name, change, holds) in attacks {
        let mut world = World::logged();
        change(&mut world);
        let decision = world.decide();
        assert!(
            holds(&decision),
            "{name}: {} {:?} {:?} {:?} {:?}",
            decision.summary,
            decision.reached,
            decision.set_aside,
            decision.groups,
            decision.gaps
        );
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of attacks")]
fn signatures_and_types() {
    judge(&[
        (
            "signature stripped",
            |world| world.files = |files| envelope(files, |one| one.signatures[0].bytes.clear()),
            |decision| aside(decision, Reason::NotSigned) && decision.counted.len() == 5,
        ),
        (
            "list of signatures empty",
            |world| world.files = |files| envelope(files, |one| one.signatures.clear()),
            |decision| aside(decision, Reason::NotSigned),
        ),
        (
            "garbage first",
            |world| {
                world.files = |files| {
                    envelope(files, |one| {
                        let mut garbage = one.signatures[0].clone();
                        garbage.bytes[0] ^= 1;
                        one.signatures.insert(0, garbage);
                    })
                }
            },
            |decision| decision.counted.len() == 6,
        ),
        (
            "payload changed",
            |world| world.files = |files| envelope(files, |one| one.payload[10] ^= 1),
            |decision| aside(decision, Reason::NotSigned),
        ),
        (
            "type changed",
            |world| {
                world.files = |files| envelope(files, |one| one.payload_type.make_ascii_uppercase())
            },
            |decision| aside(decision, Reason::NotSigned),
        ),
        (
            "another type signed",
            |world| world.files = |files| resigned(files, "application/vnd.in-toto+JSON", "{", "{"),
            |decision| aside(decision, Reason::OtherKind),
        ),
        (
            "another predicate",
            |world| {
                world.files =
                    |files| resigned(files, PAYLOAD_TYPE, "observation:v1", "observation:v2")
            },
            |decision| aside(decision, Reason::OtherKind) && decision.dissent.is_empty(),
        ),
        (
            "a name twice in what is signed",
            |world| {
                world.files =
                    |files| resigned(files, PAYLOAD_TYPE, "\"hits\":0", "\"hits\":0,\"hits\":1")
            },
            |decision| aside(decision, Reason::Malformed),
        ),
        (
            "names that differ in case",
            |world| {
                world.files =
                    |files| resigned(files, PAYLOAD_TYPE, "\"hits\":0", "\"hits\":0,\"Hits\":1")
            },
            |decision| aside(decision, Reason::Malformed),
        ),
        (
            "a fraction",
            |world| {
                world.files = |files| resigned(files, PAYLOAD_TYPE, "\"hits\":0", "\"hits\":0.0")
            },
            |decision| aside(decision, Reason::Malformed),
        ),
        (
            "a number beyond 2^53",
            |world| {
                world.files = |files| {
                    resigned(
                        files,
                        PAYLOAD_TYPE,
                        "\"hits\":0",
                        "\"hits\":9007199254740993",
                    )
                }
            },
            |decision| aside(decision, Reason::Malformed),
        ),
        (
            "another subject than product",
            |world| {
                world.files = |files| {
                    resigned(
                        files,
                        PAYLOAD_TYPE,
                        "\"subject\":[",
                        "\"subject\":[{\"digest\":{\"sha256\":\"0000000000000000000000000000000000000000000000000000000000000000\"},\"name\":\"x\"},",
                    )
                }
            },
            |decision| aside(decision, Reason::Malformed),
        ),
        (
            "a short digest",
            |world| {
                world.files =
                    |files| resigned(files, PAYLOAD_TYPE, "\"sha256\":\"", "\"sha256\":\"00")
            },
            |decision| aside(decision, Reason::Malformed),
        ),
        (
            "no envelope",
            |world| world.files = |files| files[0].envelope = b"{}".to_vec(),
            |decision| aside(decision, Reason::NotAnEnvelope),
        ),
        (
            "an unknown key",
            |world| world.seen[0].key = 5,
            |decision| aside(decision, Reason::NotSigned),
        ),
        (
            "two hosts sign one build",
            |world| {
                world.files = |files| {
                    envelope(files, |one| {
                        *one =
                            Envelope::sign(PAYLOAD_TYPE, one.payload.clone(), &[&key(0), &key(1)]);
                    })
                }
            },
            |decision| aside(decision, Reason::TwoSigners),
        ),
    ]);
}

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

#[test]
#[expect(clippy::too_many_lines, reason = "a table of attacks")]
fn keys_and_times() {
    judge(&[
        (
            "revoked",
            |world| world.rule("cache: c0}", "cache: c0, revoked: true}"),
            |decision| aside(decision, Reason::Revoked) && decision.votes == 2,
        ),
        (
            "expired before it was signed",
            |world| world.rule("cache: c0}", "cache: c0, until: 2026-01-01T00:00:00Z}"),
            |decision| aside(decision, Reason::Expired) && decision.votes == 2,
        ),
        (
            "expired since, and not logged",
            |world| {
                world.rule("cache: c0}", "cache: c0, until: 2026-11-25T23:59:00Z}");
                world.each(0, |one| one.observed.time_s = NOW_S - 1000);
                world.files = |files| files.iter_mut().for_each(|filed| filed.proof = None);
            },
            |decision| aside(decision, Reason::Expired),
        ),
        (
            "expired since, and logged before",
            |world| {
                world.rule("cache: c0}", "cache: c0, until: 2026-11-25T23:59:55Z}");
            },
            |decision| decision.votes == 3,
        ),
        (
            "compromised before it was logged",
            |world| {
                world.rule(
                    "cache: c0}",
                    "cache: c0, compromised_since: 2026-11-25T23:59:00Z}",
                )
            },
            |decision| aside(decision, Reason::Compromised) && decision.votes == 2,
        ),
        (
            "compromised after it was logged",
            |world| {
                world.rule(
                    "cache: c0}",
                    "cache: c0, compromised_since: 2026-11-26T00:00:00Z}",
                )
            },
            |decision| decision.votes == 3,
        ),
        (
            "compromised, and not logged",
            |world| {
                world.rule(
                    "cache: c0}",
                    "cache: c0, compromised_since: 2026-11-26T00:00:00Z}",
                );
                world.files = |files| files.iter_mut().for_each(|filed| filed.proof = None);
            },
            |decision| aside(decision, Reason::Compromised),
        ),
        (
            "a clock ahead",
            |world| world.each(0, |one| one.observed.time_s = NOW_S + 301),
            |decision| aside(decision, Reason::Future) && decision.votes == 2,
        ),
        (
            "too old",
            |world| world.each(0, |one| one.observed.time_s = NOW_S - 31 * 86400),
            |decision| aside(decision, Reason::Stale) && decision.votes == 2,
        ),
        (
            "a nonce of another time",
            |world| world.asked.nonce = Some("n".into()),
            |decision| !decision.reached.as_deref().unwrap().contains("+F"),
        ),
    ]);
}

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
                aside(decision, Reason::OtherInputs)
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

#[test]
fn a_subject_that_is_not_the_first_is_found_by_digest_alone() {
    let statement = Statement {
        subject: (0..1024_u32)
            .map(|number| {
                let digest = Digest::of(&number.to_le_bytes());
                crate::attest::statement::Subject::new("a.bin", digest)
            })
            .collect(),
        predicate_type: "p".into(),
        predicate: serde_json::Value::Null,
    };
    assert!(statement.is_about(&Digest::of(&1023_u32.to_le_bytes())));
    assert!(!statement.is_about(&Digest::of(&1024_u32.to_le_bytes())));
}

#[test]
fn names_that_drive_a_terminal_are_shown_escaped() {
    let mut world = World::new();
    world.files = |files| {
        files[0].name = "\u{202e}a\x1b[31m\0../../x".into();
        files[0].envelope = b"{}".to_vec();
    };
    let text = crate::attest::words::text(&world.decide(), true);
    assert!(
        text.contains("\\u{202e}a\\u{1b}[31m\\u{0}../../x"),
        "{text}"
    );
    assert!(!text.contains(['\u{202e}', '\x1b', '\0']));
}

//! Each attack, what it changes, and what is concluded then.

mod inputs;
mod keys;
mod log;
mod signatures;
mod votes;

use super::world::{World, key};
use crate::attest::decision::{Decision, Reason, Verdict};
use crate::attest::digest::Digest;
use crate::attest::dsse::Envelope;
use crate::attest::evidence::Filed;
use crate::attest::statement::Statement;

/// An attack, what it changes, and what must be so then.
type Attack = (&'static str, fn(&mut World), fn(&Decision) -> bool);

fn shows(decision: &Decision) -> bool {
    decision.verdict == Verdict::Reproducible
}

/// One observation is set aside for this reason.
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

//! What is signed, and by whom.

use super::super::world::key;
use super::{aside, envelope, judge, resigned};
use crate::attest::decision::Reason;
use crate::attest::dsse::Envelope;
use crate::attest::statement::PAYLOAD_TYPE;

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

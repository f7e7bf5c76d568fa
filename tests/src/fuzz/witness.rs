//! What logs and witnesses say to each other, and what they leave to be checked.

use proto::note::{Cosigner, SignerKey};
use proto::tlog::record_hash;
use proto::tlog_proof::TlogProof;
use proto::witness::{AddCheckpoint, Answer, Log, Policy, RememberedHead, admit};

const ORIGIN: &str = "example.com/log";

/// The log of the corpus: the key that its notes are signed with.
fn log() -> Log {
    let key = SignerKey::from_seed(ORIGIN, [7; 32]).expect("a key");
    Log {
        origin: ORIGIN.to_owned(),
        keys: vec![key.verifier()],
    }
}

/// A request to a witness, or an answer of one.
pub fn add_checkpoint(data: &[u8]) {
    for status in [200, 400, 409] {
        for kind in ["text/x.tlog.size", "text/plain"] {
            if let Ok(answer) = Answer::parse(status, kind, data) {
                assert_eq!(answer.status(), status);
                let body = answer.body();
                let again = Answer::parse(status, answer.content_type(), body.as_bytes());
                assert_eq!(again.map(|answer| answer.body()), Ok(body));
            }
        }
    }
    let Ok(request) = AddCheckpoint::parse(data) else {
        return;
    };
    assert_eq!(request.to_string().as_bytes(), data);
    let Ok(admitted) = admit(&log(), None, &request) else {
        return;
    };
    let head = admitted.head().expect("what was opened is a note");
    assert_eq!(head.tree, request.checkpoint.tree);
    assert_eq!(RememberedHead::parse(&head.note).as_ref(), Ok(&head));
    // From now on, the witness goes back on nothing that it signed.
    let again = admit(&log(), Some(&head), &request);
    assert_eq!(again.is_ok(), head.tree.size == 0);
}

/// A proof that a record is in a log.
pub fn tlog_proof(data: &[u8]) {
    let Ok(proof) = TlogProof::parse(data) else {
        return;
    };
    assert_eq!(proof.to_string().as_bytes(), data);
    let witness = Cosigner::from_seed("example.com/w", [8; 32]).expect("a key");
    let policy = Policy::new(vec![witness.verifier()], 0, None).expect("a policy");
    let log = log();
    for record in [&b"x"[..], b"other"] {
        let proved = proof.verify(record_hash(record), ORIGIN, &log.keys, &policy, 1);
        if let Ok(proved) = proved {
            // The one record of the corpus' log.
            assert_eq!((record, proof.index), (&b"x"[..], 0));
            assert_eq!(proved.checkpoint.tree.size, 1);
        }
    }
}

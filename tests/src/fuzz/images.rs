//! Programs of every format, alone and beside a bent copy of themselves.

use std::path::PathBuf;

use verifier::artifact::Artifact;
use verifier::compare::{Outcome, Question};
use verifier::diff::Verdict;
use verifier::fix::Given;
use verifier::image::signature::Signature;
use verifier::input::Input;
use verifier::progress::Bar;
use verifier::reproduce::variables;

/// Every so many bytes one is changed in the copy.
const STEPS: [usize; 3] = [7, 61, 509];

/// A program: regions cover it, functions beside themselves are the same, and a
/// bent copy gets an answer.
pub fn images(data: &[u8]) {
    let whole = artifact(data.to_vec(), 0);
    let covered: usize = whole
        .image
        .regions
        .iter()
        .map(|region| region.range.len())
        .sum();
    assert_eq!(covered, data.len());
    let _ = Signature::read(data, &whole.image);
    // Another digest, so that it is compared and not just found identical.
    let outcome = answer(&whole, &artifact(data.to_vec(), 1));
    if let Some(functions) = outcome.diff.and_then(|diff| diff.functions) {
        let counts = functions.counts;
        assert_eq!(counts.changed + counts.only_a + counts.only_b, 0);
        assert_eq!((counts.shifted, counts.lines), (0, 0));
        assert_eq!(functions.reordered, 0);
    }
    // No variable of a program has another text than itself.
    let again = artifact(data.to_vec(), 1);
    assert!(variables::differing(&whole, &again).is_empty());
    for step in STEPS {
        let mut bent = data.to_vec();
        let places = bent.iter_mut().skip(step / 2).step_by(step);
        places.for_each(|byte| *byte = byte.wrapping_mul(5).wrapping_add(1));
        let bent = artifact(bent, 2);
        answer(&whole, &bent);
        answer(&bent, &whole);
        let _ = variables::differing(&bent, &whole);
    }
}

fn artifact(bytes: Vec<u8>, digest: u8) -> Artifact {
    Artifact::of(Input {
        path: PathBuf::from("image"),
        bytes: bytes.into(),
        sha256: [digest; 32],
        identity: None,
    })
}

fn answer(a: &Artifact, b: &Artifact) -> Outcome {
    let bar = Bar::hidden();
    // The first is given, so that its recipe is read and fixes are made of it.
    let question = Question::of(Some(Given::First), &bar);
    let outcome = Outcome::asked(a, b, ["a".into(), "b".into()], question);
    if let Some(next) = &outcome.next {
        // A line end of the file's would be another command.
        let bare = next.command.split('\'').step_by(2).collect::<String>();
        assert!(!bare.contains(['\n', '$', '`', ';']), "{}", next.command);
    }
    assert_ne!(outcome.verdict, Verdict::Identical);
    outcome
}

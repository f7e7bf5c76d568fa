//! A log's side of a witness: what the log knows of it, and when it is asked.

use super::Answer;
use crate::note::{CosignerKey, Signature};
use crate::tlog::Tree;

/// How a log stands with one witness. It is told the time, in seconds since 1970.
#[derive(Debug, Clone)]
pub struct Sender {
    key: CosignerKey,
    /// Records under the head that the witness cosigned last, as far as is known.
    known: u64,
    cosigned: Option<Cosigned>,
    failures: u32,
    /// It is not asked before.
    next_s: u64,
    trouble: Option<String>,
    /// Records under a head that it says it has cosigned, more than it was asked about.
    ahead: Option<u64>,
    /// The head that it cosigned again last, having known it and none newer.
    knew: Option<Tree>,
}

/// A cosignature that was checked.
#[derive(Debug, Clone)]
struct Cosigned {
    tree: Tree,
    signature: Signature,
    time_s: u64,
}

/// What to do after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing now.
    Wait,
    /// Ask again at once: the proof must begin at another size.
    Again,
}

/// The pause after a failure, doubled with each one more.
const PAUSE_MIN_S: u64 = 5;

/// The longest pause.
const PAUSE_MAX_S: u64 = 300;

impl Sender {
    /// Knows nothing of a witness yet but its key.
    pub fn new(key: CosignerKey) -> Self {
        Self {
            key,
            known: 0,
            cosigned: None,
            failures: 0,
            next_s: 0,
            trouble: None,
            ahead: None,
            knew: None,
        }
    }

    /// Takes a cosignature that was kept, of a head whose checkpoint has the text `text`.
    /// Returns whether it is by the witness.
    pub fn resume(&mut self, head: &Tree, text: &str, signature: &Signature) -> bool {
        let Ok(time_s) = self.key.check(text, signature) else {
            return false;
        };
        self.cosigned_by(head, signature.clone(), time_s);
        true
    }

    /// The witness's key.
    pub fn key(&self) -> &CosignerKey {
        &self.key
    }

    /// Records under the head from which the proof is to begin: never more than `head` has.
    pub fn old_size(&self, head: &Tree) -> u64 {
        self.known.min(head.size)
    }

    /// Records under a head of this log that the witness says it has cosigned, where those
    /// are more than it was asked about and it has cosigned nothing since.
    pub fn ahead(&self) -> Option<u64> {
        self.ahead
    }

    /// Tells whether the witness has cosigned this head when it was the newest that it knew:
    /// it had seen the very head before, and none after it.
    pub fn knew(&self, head: &Tree) -> bool {
        self.trouble.is_none() && self.knew.as_ref() == Some(head)
    }

    /// Why the witness did not cosign when it was asked last; `None` where it did.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Tells whether to ask for a cosignature of `head` now: there is none, or it is
    /// older than half of `age_max_s`.
    pub fn is_due(&self, head: &Tree, age_max_s: u64, now_s: u64) -> bool {
        let is_fresh = |cosigned: &Cosigned| {
            let age = now_s.saturating_sub(cosigned.time_s);
            cosigned.tree == *head && age < age_max_s / 2
        };
        now_s >= self.next_s && !self.cosigned.as_ref().is_some_and(is_fresh)
    }

    /// Returns the cosignature of a head, where there is one.
    pub fn cosignature(&self, head: &Tree) -> Option<&Signature> {
        let cosigned = self.cosigned.as_ref();
        let of_head = cosigned.filter(|cosigned| cosigned.tree == *head);
        of_head.map(|cosigned| &cosigned.signature)
    }

    /// Takes the answer to a request about `head`, whose checkpoint has the text `text`.
    pub fn answered(&mut self, head: &Tree, text: &str, answer: Answer, now_s: u64) -> Next {
        match answer {
            Answer::Cosigned(signatures) => {
                let by_it = signatures
                    .into_iter()
                    .find(|signature| self.key.is_named_by(signature));
                let Some(signature) = by_it else {
                    return self.failed("the answer has no cosignature by its key", now_s);
                };
                match self.key.check(text, &signature) {
                    Ok(time_s) => {
                        // The proof that it took began at this very head.
                        self.knew = (self.old_size(head) == head.size).then_some(*head);
                        self.cosigned_by(head, signature, time_s);
                        Next::Wait
                    }
                    Err(error) => self.failed(&format!("its cosignature: {error}"), now_s),
                }
            }
            Answer::Conflict { size } if size > head.size => {
                // Never sent: a proof goes forward only.
                self.ahead = Some(size);
                let text = format!(
                    "it has cosigned a head of {size} records, and the log has {}",
                    head.size
                );
                self.failed(&text, now_s)
            }
            Answer::Conflict { size } if size == self.known => {
                self.failed("it asks for the proof that it was sent", now_s)
            }
            Answer::Conflict { size } => {
                self.known = size;
                Next::Again
            }
            Answer::Refused { status, text } => {
                self.failed(&format!("it answers {status}: {text}"), now_s)
            }
        }
    }

    fn cosigned_by(&mut self, head: &Tree, signature: Signature, time_s: u64) {
        self.failures = 0;
        self.trouble = None;
        self.ahead = None;
        // An answer about an older head may come after that about a newer one.
        let held = self.cosigned.as_ref().map_or(0, |it| it.tree.size);
        if head.size >= held {
            self.known = head.size;
            self.cosigned = Some(Cosigned {
                tree: *head,
                signature,
                time_s,
            });
        }
    }

    /// Notes that no cosignature came, and why. It is asked again after a pause.
    pub fn failed(&mut self, why: &str, now_s: u64) -> Next {
        let pause = PAUSE_MIN_S.saturating_mul(1 << self.failures.min(10));
        self.next_s = now_s.saturating_add(pause.min(PAUSE_MAX_S));
        self.failures = self.failures.saturating_add(1);
        self.trouble = Some(why.to_owned());
        Next::Wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::Cosigner;
    use crate::tlog::Hash;

    fn cosigner() -> Cosigner {
        Cosigner::from_seed("witness.example/w1", [3; 32]).unwrap()
    }

    fn tree(size: u64) -> Tree {
        Tree {
            size,
            hash: Hash::of_empty_tree(),
        }
    }

    fn text(size: u64) -> String {
        crate::tlog::checkpoint::format_of("log.example", &tree(size))
    }

    #[test]
    fn a_cosignature_counts_for_its_head_until_half_its_time_is_over() {
        let mut sender = Sender::new(cosigner().verifier());
        let (head, now) = (tree(7), 1000);
        assert!(sender.is_due(&head, 600, now));
        let signature = cosigner().cosign(&text(7), now).unwrap();
        let answer = Answer::Cosigned(vec![signature.clone()]);
        assert_eq!(sender.answered(&head, &text(7), answer, now), Next::Wait);
        assert_eq!(sender.cosignature(&head), Some(&signature));
        assert_eq!(sender.cosignature(&tree(8)), None);
        assert!(!sender.is_due(&head, 600, now + 299));
        assert!(sender.is_due(&head, 600, now + 300));
        assert!(sender.is_due(&tree(8), 600, now));
        assert_eq!((sender.old_size(&tree(8)), sender.trouble()), (7, None));
    }

    #[test]
    fn a_witness_knew_a_head_when_its_proof_began_there() {
        let cosigned =
            |size: u64| Answer::Cosigned(vec![cosigner().cosign(&text(size), 1000).unwrap()]);
        let mut sender = Sender::new(cosigner().verifier());
        // A new one takes whatever comes first.
        sender.answered(&tree(7), &text(7), cosigned(7), 10);
        assert!(!sender.knew(&tree(7)));
        sender.answered(&tree(7), &text(7), cosigned(7), 11);
        assert!(sender.knew(&tree(7)) && !sender.knew(&tree(8)));
        sender.failed("no answer", 12);
        assert!(!sender.knew(&tree(7)));
        let mut sender = Sender::new(cosigner().verifier());
        sender.answered(&tree(7), &text(7), Answer::Conflict { size: 7 }, 10);
        sender.answered(&tree(7), &text(7), cosigned(7), 10);
        assert!(sender.knew(&tree(7)));
        let mut behind = Sender::new(cosigner().verifier());
        behind.answered(&tree(7), &text(7), Answer::Conflict { size: 5 }, 10);
        behind.answered(&tree(7), &text(7), cosigned(7), 10);
        assert!(!behind.knew(&tree(7)), "it went on from an older one");
    }

    #[test]
    fn the_proof_begins_where_the_witness_says_and_never_goes_back() {
        let mut sender = Sender::new(cosigner().verifier());
        let head = tree(7);
        let conflict = |size| Answer::Conflict { size };
        let mut answered = |answer| sender.answered(&head, &text(7), answer, 10);
        assert_eq!(answered(conflict(5)), Next::Again);
        // Else one that says nonsense is asked without end.
        assert_eq!(answered(conflict(5)), Next::Wait);
        assert_eq!(answered(conflict(8)), Next::Wait);
        assert_eq!(sender.old_size(&head), 5);
        assert!(sender.trouble().unwrap().contains("8 records"));
        assert_eq!(sender.ahead(), Some(8));
        assert!(!sender.is_due(&head, 600, 19));
        assert!(sender.is_due(&head, 600, 20));
    }

    #[test]
    fn what_was_kept_counts_and_an_older_head_takes_nothing_back() {
        let mut sender = Sender::new(cosigner().verifier());
        let signature = cosigner().cosign(&text(7), 1000).unwrap();
        assert!(!sender.resume(&tree(8), &text(8), &signature));
        assert_eq!(sender.old_size(&tree(8)), 0);
        assert!(sender.resume(&tree(7), &text(7), &signature));
        assert_eq!(sender.cosignature(&tree(7)), Some(&signature));
        assert_eq!(sender.old_size(&tree(8)), 7);
        let older = Answer::Cosigned(vec![cosigner().cosign(&text(5), 1001).unwrap()]);
        sender.answered(&tree(5), &text(5), Answer::Conflict { size: 9 }, 1001);
        assert_eq!(sender.ahead(), Some(9));
        assert_eq!(sender.answered(&tree(5), &text(5), older, 1001), Next::Wait);
        assert_eq!(sender.ahead(), None);
        assert_eq!(sender.cosignature(&tree(7)), Some(&signature));
        assert_eq!(sender.old_size(&tree(8)), 7);
    }

    #[test]
    fn what_is_not_by_its_key_over_this_head_is_no_cosignature() {
        let other = Cosigner::from_seed("witness.example/w2", [4; 32]).unwrap();
        let of_another_head = cosigner().cosign(&text(8), 10).unwrap();
        let mut forged = cosigner().cosign(&text(7), 10).unwrap();
        forged.name = "witness.example/w2".to_owned();
        for signature in [other.cosign(&text(7), 10).unwrap(), of_another_head, forged] {
            let mut sender = Sender::new(cosigner().verifier());
            let answer = Answer::Cosigned(vec![signature]);
            assert_eq!(sender.answered(&tree(7), &text(7), answer, 10), Next::Wait);
            assert_eq!(sender.cosignature(&tree(7)), None);
            assert!(sender.trouble().is_some());
        }
        let mut sender = Sender::new(cosigner().verifier());
        let refused = Answer::Refused {
            status: 404,
            text: "no such log".to_owned(),
        };
        sender.answered(&tree(7), &text(7), refused, 10);
        assert_eq!(sender.trouble(), Some("it answers 404: no such log"));
    }

    #[test]
    fn pauses_grow_to_a_bound_and_end_with_a_cosignature() {
        let mut sender = Sender::new(cosigner().verifier());
        let head = tree(7);
        let mut now = 0;
        for pause in [5, 10, 20, 40, 80, 160, 300, 300] {
            sender.failed("no route", now);
            assert!(!sender.is_due(&head, 600, now + pause - 1), "{pause}");
            now += pause;
            assert!(sender.is_due(&head, 600, now), "{pause}");
        }
    }
}

//! Several runs as one.

use super::{Entry, Error, shown};

/// What it means when one key has different numbers in two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// An error: there are never two records for one key.
    Refuse,
    /// The lowest number counts: the record that came first.
    KeepLowest,
}

/// The entries of several runs in one order. A key that several have comes once.
#[derive(Debug)]
pub struct Merge<I> {
    runs: Vec<(I, Option<Entry>)>,
    duplicates: Duplicates,
    started: bool,
    failed: bool,
}

impl<I> Merge<I> {
    /// Merges the entries of `runs`, each of which ascends.
    pub fn new(runs: impl IntoIterator<Item = I>, duplicates: Duplicates) -> Self {
        Self {
            runs: runs.into_iter().map(|run| (run, None)).collect(),
            duplicates,
            started: false,
            failed: false,
        }
    }

    fn step<E: From<Error>>(&mut self) -> Result<Option<Entry>, E>
    where
        I: Iterator<Item = Result<Entry, E>>,
    {
        if !self.started {
            for (run, head) in &mut self.runs {
                *head = run.next().transpose()?;
            }
            self.started = true;
        }
        let heads = self.runs.iter().filter_map(|(_, head)| head.as_ref());
        let Some(least) = heads.min().cloned() else {
            return Ok(None);
        };
        for (run, head) in &mut self.runs {
            let Some(entry) = head.take_if(|entry| entry.key == least.key) else {
                continue;
            };
            if entry.number != least.number && self.duplicates == Duplicates::Refuse {
                return Err(E::from(Error::TwoNumbers {
                    key: shown(&least.key),
                    numbers: [least.number, entry.number],
                }));
            }
            *head = run.next().transpose()?;
        }
        Ok(Some(least))
    }
}

impl<E: From<Error>, I: Iterator<Item = Result<Entry, E>>> Iterator for Merge<I> {
    type Item = Result<Entry, E>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let step = self.step();
        self.failed = step.is_err();
        step.transpose()
    }
}

/// Returns which runs to merge: those from this number on, or `None` when all may stay.
/// `entries` are those of each run, the oldest first.
///
/// A run stays while it has more entries than all newer ones together. So there are
/// never more runs than binary digits in the number of entries, and an entry is copied
/// as often at most.
pub fn merge_from(entries: &[u64]) -> Option<usize> {
    let mut newer = *entries.last()?;
    let mut from = entries.len() - 1;
    while from > 0 && entries[from - 1] <= newer {
        from -= 1;
        newer = newer.saturating_add(entries[from]);
    }
    (from + 1 < entries.len()).then_some(from)
}

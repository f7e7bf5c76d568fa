//! The sequencer of a log: which records wait, which of them are one, and the batches
//! in which they get their numbers.
//!
//! It is told what happened and holds no file. A record is offered and gets a ticket;
//! [`Sequencer::plan`] takes what waits as a [`BatchPlan`], whose tiles the caller
//! reads; the finished [`Batch`] has the tiles to write and the new tree. When all of
//! it is durable the caller says so by [`Sequencer::sequenced`], and the tickets become
//! numbers; when a step failed, by [`Sequencer::failed`]. One batch is under way at a
//! time, so a log never has two next heads.
//!
//! What a log is about lies in its [`Form`]. Go's checksum databases are one
//! ([`crate::sumdb::own::form`]).

use std::collections::{HashMap, VecDeque};

use super::batch::{Batch, BatchPlan};
use super::entries::Entries;
use super::{Hash, Tree};

/// What kind of log it is.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// How the records of a tile lie in it.
    pub entries: Entries,
    /// Says what is wrong with bytes that are no record of this log.
    pub check: fn(&[u8]) -> Result<(), &'static str>,
    /// What no two records of the log have in common: the second that is offered gets
    /// the first one's number. `None` for a record that is never another one's duplicate.
    pub key: fn(&[u8]) -> Option<Vec<u8>>,
}

/// How much may wait.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Records that wait or are under way.
    pub waiting_max: usize,
    /// Records in one batch.
    pub batch_max: usize,
    /// Bytes of one record.
    pub record_bytes_max: usize,
}

/// Why a record or a batch was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes are no record of the log.
    #[error("not a record of this log: {0}")]
    Record(&'static str),
    /// The record is longer than any may be.
    #[error("record of {len} bytes is longer than {max}")]
    TooLong {
        /// Bytes of the record.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// Too many records wait.
    #[error("{max} records wait already")]
    Full {
        /// The limit.
        max: usize,
    },
    /// A tile of records is not one.
    #[error("malformed tile of records")]
    Entries,
    /// The last tile of records has other records than the tree.
    #[error("tile of records has {got} at record {index}, but the log has {want}")]
    OtherRecord {
        /// Number of the record.
        index: u64,
        /// Its hash in the log.
        want: Hash,
        /// The hash of what lies in the tile.
        got: Hash,
    },
    /// The last tile of records has another number of records than the tree.
    #[error("tile of records has {got} records, not {want}")]
    RecordCount {
        /// Records by the tree.
        want: usize,
        /// Records in the tile.
        got: usize,
    },
    /// A tile of hashes does not fit the tree.
    #[error(transparent)]
    Tree(#[from] super::Error),
    /// The head to go on from is older than the one that is reached.
    #[error("a head of {offered} records is older than the {reached} that were reached")]
    Backwards {
        /// Records of the offered head.
        offered: u64,
        /// Records of the reached one.
        reached: u64,
    },
}

/// Stands for a record until it has a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

#[derive(Debug)]
struct Waiting {
    ticket: Ticket,
    key: Option<Vec<u8>>,
    record: Vec<u8>,
}

/// The sequencer of one log.
#[derive(Debug)]
pub struct Sequencer {
    form: Form,
    limits: Limits,
    head: Tree,
    waiting: VecDeque<Waiting>,
    /// Of the batch that is under way, in the order of its records.
    under_way: Vec<(Ticket, Option<Vec<u8>>)>,
    /// The tickets of all that wait or are under way, by key.
    keys: HashMap<Vec<u8>, Ticket>,
    next: u64,
}

impl Sequencer {
    /// Goes on from a tree that is durable.
    pub fn new(form: Form, limits: Limits, head: Tree) -> Self {
        Self {
            form,
            limits,
            head,
            waiting: VecDeque::new(),
            under_way: Vec::new(),
            keys: HashMap::new(),
            next: 0,
        }
    }

    /// The tree that was last reached.
    pub fn head(&self) -> Tree {
        self.head
    }

    /// Takes a record that is not in the log. One with the key of another that waits
    /// gets that one's ticket.
    ///
    /// # Errors
    ///
    /// [`Error::Record`], [`Error::TooLong`], [`Error::Full`].
    pub fn offer(&mut self, record: Vec<u8>) -> Result<Ticket, Error> {
        let (len, max) = (record.len(), self.limits.record_bytes_max);
        if len > max {
            return Err(Error::TooLong { len, max });
        }
        (self.form.check)(&record).map_err(Error::Record)?;
        // What cannot lie in a tile must not stop the batch it comes in.
        self.form.entries.push(&record, &mut Vec::new())?;
        let key = (self.form.key)(&record);
        if let Some(ticket) = key.as_ref().and_then(|key| self.keys.get(key)) {
            return Ok(*ticket);
        }
        let max = self.limits.waiting_max;
        if self.waiting.len() + self.under_way.len() >= max {
            return Err(Error::Full { max });
        }
        let ticket = Ticket(self.next);
        self.next += 1;
        if let Some(key) = &key {
            self.keys.insert(key.clone(), ticket);
        }
        self.waiting.push_back(Waiting {
            ticket,
            key,
            record,
        });
        Ok(ticket)
    }

    /// Takes what waits as the next batch, oldest first. `None` when nothing waits, or
    /// when a batch is under way.
    pub fn plan(&mut self) -> Option<BatchPlan> {
        if !self.under_way.is_empty() || self.waiting.is_empty() {
            return None;
        }
        let count = self.waiting.len().min(self.limits.batch_max.max(1));
        let mut records = Vec::with_capacity(count);
        for waiting in self.waiting.drain(..count) {
            self.under_way.push((waiting.ticket, waiting.key));
            records.push(waiting.record);
        }
        Some(BatchPlan::new(self.head, self.form.entries, records))
    }

    /// Says that the batch under way is durable. Returns the numbers of its records.
    pub fn sequenced(&mut self, batch: &Batch) -> Vec<(Ticket, u64)> {
        self.head = batch.tree;
        (self.end().into_iter()).zip(batch.first..).collect()
    }

    /// Says that the batch under way failed. Returns the tickets of its records, which
    /// are forgotten: whoever still wants them logged looks whether they are, and offers
    /// them again.
    pub fn failed(&mut self) -> Vec<Ticket> {
        self.end()
    }

    /// Goes on from another tree: after a failure a batch may have become durable all
    /// the same. Nothing may be under way.
    ///
    /// # Errors
    ///
    /// [`Error::Backwards`]: a head once reached is never gone back on.
    pub fn go_on_from(&mut self, head: Tree) -> Result<(), Error> {
        if head.size < self.head.size {
            return Err(Error::Backwards {
                offered: head.size,
                reached: self.head.size,
            });
        }
        self.head = head;
        Ok(())
    }

    fn end(&mut self) -> Vec<Ticket> {
        let ended = std::mem::take(&mut self.under_way);
        for key in ended.iter().filter_map(|(_, key)| key.as_ref()) {
            self.keys.remove(key);
        }
        ended.into_iter().map(|(ticket, _)| ticket).collect()
    }
}

#[cfg(test)]
mod tests;

//! The records on their way into the ledger.

use std::collections::BTreeMap;
use std::io;

use tokio::runtime::Handle;

use crate::ledger::{self, Change, FileRecord, Ledger, Standing, Table};
use crate::shelf::turns::{Changed, Turns};
use crate::store::Key;

/// Records written at once.
const BATCH: usize = 500;

/// Changes that are written many at once. What is recorded of a file that somebody has
/// stored or taken back since the start is newer, and stays.
pub(super) struct Writer<'a> {
    ledger: &'a dyn Ledger,
    runtime: &'a Handle,
    turns: &'a Turns,
    changed: Changed,
    changes: Vec<Change>,
}

impl<'a> Writer<'a> {
    /// Begins to note what others change.
    pub(super) fn new(ledger: &'a dyn Ledger, runtime: &'a Handle, turns: &'a Turns) -> Self {
        Self {
            ledger,
            runtime,
            turns,
            changed: turns.watch(),
            changes: Vec::new(),
        }
    }

    /// Takes a change; it is made with others. Blocks.
    ///
    /// # Errors
    /// What the ledger answers.
    pub(super) fn add(&mut self, change: Change) -> io::Result<()> {
        self.changes.push(change);
        if self.changes.len() < BATCH {
            return Ok(());
        }
        self.write()?;
        // sled holds what is not flushed in memory.
        self.runtime.block_on(self.ledger.flush())
    }

    /// Makes all changes that were taken. Blocks.
    ///
    /// # Errors
    /// What the ledger answers.
    pub(super) fn write(&mut self) -> io::Result<()> {
        let changes = std::mem::take(&mut self.changes);
        self.runtime.block_on(self.apply(changes))
    }

    async fn apply(&self, changes: Vec<Change>) -> io::Result<()> {
        let mut at_once = Vec::new();
        // Of two changes of one file the later one counts.
        let mut of_files = BTreeMap::new();
        for change in changes {
            match Key::parse(&change.key) {
                Some(key) if change.table == Table::Files => {
                    of_files.insert(key, change);
                }
                _ => at_once.push(change),
            }
        }
        let (mut turns, mut busy) = (Vec::new(), Vec::new());
        for (key, change) in of_files {
            let Some(turn) = self.turns.try_take(&key) else {
                busy.push((key, change));
                continue;
            };
            turns.push(turn);
            if !self.changed.has(&key) {
                at_once.push(change);
            }
        }
        if !at_once.is_empty() {
            self.ledger.apply(at_once).await?;
        }
        drop(turns);
        // Nobody waits for us while we wait for somebody else's turn to end.
        for (key, change) in busy {
            let _turn = self.turns.take(&key).await;
            if !self.changed.has(&key) {
                self.ledger.apply(vec![change]).await?;
            }
        }
        Ok(())
    }

    /// Returns the record of a file that no database proves, where there is one. Blocks.
    ///
    /// # Errors
    /// What the ledger answers.
    pub(super) fn first_use(&self, key: &Key) -> io::Result<Option<FileRecord>> {
        match self.runtime.block_on(ledger::file(self.ledger, key)) {
            Ok(record) => Ok(record.filter(|record| !is_proved(record))),
            // The journal's first uses have been written over what was there.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Tells whether a database proves a file.
pub(super) fn is_proved(record: &FileRecord) -> bool {
    matches!(record.standing, Standing::Proved { .. })
}

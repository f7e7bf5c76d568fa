//! What is recorded of files, and what the journal tells where no record can be had.

use std::io;
use std::sync::atomic::Ordering;

use super::Shelf;
use super::hot::Since;
use super::turns::Turn;
use crate::journal;
use crate::ledger::{self, Change, FileRecord, Table};
use crate::store::{Blob, Key};

impl<E: Clone> Shelf<E> {
    /// Returns the record of a file as far as the ledger has it. Where it cannot be read
    /// there is none, and the file is judged again: whoever judges one that no database
    /// proves asks [`Self::recorded`].
    pub(super) async fn record_at_hand(&self, key: &Key) -> Option<FileRecord> {
        let record = ledger::file(&*self.ledger, key).await;
        record.unwrap_or_else(|error| {
            tracing::warn!(%key, %error, "the record of a file cannot be read; it is judged again");
            None
        })
    }

    /// Returns what is recorded of a file, be it there or lost. Where the ledger fails, or
    /// may lack records, the journal tells which bytes were the first under the name.
    ///
    /// # Errors
    /// What the journal answers: nobody knows then whether there was a first use.
    pub(crate) async fn recorded(&self, key: &Key) -> io::Result<Option<FileRecord>> {
        match ledger::file(&*self.ledger, key).await {
            Ok(Some(record)) => return Ok(Some(record)),
            Ok(None) if !self.may_lack_records() => return Ok(None),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%key, %error, "the record of a file cannot be read; the journal is asked");
            }
        }
        self.journal.first_use(key.as_str()).await
    }

    /// Tells whether the journal may tell of a first use that the ledger has not.
    fn may_lack_records(&self) -> bool {
        self.is_behind.load(Ordering::Relaxed) || self.ledger.may_lack_records()
    }

    /// Records a file that lies in the tree, and returns it.
    ///
    /// # Errors
    /// What the journal answers, where the record is a fact that no file tells;
    /// `NotFound` where the file was taken back meanwhile.
    pub(crate) async fn record(&self, key: &Key, record: &FileRecord) -> io::Result<(Blob, Since)> {
        let turn = self.turns.take(key).await;
        self.record_in_turn(&turn, key, record).await
    }

    /// As [`Self::record`], for one who has the turn at the file already.
    pub(super) async fn record_in_turn(
        &self,
        turn: &Turn,
        key: &Key,
        record: &FileRecord,
    ) -> io::Result<(Blob, Since)> {
        let gone = || io::Error::new(io::ErrorKind::NotFound, "the file was taken back");
        let found = self.look_changing(key).await?.ok_or_else(gone)?;
        if let Some(entry) = journal::Entry::first_use(key.as_str(), record)
            && !self.journal.is_read_only()
            && !self.recorded(key).await?.is_some_and(|it| it.tells(record))
        {
            self.journal.append(entry).await?;
        }
        self.absences.forget(key).await;
        let change = Change::put(Table::Files, key.as_str(), record)?;
        if let Err(error) = self.ledger.apply(vec![change]).await {
            self.is_behind.store(true, Ordering::Relaxed);
            tracing::error!(%key, %error, "the ledger takes no record; the file is judged again when it is asked for");
        }
        turn.note_change();
        Ok(found)
    }

    /// Writes the hashes of a proved zip's files down.
    pub(crate) async fn keep_contents(&self, contents: journal::Entry, change: Change) {
        let written = async {
            self.journal.append(contents).await?;
            self.ledger.apply(vec![change]).await
        };
        if let Err(error) = written.await {
            tracing::warn!(%error, "the hashes of a zip's files are not kept");
        }
    }
}

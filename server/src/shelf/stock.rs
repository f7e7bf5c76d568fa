//! How many files are stored, and how many bytes they have, by their records: no folder is
//! walked for it.

use std::io;

use super::Shelf;
use crate::ledger::{FileRecord, Pages, Table};

/// What is stored, as far as it is recorded: files of versions. Lists and the like are
/// not, and are small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stock {
    /// Files.
    pub(crate) files: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
}

impl<E: Clone> Shelf<E> {
    /// Sums up the records of files, those left out whose bytes were let go; `None` where
    /// the records are not of all that is stored, and a sum would be too small.
    ///
    /// # Errors
    /// What the ledger answers.
    pub(crate) async fn stock(&self) -> io::Result<Option<Stock>> {
        if self.ledger.may_lack_records() {
            return Ok(None);
        }
        let mut stock = Stock::default();
        let mut pages = Pages::of(&*self.ledger, Table::Files, "");
        while let Some(page) = pages.next().await? {
            for (_, value) in page {
                let record = serde_json::from_slice::<FileRecord>(&value);
                if let Ok(record) = record
                    && record.evicted_at.is_none()
                {
                    stock.files += 1;
                    stock.bytes = stock.bytes.saturating_add(record.size);
                }
            }
        }
        Ok(Some(stock))
    }
}

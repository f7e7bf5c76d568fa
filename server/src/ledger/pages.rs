//! A table read to its end, some records at a time.

use std::io;

use super::{Ledger, Table};

/// The records of a table whose keys begin with a prefix, in key order. What is changed
/// behind the last key that was read is seen, and what before it is not.
#[derive(Debug)]
pub(crate) struct Pages<'a> {
    ledger: &'a dyn Ledger,
    table: Table,
    prefix: &'a str,
    /// The last key that was read.
    after: Option<String>,
}

/// Records read at once.
const PAGE: usize = 1000;

impl<'a> Pages<'a> {
    /// Begins before the first record.
    pub(crate) fn of(ledger: &'a dyn Ledger, table: Table, prefix: &'a str) -> Self {
        Self {
            ledger,
            table,
            prefix,
            after: None,
        }
    }

    /// Begins behind a key instead, where one is given.
    pub(crate) fn behind(mut self, key: Option<String>) -> Self {
        self.after = key;
        self
    }

    /// Returns the next records, some; `None` at the end.
    ///
    /// # Errors
    /// What the ledger answers. The next call then tries the same again.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Vec<(String, Vec<u8>)>>> {
        let after = self.after.as_deref();
        let page = self.ledger.scan(self.table, self.prefix, after, PAGE);
        let page = page.await?;
        let Some((last, _)) = page.last() else {
            return Ok(None);
        };
        self.after = Some(last.clone());
        Ok(Some(page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Change;
    use crate::ledger::failing::{Call, Failing};
    use crate::ledger::memory::Memory;
    use crate::store::failing::Fault;

    #[tokio::test]
    async fn a_table_is_read_to_its_end_though_a_call_fails_and_records_go() {
        let ledger = Failing::new(Memory::default());
        let put = |number: usize| Change::put(Table::Used, format!("a/{number:05}"), &number);
        let changes: io::Result<Vec<_>> = (0..2 * PAGE + 1).map(put).collect();
        ledger.apply(changes.unwrap()).await.unwrap();
        let other = Change::put(Table::Used, "b/1", &1).unwrap();
        ledger.apply(vec![other]).await.unwrap();
        let mut pages = Pages::of(&ledger, Table::Used, "a/");
        let mut keys = Vec::new();
        keys.extend(pages.next().await.unwrap().unwrap());
        let fault = Fault::NotDone(io::ErrorKind::TimedOut);
        ledger.fail(move |call| (call == Call::Scan).then_some(fault));
        assert!(pages.next().await.is_err());
        ledger.heal();
        let gone = keys.iter().map(|(key, _)| Change::remove(Table::Used, key));
        ledger.apply(gone.collect()).await.unwrap();
        while let Some(page) = pages.next().await.unwrap() {
            keys.extend(page);
        }
        assert_eq!(keys.len(), 2 * PAGE + 1);
        assert!(keys.is_sorted() && keys.iter().all(|(key, _)| key.starts_with("a/")));
    }
}

//! The ledger in memory: where the data folder is read-only, and in tests.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Change, Conflict, Ledger, Table};

/// Records that end with the process.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Held for a look or a change.
    tables: Mutex<[BTreeMap<String, Vec<u8>>; Table::ALL.len()]>,
    records_max: Option<usize>,
}

impl Memory {
    /// Begins empty. A table that holds more than `records_max` records after a
    /// change loses those with the lowest keys.
    pub(crate) fn bounded(records_max: usize) -> Self {
        Self {
            tables: Mutex::default(),
            records_max: Some(records_max),
        }
    }

    fn tables(&self) -> MutexGuard<'_, [BTreeMap<String, Vec<u8>>; Table::ALL.len()]> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Ledger for Memory {
    async fn get(&self, table: Table, key: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.tables()[table as usize].get(key).cloned())
    }

    async fn get_each(&self, table: Table, keys: Vec<String>) -> io::Result<Vec<Option<Vec<u8>>>> {
        let tables = self.tables();
        let found = keys
            .iter()
            .map(|key| tables[table as usize].get(key).cloned());
        Ok(found.collect())
    }

    async fn apply(&self, changes: Vec<Change>) -> io::Result<()> {
        let mut tables = self.tables();
        for change in changes {
            let table = &mut tables[change.table as usize];
            match change.value {
                Some(value) => table.insert(change.key, value),
                None => table.remove(&change.key),
            };
            if self.records_max.is_some_and(|max| table.len() > max) {
                table.pop_first();
            }
        }
        Ok(())
    }

    async fn flush(&self) -> io::Result<()> {
        Ok(())
    }

    async fn scan(
        &self,
        table: Table,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> io::Result<Vec<(String, Vec<u8>)>> {
        let first = match after {
            Some(after) if after >= prefix => Excluded(after),
            _ => Included(prefix),
        };
        let tables = self.tables();
        let found = tables[table as usize].range::<str, _>((first, Unbounded));
        let inside = found.take_while(|(key, _)| key.starts_with(prefix));
        let records = inside.map(|(key, value)| (key.clone(), value.clone()));
        Ok(records.take(limit).collect())
    }

    async fn advance(
        &self,
        log: &str,
        old: Option<&[u8]>,
        new: &[u8],
    ) -> io::Result<Result<(), Conflict>> {
        let heads = &mut self.tables()[Table::Heads as usize];
        let current = heads.get(log).cloned();
        if current.as_deref() != old {
            return Ok(Err(Conflict { current }));
        }
        heads.insert(log.to_owned(), new.to_vec());
        Ok(Ok(()))
    }

    fn may_lack_records(&self) -> bool {
        // It forgets what it was told when it is full, and began without what is stored.
        self.records_max.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn does_what_the_database_does_and_forgets_when_it_is_full() {
        let memory = Memory::bounded(3);
        let change = |number: u32| Change::put(Table::Used, format!("a/{number}"), &number);
        for number in 1..=4 {
            memory.apply(vec![change(number).unwrap()]).await.unwrap();
        }
        let found = memory
            .scan(Table::Used, "a/", Some("a/2"), 9)
            .await
            .unwrap();
        let keys: Vec<_> = found.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["a/3", "a/4"]);
        assert_eq!(memory.get(Table::Used, "a/1").await.unwrap(), None);
        let advanced = memory.advance("log", None, b"1").await.unwrap();
        assert_eq!(advanced, Ok(()));
        let current = Some(b"1".to_vec());
        let advanced = memory.advance("log", None, b"2").await.unwrap();
        assert_eq!(advanced, Err(Conflict { current }));
    }
}

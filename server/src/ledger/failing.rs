//! A ledger that fails on command, for tests.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::{Change, Conflict, Ledger, Table};
use crate::store::failing::{Fault, Faults, run};

/// A call that can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// Getting a record, or some.
    Get,
    /// Making changes.
    Apply,
    /// Making them durable.
    Flush,
    /// Looking through a table.
    Scan,
    /// Advancing a log's head.
    Advance,
}

/// Passes calls on to `inner`, but for those that are to fail.
pub(crate) struct Failing<L> {
    /// What does the work.
    pub(crate) inner: L,
    faults: Faults<Call>,
}

impl<L> Failing<L> {
    /// Takes what does the work. Nothing fails yet.
    pub(crate) fn new(inner: L) -> Self {
        Self {
            inner,
            faults: Arc::new(Mutex::new(Box::new(|_| None))),
        }
    }

    /// From now on, `fault` says before each call how it ends.
    pub(crate) fn fail(&self, fault: impl FnMut(Call) -> Option<Fault> + Send + 'static) {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(fault);
    }

    /// From now on, nothing fails.
    pub(crate) fn heal(&self) {
        self.fail(|_| None);
    }
}

impl<L: std::fmt::Debug> std::fmt::Debug for Failing<L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Failing({:?})", self.inner)
    }
}

#[async_trait]
impl<L: Ledger> Ledger for Failing<L> {
    async fn get(&self, table: Table, key: &str) -> io::Result<Option<Vec<u8>>> {
        run(&self.faults, Call::Get, self.inner.get(table, key)).await
    }

    async fn get_each(&self, table: Table, keys: Vec<String>) -> io::Result<Vec<Option<Vec<u8>>>> {
        run(&self.faults, Call::Get, self.inner.get_each(table, keys)).await
    }

    async fn apply(&self, changes: Vec<Change>) -> io::Result<()> {
        run(&self.faults, Call::Apply, self.inner.apply(changes)).await
    }

    async fn flush(&self) -> io::Result<()> {
        run(&self.faults, Call::Flush, self.inner.flush()).await
    }

    async fn scan(
        &self,
        table: Table,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> io::Result<Vec<(String, Vec<u8>)>> {
        let work = self.inner.scan(table, prefix, after, limit);
        run(&self.faults, Call::Scan, work).await
    }

    async fn advance(
        &self,
        log: &str,
        old: Option<&[u8]>,
        new: &[u8],
    ) -> io::Result<Result<(), Conflict>> {
        run(
            &self.faults,
            Call::Advance,
            self.inner.advance(log, old, new),
        )
        .await
    }

    fn may_lack_records(&self) -> bool {
        self.inner.may_lack_records()
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::Memory;
    use super::*;

    #[tokio::test]
    async fn a_head_may_be_advanced_although_an_error_was_told() {
        let ledger = Failing::new(Memory::default());
        let kind = io::ErrorKind::TimedOut;
        ledger.fail(move |call| (call == Call::Advance).then_some(Fault::Done(kind)));
        let error = ledger.advance("log", None, b"1").await.unwrap_err();
        assert_eq!(error.kind(), kind);
        ledger.heal();
        let current = Some(b"1".to_vec());
        let conflict = ledger.advance("log", None, b"1").await.unwrap();
        assert_eq!(conflict, Err(Conflict { current }));
    }
}

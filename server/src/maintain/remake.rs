//! Making records anew from the stored files and the journal: for `index
//! rebuild`, and beside a running server whose index was begun empty.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::examine::{Examiner, Finding, cores};
use crate::blocking::{self, CALL_MAX};
use crate::config::Config;
use crate::journal::{self, Entry, Line};
use crate::ledger::{self, Change, Contents, FileRecord, Ledger, Table};
use crate::own;
use crate::shelf::turns::Turns;
use crate::shelf::used::version_of_zip;
use crate::store::{Blobs, Key};
use crate::sumdb::Archives;

mod writer;

use writer::{Writer, is_proved};

/// What records are made from, and where they go.
#[derive(Clone)]
pub(crate) struct Remake {
    /// The settings, for the data folder and the patterns that are exempt.
    pub(crate) config: Config,
    /// The stored proofs.
    pub(crate) databases: Arc<Archives>,
    /// The database of our own, where there is one.
    pub(crate) own: Option<Arc<own::Archive>>,
    /// The files.
    pub(crate) blobs: Arc<dyn Blobs>,
    /// Where the records go.
    pub(crate) ledger: Arc<dyn Ledger>,
    /// Who else changes what is recorded of files.
    pub(crate) turns: Turns,
}

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Remade {
    /// Files that have a record now.
    pub(crate) recorded: usize,
    /// Files that are proved when they are asked for.
    pub(crate) unproved: usize,
    /// Files that are not what they should be.
    pub(crate) damaged: usize,
    /// Files to which no request leads.
    pub(crate) strangers: usize,
    /// Lines of the journal that are no entry.
    pub(crate) lines_damaged: usize,
}

/// What hears of the work: bytes that were read, and lines for people.
pub(crate) trait Watch {
    /// Bytes were read.
    fn bytes(&mut self, bytes: u64);
    /// Something is to be told.
    fn line(&mut self, line: String);
}

impl Remake {
    /// Makes the records anew beside a running server, one file at a time.
    ///
    /// # Errors
    /// What journal or ledger answer. A file without a record is judged when it is
    /// asked for, so what is missing costs time and nothing else.
    pub(crate) async fn beside_server(self) -> io::Result<Remade> {
        let runtime = Handle::current();
        blocking::run(move || self.run(&runtime, 1, &mut Log)).await
    }

    /// Makes the records anew, on all cores. Blocks.
    ///
    /// # Errors
    /// As [`beside_server`](Self::beside_server).
    pub(super) fn alone(&self, runtime: &Handle, watch: &mut dyn Watch) -> io::Result<Remade> {
        self.run(runtime, cores(), watch)
    }

    /// Records the first uses that the journal told of last and that the ledger has not: a
    /// crash came between the two, or the ledger failed. Returns how many.
    ///
    /// # Errors
    /// What journal or ledger answer.
    pub(crate) async fn recent_first_uses(&self) -> io::Result<usize> {
        let changed = self.turns.watch();
        let data = self.config.data.clone();
        let lines = blocking::run_within(CALL_MAX, move || journal::recent(&data, "files"));
        let mut last = BTreeMap::<String, Option<FileRecord>>::new();
        for line in lines.await? {
            match line {
                Line::Entry(Entry::Removed { key, .. }) => {
                    last.insert(key, None);
                }
                Line::Entry(Entry::Evicted { keys, at }) => {
                    for key in keys {
                        if let Some(Some(record)) = last.get_mut(&key) {
                            record.evicted_at = Some(at);
                        }
                    }
                }
                Line::Entry(entry) => {
                    let first = entry.into_first_use();
                    last.extend(first.map(|(key, record)| (key, Some(record))));
                }
                Line::Damaged { .. } => {}
            }
        }
        let mut count = 0;
        for (key, record) in last {
            let (Some(key), Some(record)) = (Key::parse(&key), record) else {
                continue;
            };
            let _turn = self.turns.take(&key).await;
            if changed.has(&key) || ledger::file(&*self.ledger, &key).await?.is_some() {
                continue;
            }
            let change = Change::put(Table::Files, key.as_str(), &record)?;
            self.ledger.apply(vec![change]).await?;
            count += 1;
        }
        Ok(count)
    }

    fn run(&self, runtime: &Handle, workers: usize, watch: &mut dyn Watch) -> io::Result<Remade> {
        let mut report = Remade::default();
        let mut writer = Writer::new(&*self.ledger, runtime, &self.turns);
        let mut gone = read_journal(&self.config.data, &mut writer, &mut report, watch)?;
        writer.write()?;
        if let Some(own) = &self.own {
            own.index(runtime)?;
        }
        let examiner = Examiner {
            own: self.own.as_deref(),
            config: &self.config,
            databases: &self.databases,
            blobs: &*self.blobs,
            runtime,
            workers,
        };
        examiner.all(self.blobs.walk(), |finding, bytes| {
            watch.bytes(bytes);
            if let Finding::Good { key, .. } = &finding
                && let Some(version) = version_of_zip(key)
            {
                gone.remove(&version);
            }
            report.take(finding, &mut writer, watch)
        })?;
        for version in gone {
            writer.add(Change::remove(Table::Contents, version))?;
        }
        writer.write()?;
        runtime.block_on(self.ledger.flush())?;
        Ok(report)
    }
}

/// Writes what the journal tells into the ledger. Returns the versions whose zips were
/// taken back: what those held is told elsewhere in the journal, in no order with that.
fn read_journal(
    data: &Path,
    writer: &mut Writer<'_>,
    report: &mut Remade,
    watch: &mut dyn Watch,
) -> io::Result<BTreeSet<String>> {
    let mut gone = BTreeSet::new();
    let mut counts = BTreeMap::<String, u64>::new();
    // Where the file is there all the same, its record says nothing of it.
    let mut evicted = BTreeMap::<String, u64>::new();
    for line in journal::read(data) {
        let entry = match line {
            Ok(Line::Entry(entry)) => entry,
            Ok(Line::Damaged { path, number }) => {
                report.lines_damaged += 1;
                watch.line(format!("no entry: line {number} of {}", path.display()));
                continue;
            }
            // What can be read of the rest still counts.
            Err(error) => {
                watch.line(error.to_string());
                continue;
            }
        };
        match entry {
            Entry::Evicted { keys, at } => {
                evicted.extend(keys.into_iter().map(|key| (key, at)));
            }
            Entry::Removed { key, .. } => {
                evicted.remove(&key);
                gone.extend(Key::parse(&key).and_then(|key| version_of_zip(&key)));
                writer.add(Change::remove(Table::Files, key))?;
            }
            Entry::Contents { version, h1, files } => {
                let contents = Contents { h1, files };
                writer.add(Change::put(Table::Contents, version, &contents)?)?;
            }
            Entry::Fetched { day, counts: of } => {
                for (version, count) in of {
                    let sum = counts.entry(format!("{day}/{version}")).or_default();
                    *sum = sum.saturating_add(count);
                }
            }
            // Read from the journal by whoever asks for it; the log itself has the second.
            Entry::HeadAccepted { .. }
            | Entry::Admitted { .. }
            | Entry::Denied { .. }
            | Entry::BundleImported(_) => {}
            Entry::Sequenced {
                database,
                first,
                count,
                at_micros,
            } => writer.add(own::time_of_batch(&database, first, count, at_micros)?)?,
            entry @ Entry::FirstUse { .. } => {
                if let Some((key, record)) = entry.into_first_use() {
                    evicted.remove(&key);
                    writer.add(Change::put(Table::Files, key, &record)?)?;
                }
            }
        }
    }
    // Sums, so that they are right whatever was there.
    for (key, sum) in counts {
        writer.add(Change::put(Table::Fetched, key, &sum)?)?;
    }
    mark_evicted(evicted, writer)?;
    Ok(gone)
}

/// Notes of which first uses the bytes were let go.
fn mark_evicted(evicted: BTreeMap<String, u64>, writer: &mut Writer<'_>) -> io::Result<()> {
    writer.write()?;
    for (key, at) in evicted {
        let Some(key) = Key::parse(&key) else {
            continue;
        };
        if let Some(first) = writer.first_use(&key)? {
            let evicted_at = Some(at);
            let record = FileRecord {
                evicted_at,
                ..first
            };
            writer.add(Change::put(Table::Files, key.as_str(), &record)?)?;
        }
    }
    Ok(())
}

impl Remade {
    fn take(
        &mut self,
        finding: Finding,
        writer: &mut Writer<'_>,
        watch: &mut dyn Watch,
    ) -> io::Result<()> {
        match finding {
            Finding::Good { key, record } => match writer.first_use(&key)? {
                // Nothing but the first use tells which bytes are right.
                Some(first) if !is_proved(&record) && first.sha256 != record.sha256 => {
                    self.refuse(&key, &first, watch);
                    Ok(())
                }
                Some(first) => {
                    let stored_at = first.stored_at;
                    self.record(
                        &key,
                        FileRecord {
                            stored_at,
                            ..record
                        },
                        writer,
                    )
                }
                None => self.record(&key, record, writer),
            },
            Finding::Unproved { key, sha256 } => {
                match writer.first_use(&key)? {
                    // The record of its first use stays.
                    Some(first) if first.sha256 == sha256 => self.recorded += 1,
                    Some(first) => self.refuse(&key, &first, watch),
                    None => self.unproved += 1,
                }
                Ok(())
            }
            Finding::Changing => Ok(()),
            Finding::Damaged { key, reason } => {
                self.damaged += 1;
                watch.line(format!("damaged: {key}: {reason}"));
                Ok(())
            }
            Finding::Stranger { path } => {
                self.strangers += 1;
                watch.line(format!("not a module's file: {path}"));
                Ok(())
            }
        }
    }

    fn record(&mut self, key: &Key, record: FileRecord, writer: &mut Writer<'_>) -> io::Result<()> {
        self.recorded += 1;
        writer.add(Change::put(Table::Files, key.as_str(), &record)?)
    }

    /// Leaves the record of what was stored first, so that what lies there now is
    /// refused.
    fn refuse(&mut self, key: &Key, first: &FileRecord, watch: &mut dyn Watch) {
        self.damaged += 1;
        let sha256 = &first.sha256;
        watch.line(format!(
            "damaged: {key}: no database proves it, and what was stored first had sha256 {sha256}"
        ));
    }
}

/// Tells the log.
struct Log;

impl Watch for Log {
    fn bytes(&mut self, _bytes: u64) {}

    fn line(&mut self, line: String) {
        tracing::warn!(line, "making the index anew");
    }
}

#[cfg(test)]
mod tests;

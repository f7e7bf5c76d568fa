//! Making records anew from the stored files and the journal: for `index
//! rebuild`, and beside a running server whose index was begun empty.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::examine::{Examiner, Finding, cores};
use crate::blocking;
use crate::config::Config;
use crate::journal::{self, Entry, Line};
use crate::ledger::{self, Change, Contents, FileRecord, Ledger, Standing, Table};
use crate::shelf::turns::{Changed, Turns};
use crate::store::{Blobs, Key};
use crate::sumdb::Archives;

/// What records are made from, and where they go.
#[derive(Clone)]
pub(crate) struct Remake {
    /// The settings, for the data folder and the patterns that are exempt.
    pub(crate) config: Config,
    /// The stored proofs.
    pub(crate) databases: Arc<Archives>,
    /// The files.
    pub(crate) blobs: Arc<dyn Blobs>,
    /// Where the records go.
    pub(crate) ledger: Arc<dyn Ledger>,
    /// Who else changes what is recorded of files.
    pub(crate) turns: Turns,
}

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
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

/// Records written at once.
const BATCH: usize = 500;

impl Remake {
    /// Makes the records anew beside a running server, one file at a time.
    ///
    /// # Errors
    /// What journal or ledger answer. A file without a record is judged when it is
    /// asked for, so what is missing costs time and nothing else.
    pub(crate) async fn beside_server(self) -> io::Result<Report> {
        let runtime = Handle::current();
        blocking::run(move || self.run(&runtime, 1, &mut Log)).await
    }

    /// Makes the records anew, on all cores. Blocks.
    ///
    /// # Errors
    /// As [`beside_server`](Self::beside_server).
    pub(super) fn alone(&self, runtime: &Handle, watch: &mut dyn Watch) -> io::Result<Report> {
        self.run(runtime, cores(), watch)
    }

    fn run(&self, runtime: &Handle, workers: usize, watch: &mut dyn Watch) -> io::Result<Report> {
        let mut report = Report::default();
        let mut writer = Writer::new(&*self.ledger, runtime, &self.turns);
        read_journal(&self.config.data, &mut writer, &mut report, watch)?;
        writer.write()?;
        let examiner = Examiner {
            config: &self.config,
            databases: &self.databases,
            blobs: &*self.blobs,
            runtime,
            workers,
        };
        examiner.all(self.blobs.walk(), |finding, bytes| {
            watch.bytes(bytes);
            report.take(finding, &mut writer, watch)
        })?;
        writer.write()?;
        runtime.block_on(self.ledger.flush())?;
        Ok(report)
    }
}

fn is_proved(record: &FileRecord) -> bool {
    matches!(record.standing, Standing::Proved { .. })
}

/// Writes what the journal tells into the ledger.
fn read_journal(
    data: &Path,
    writer: &mut Writer<'_>,
    report: &mut Report,
    watch: &mut dyn Watch,
) -> io::Result<()> {
    let mut counts = BTreeMap::<String, u64>::new();
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
            Entry::FirstUse {
                key,
                sha256,
                size,
                h1,
                standing,
                at,
            } => {
                let record = FileRecord {
                    sha256,
                    size,
                    h1,
                    standing,
                    stored_at: at,
                };
                writer.add(Change::put(Table::Files, key, &record)?)?;
            }
            Entry::Removed { key, .. } => writer.add(Change::remove(Table::Files, key))?,
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
            // Read from the journal by whoever asks for it.
            Entry::HeadAccepted { .. } => {}
        }
    }
    // Sums, so that they are right whatever was there.
    for (key, sum) in counts {
        writer.add(Change::put(Table::Fetched, key, &sum)?)?;
    }
    Ok(())
}

impl Report {
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

/// Changes that are written many at once. What is recorded of a file that somebody has
/// stored or taken back since the start is newer, and stays.
struct Writer<'a> {
    ledger: &'a dyn Ledger,
    runtime: &'a Handle,
    turns: &'a Turns,
    changed: Changed,
    changes: Vec<Change>,
}

impl<'a> Writer<'a> {
    fn new(ledger: &'a dyn Ledger, runtime: &'a Handle, turns: &'a Turns) -> Self {
        Self {
            ledger,
            runtime,
            turns,
            changed: turns.watch(),
            changes: Vec::new(),
        }
    }

    fn add(&mut self, change: Change) -> io::Result<()> {
        self.changes.push(change);
        if self.changes.len() < BATCH {
            return Ok(());
        }
        self.write()?;
        // sled holds what is not flushed in memory.
        self.runtime.block_on(self.ledger.flush())
    }

    fn write(&mut self) -> io::Result<()> {
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

    /// Returns the record of a file that no database proves, where there is one.
    fn first_use(&self, key: &Key) -> io::Result<Option<FileRecord>> {
        match self.runtime.block_on(ledger::file(self.ledger, key)) {
            Ok(record) => Ok(record.filter(|record| !is_proved(record))),
            // The journal's first uses have been written over what was there.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
            Err(error) => Err(error),
        }
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

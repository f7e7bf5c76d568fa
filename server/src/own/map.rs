//! Which record is about which module version: in sorted files, and for the newest records
//! in the ledger.
//!
//! The records of the log tell the same: what the ledger or the files lack after a crash,
//! or because they were begun anew, is read from their tiles before anything is looked up.
//!
//! A module path's first record is found by the path's skeleton as well, so that a path
//! that looks like another one is noticed.

mod alike;
mod recent;
mod run;
mod runs;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::sync::Arc;

use proto::module::ModuleVersion;
use proto::module::lookalike::skeleton;
use proto::sumdb::own;
use proto::sumdb::table::{Entry, key_of};
use proto::tlog::Tree;
use proto::tlog::batch::{Batch, HEIGHT};

pub(super) use self::alike::Alike;
use self::alike::{Compared, compare};
use self::recent::Recent;
use self::runs::Runs;
use super::files::{Files, record};
use crate::blocking::{self, CALL_MAX};
use crate::ledger::{AT_ONCE, Ledger};
use crate::store::durable::Staging;

/// The records of one log by module version.
#[derive(Debug)]
pub(crate) struct Map {
    recent: Recent,
    files: Files,
    runs: Arc<Runs>,
    /// Held by whoever writes records down.
    writing: tokio::sync::Mutex<()>,
    compared: Compared,
}

/// Records that the ledger keeps, at most, where files can be written; some 4 MB of it.
const RECENT_MAX: u64 = if cfg!(test) { 300 } else { 16_384 };

/// Records that are sorted at once when the files are made anew; some 20 MB.
const SORTED_MAX: u64 = if cfg!(test) { 1000 } else { 65_536 };

impl Map {
    /// Takes the map of a log as it is. `staging` is that of whoever writes its files;
    /// without it all that the files lack is put into the ledger. Blocks.
    pub(super) fn open(
        ledger: Arc<dyn Ledger>,
        files: Files,
        log: String,
        staging: Option<Staging>,
    ) -> Self {
        let runs = Runs::open(files.map(), staging);
        Self {
            recent: Recent::new(ledger, log),
            files,
            runs: Arc::new(runs),
            writing: tokio::sync::Mutex::default(),
            compared: Compared::new(),
        }
    }

    /// Returns the number and the record of a module version in a log with this tree, checked
    /// against its hash there.
    ///
    /// # Errors
    /// What ledger or disk answer, and `InvalidData` when the record is damaged, or that of
    /// another module.
    pub(super) async fn record(
        &self,
        module: &ModuleVersion,
        tree: &Tree,
    ) -> io::Result<Option<(u64, Vec<u8>)>> {
        // Most records are in the files, and one call to them is all that is waited for.
        let (runs, key) = (Arc::clone(&self.runs), key_of(module));
        let found = self.read(module, tree, move || runs.find(&key)).await?;
        if found.is_some() {
            return Ok(found);
        }
        let module = std::slice::from_ref(module);
        let id = self.get_each(module, tree).await?.into_iter().next();
        self.read(&module[0], tree, move || Ok(id.flatten())).await
    }

    /// Reads the record whose number `find` returns.
    async fn read(
        &self,
        module: &ModuleVersion,
        tree: &Tree,
        find: impl FnOnce() -> io::Result<Option<u64>> + Send + 'static,
    ) -> io::Result<Option<(u64, Vec<u8>)>> {
        let (files, module, size) = (self.files.clone(), module.clone(), tree.size);
        let read = move || {
            let Some(id) = find()?.filter(|id| *id < size) else {
                return Ok(None);
            };
            let record = record(&files, id, size)?;
            if own::parts(&record).as_ref() == Some(&module) {
                return Ok(Some((id, record)));
            }
            let text = format!(
                "the map of modules says that record {id} is about {module}, which it is not; \
                 `sumward index rebuild` makes it anew"
            );
            Err(io::Error::new(io::ErrorKind::InvalidData, text))
        };
        blocking::run_within(CALL_MAX, read).await
    }

    /// Returns the numbers of the records of some module versions in a log with this tree, in
    /// their order.
    ///
    /// # Errors
    /// What ledger or disk answer.
    pub(super) async fn get_each(
        &self,
        modules: &[ModuleVersion],
        tree: &Tree,
    ) -> io::Result<Vec<Option<u64>>> {
        let mut found = self.numbers(modules).await?;
        // That it lacks one means something only when it has all.
        if found.contains(&None) && self.held().await?.end < tree.size {
            self.catch_up(tree).await?;
            found = self.numbers(modules).await?;
        }
        let within = |id: &u64| *id < tree.size;
        Ok(found.into_iter().map(|id| id.filter(within)).collect())
    }

    /// Returns the number of a module version's record as far as it is written down.
    ///
    /// # Errors
    /// What ledger or disk answer.
    pub(super) async fn recorded(&self, module: &ModuleVersion) -> io::Result<Option<u64>> {
        let module = std::slice::from_ref(module);
        let found = self.numbers(module).await?[0];
        if found.is_some() || self.runs.is_writable() {
            return Ok(found);
        }
        // Whoever writes the files may have put into them what was in the ledger before.
        let runs = Arc::clone(&self.runs);
        if blocking::run_within(CALL_MAX, move || runs.read_again()).await? {
            return Ok(self.numbers(module).await?[0]);
        }
        Ok(None)
    }

    /// Writes down the records of a batch, which is in the tiles. Returns which of their
    /// modules look like others of the log.
    ///
    /// # Errors
    /// What ledger or disk answer.
    pub(super) async fn add(&self, batch: &Batch) -> io::Result<Vec<Alike>> {
        let _writing = self.writing.lock().await;
        let held = self.held().await?;
        if held.end < batch.first {
            self.fill(held.end..batch.first, &batch.tree).await?;
        }
        let alike = self.put(batch.first, &batch.records, &batch.tree).await?;
        if self.lacks_of_files(&batch.tree) >= RECENT_MAX {
            // The ledger has them until it succeeds.
            match self.roll(batch.tree, batch.tree).await {
                Ok(()) => self.merge_beside(),
                Err(error) => tracing::warn!(
                    database = self.recent.log(),
                    %error,
                    "the newest records are not written to the files of the map"
                ),
            }
        }
        Ok(alike)
    }

    /// Makes the map that of a log with this tree: what is of another log, or of more
    /// records, is dropped, and what is missing is read from the tiles. Nobody else may add
    /// to the log meanwhile.
    ///
    /// # Errors
    /// What ledger or disk answer.
    pub(super) async fn settle(&self, tree: &Tree) -> io::Result<()> {
        if self.runs.is_writable() {
            self.check(*tree).await?;
            let covered = self.runs.covered().size;
            let held = self.recent.held(covered).await?;
            if held.is_none_or(|held| held.end > tree.size) {
                self.recent.clear(covered).await?;
            }
        }
        self.catch_up(tree).await
    }

    /// Makes files and ledger anew from the records of a log with this tree. Nobody else may
    /// add to the log meanwhile.
    ///
    /// # Errors
    /// What ledger or disk answer.
    pub(super) async fn make_anew(&self, tree: &Tree) -> io::Result<()> {
        if self.runs.is_writable() {
            let runs = Arc::clone(&self.runs);
            blocking::run(move || runs.clear()).await?;
        }
        self.settle(tree).await
    }

    /// Reads the records that are not written down yet from their tiles.
    async fn catch_up(&self, tree: &Tree) -> io::Result<()> {
        let _writing = self.writing.lock().await;
        let tree = *tree;
        let held = self.held().await?;
        if held.end < tree.size {
            tracing::info!(
                database = self.recent.log(),
                from = held.end,
                to = tree.size,
                "reading which modules are in the log from its records"
            );
        }
        while self.lacks_of_files(&tree) >= RECENT_MAX {
            let at = tree.size.min(self.runs.covered().size + SORTED_MAX);
            let files = self.files.clone();
            let until = blocking::run(move || files.beginning(&tree, at)).await?;
            self.roll(until, tree).await?;
            let runs = Arc::clone(&self.runs);
            blocking::run(move || runs.merge()).await?;
        }
        let held = self.held().await?;
        self.fill(held.end..tree.size, &tree).await
    }

    /// Begins the files anew where they are not those of the beginning of this log.
    async fn check(&self, tree: Tree) -> io::Result<()> {
        let (files, runs) = (self.files.clone(), Arc::clone(&self.runs));
        let log = self.recent.log().to_owned();
        let check = move || {
            let covered = runs.covered();
            if covered.size <= tree.size && files.beginning(&tree, covered.size)? == covered {
                return Ok(());
            }
            tracing::warn!(
                database = log,
                "the map of modules is of another log, or of newer records than it has: it is made anew"
            );
            runs.clear()
        };
        blocking::run(check).await
    }

    /// Puts the records in a range from their tiles into the ledger.
    async fn fill(&self, range: Range<u64>, tree: &Tree) -> io::Result<()> {
        let (mut at, tree) = (range.start, *tree);
        while at < range.end {
            let end = range.end.min(((at >> HEIGHT) + 1) << HEIGHT);
            let files = self.files.clone();
            let read = move || {
                let mut records = Vec::new();
                files.each_record(at..end, tree.size, |_, record| {
                    records.push(record.to_vec());
                    Ok(())
                })?;
                Ok(records)
            };
            let records = blocking::run_within(CALL_MAX, read).await?;
            self.put(at, &records, &tree).await?;
            // sled holds what is not flushed in memory.
            if (at >> HEIGHT).is_multiple_of(16) {
                self.recent.flush().await?;
            }
            at = end;
        }
        Ok(())
    }

    /// Puts records from number `first` on into the ledger, behind what it has.
    async fn put(&self, first: u64, records: &[Vec<u8>], tree: &Tree) -> io::Result<Vec<Alike>> {
        let numbered = (first..).zip(records);
        let modules = numbered.filter_map(|(id, record)| Some((id, own::parts(record)?)));
        let modules: Vec<_> = modules.collect();
        let paths = self.compared.others(&modules);
        let (firsts, alike) = compare(&paths, self.earlier(&paths, tree.size).await?);
        let held = self.held().await?.start..first + records.len() as u64;
        self.recent.put(&modules, &firsts, held).await?;
        self.compared.remember(paths);
        Ok(alike)
    }

    /// Returns for each path the one that came first of those in the log with its skeleton.
    async fn earlier(&self, paths: &[(u64, String)], size: u64) -> io::Result<Vec<Option<String>>> {
        let paths: Vec<_> = paths.iter().map(|(_, path)| path.clone()).collect();
        let recent = self.recent.firsts(&paths).await?;
        let mut found = Vec::with_capacity(paths.len());
        for (paths, recent) in paths.chunks(AT_ONCE).zip(recent.chunks(AT_ONCE)) {
            let (files, runs) = (self.files.clone(), Arc::clone(&self.runs));
            let some: Vec<_> = paths.iter().cloned().zip(recent.to_vec()).collect();
            let find = move |(path, recent): (String, Option<u64>)| {
                let id = match recent {
                    Some(id) => Some(id),
                    None => runs.find(&first_key(&path))?,
                };
                // The ledger may have been ahead of the log.
                let Some(id) = id.filter(|id| *id < size) else {
                    return Ok(None);
                };
                let module = own::parts(&record(&files, id, size)?);
                Ok(module.map(|module| module.path.as_str().to_owned()))
            };
            let some = move || some.into_iter().map(find).collect::<io::Result<Vec<_>>>();
            found.extend(blocking::run_within(CALL_MAX, some).await?);
        }
        Ok(found)
    }

    /// Writes the records that the files lack up to those of `until` to a file, and takes
    /// them out of the ledger. `tree` is one that begins with `until`.
    async fn roll(&self, until: Tree, tree: Tree) -> io::Result<()> {
        let held = self.held().await?;
        let (files, runs, in_ledger) = (self.files.clone(), Arc::clone(&self.runs), held.clone());
        let written = blocking::run(move || {
            // The ledger may have some that are in the files already.
            let covered = runs.covered().size;
            let from = covered.min(in_ledger.start);
            let (mut entries, mut paths) = (BTreeMap::new(), BTreeSet::new());
            let mut moved = Vec::new();
            files.each_record(from..until.size, tree.size, |id, record| {
                let Some(module) = own::parts(record) else {
                    return Ok(());
                };
                if id >= covered {
                    entries.insert(key_of(&module), id);
                    let path = module.path.as_str();
                    let key = first_key(path);
                    let is_new = paths.insert(path.to_owned()) && !entries.contains_key(&key);
                    if is_new && runs.find(&key)?.is_none() {
                        entries.insert(key, id);
                    }
                }
                if in_ledger.contains(&id) {
                    moved.push(module);
                }
                Ok(())
            })?;
            let entries = entries.into_iter();
            runs.append(entries.map(|(key, number)| Entry { key, number }), &until)?;
            Ok(moved)
        });
        let moved = written.await?;
        let left = until.size..held.end.max(until.size);
        self.recent.take_out(&moved, left).await
    }

    fn merge_beside(&self) {
        let (runs, log) = (Arc::clone(&self.runs), self.recent.log().to_owned());
        tokio::task::spawn_blocking(move || {
            if let Err(error) = runs.merge()
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::warn!(database = log, %error, "files of the map are not merged");
            }
        });
    }

    /// How many records of a log the files lack; none where files cannot be written.
    fn lacks_of_files(&self, tree: &Tree) -> u64 {
        let lacks = tree.size.saturating_sub(self.runs.covered().size);
        if self.runs.is_writable() { lacks } else { 0 }
    }

    /// Returns which records are in the ledger, of which the last ones are not in the files.
    async fn held(&self) -> io::Result<Range<u64>> {
        let covered = self.runs.covered().size;
        let held = self.recent.held(covered).await?;
        Ok(held.unwrap_or(covered..covered))
    }

    /// Returns the numbers that are written down, in the order of the modules.
    async fn numbers(&self, modules: &[ModuleVersion]) -> io::Result<Vec<Option<u64>>> {
        let mut found = self.recent.numbers(modules).await?;
        // Only now: what was taken out of the ledger is in the files by then.
        let numbered = found.iter().zip(modules).enumerate();
        let missing = numbered.filter(|(_, (number, _))| number.is_none());
        let missing: Vec<_> = missing
            .map(|(at, (_, module))| (at, key_of(module)))
            .collect();
        for some in missing.chunks(AT_ONCE) {
            let (runs, some) = (Arc::clone(&self.runs), some.to_vec());
            let find = move || {
                let each = some.into_iter();
                let each = each.map(|(at, key)| Ok((at, runs.find(&key)?)));
                each.collect::<io::Result<Vec<_>>>()
            };
            for (at, number) in blocking::run_within(CALL_MAX, find).await? {
                found[at] = number;
            }
        }
        Ok(found)
    }
}

/// The key in a file of the first record whose path has the skeleton of `path`: no module
/// version begins with a space.
fn first_key(path: &str) -> Vec<u8> {
    format!(" {}", skeleton(path)).into_bytes()
}

impl Drop for Map {
    fn drop(&mut self) {
        self.runs.end();
    }
}

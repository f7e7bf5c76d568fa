//! Which record is about which module version: in sorted files, and for the newest records
//! in the ledger.
//!
//! The records of the log tell the same: what the ledger or the files lack after a crash,
//! or because they were begun anew, is read from their tiles before anything is looked up.
//!
//! A module path's first record is found by the path's skeleton as well, so that a path
//! that looks like another one is noticed.

mod keys;
mod run;
mod runs;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::sync::Arc;

use proto::module::ModuleVersion;
use proto::sumdb::own;
use proto::sumdb::table::Entry;
use proto::tlog::Tree;
use proto::tlog::batch::{Batch, HEIGHT};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};

use self::keys::{ByLedger, by_file, by_file_of_skeleton};
use self::runs::Runs;
use super::files::{Files, record};
use crate::blocking::{self, CALL_MAX};
use crate::ledger::{AT_ONCE, Change, Ledger, Pages, Table, typed_each};
use crate::store::durable::Staging;

/// The records of one log by module version.
#[derive(Debug)]
pub(crate) struct Map {
    ledger: Arc<dyn Ledger>,
    files: Files,
    runs: Arc<Runs>,
    keys: ByLedger,
    /// Held by whoever writes records down.
    writing: tokio::sync::Mutex<()>,
    /// Paths that were compared with the others already.
    compared: Cache<String, ()>,
}

/// A module that came into the log, and an earlier one whose name looks like its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Alike {
    /// The path that is new.
    pub(super) path: String,
    /// The path that was there.
    pub(super) earlier: String,
}

/// Which records the ledger has.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Recent {
    from: u64,
    to: u64,
}

/// Paths that are remembered as compared; the others are compared again.
const COMPARED_MAX: usize = 100_000;

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
            ledger,
            files,
            runs: Arc::new(runs),
            keys: ByLedger { log },
            writing: tokio::sync::Mutex::default(),
            compared: Cache::new(COMPARED_MAX),
        }
    }

    /// Returns the number of a module version's record in a log with this tree.
    ///
    /// # Errors
    /// What ledger or disk answer.
    pub(super) async fn get(&self, module: &ModuleVersion, tree: &Tree) -> io::Result<Option<u64>> {
        let found = self.get_each(std::slice::from_ref(module), tree).await?;
        Ok(found.into_iter().next().flatten())
    }

    /// Returns the number and the record of a module version in a log with this tree, checked
    /// against its hash there.
    ///
    /// # Errors
    /// What ledger or disk answer, and `InvalidData` when the record is damaged.
    pub(super) async fn record(
        &self,
        module: &ModuleVersion,
        tree: &Tree,
    ) -> io::Result<Option<(u64, Vec<u8>)>> {
        let size = tree.size;
        let (files, runs, key) = (self.files.clone(), Arc::clone(&self.runs), by_file(module));
        // Most records are in the files, and one call to them is all that is waited for.
        let read = move || match runs.find(&key)? {
            Some(id) if id < size => Ok(Some((id, record(&files, id, size)?))),
            Some(_) | None => Ok(None),
        };
        if let Some(found) = blocking::run_within(CALL_MAX, read).await? {
            return Ok(Some(found));
        }
        let Some(id) = self.get(module, tree).await? else {
            return Ok(None);
        };
        let files = self.files.clone();
        let read = move || Ok(Some((id, record(&files, id, size)?)));
        blocking::run_within(CALL_MAX, read).await
    }

    /// Returns the numbers of the records of some module versions, in their order.
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
        if found.contains(&None) && self.recent().await?.end < tree.size {
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
        let number = async || {
            let found = self.numbers(std::slice::from_ref(module)).await?;
            Ok::<_, io::Error>(found.into_iter().next().flatten())
        };
        let found = number().await?;
        if found.is_some() || self.runs.is_writable() {
            return Ok(found);
        }
        // Whoever writes the files may have put into them what was in the ledger before.
        let runs = Arc::clone(&self.runs);
        if blocking::run_within(CALL_MAX, move || runs.read_again()).await? {
            return number().await;
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
        let recent = self.recent().await?;
        if recent.end < batch.first {
            self.fill(recent.end..batch.first, &batch.tree).await?;
        }
        let alike = self.put(batch.first, &batch.records, &batch.tree).await?;
        let covered = self.runs.covered().size;
        if self.runs.is_writable() && batch.tree.size - covered.min(batch.tree.size) >= RECENT_MAX {
            // The ledger has them until it succeeds.
            match self.roll(batch.tree, batch.tree).await {
                Ok(()) => self.merge_beside(),
                Err(error) => tracing::warn!(
                    database = self.keys.log,
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
            self.check_ledger(tree).await?;
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
        let recent = self.recent().await?;
        if recent.end < tree.size {
            tracing::info!(
                database = self.keys.log,
                from = recent.end,
                to = tree.size,
                "reading which modules are in the log from its records"
            );
        }
        while self.runs.is_writable()
            && tree.size.saturating_sub(self.runs.covered().size) >= RECENT_MAX
        {
            let at = tree.size.min(self.runs.covered().size + SORTED_MAX);
            let files = self.files.clone();
            let until = blocking::run(move || files.beginning(&tree, at)).await?;
            self.roll(until, tree).await?;
            let runs = Arc::clone(&self.runs);
            blocking::run(move || runs.merge()).await?;
        }
        let recent = self.recent().await?;
        self.fill(recent.end..tree.size, &tree).await
    }

    /// Begins the files anew where they are not those of the beginning of this log.
    async fn check(&self, tree: Tree) -> io::Result<()> {
        let (files, runs) = (self.files.clone(), Arc::clone(&self.runs));
        let log = self.keys.log.clone();
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

    /// Takes out of the ledger what does not go on where the files end, or is of more
    /// records than there are.
    async fn check_ledger(&self, tree: &Tree) -> io::Result<()> {
        if (self.continued().await?).is_some_and(|recent| recent.to <= tree.size) {
            return Ok(());
        }
        let prefix = self.keys.all();
        let mut pages = Pages::of(&*self.ledger, Table::Logged, &prefix);
        while let Some(page) = pages.next().await? {
            let keys = page.into_iter().map(|(key, _)| key);
            let ours = keys.filter(|key| self.keys.is_number(key));
            let changes = ours.map(|key| Change::remove(Table::Logged, key));
            self.ledger.apply(changes.collect()).await?;
        }
        let size = self.runs.covered().size;
        let none = Recent {
            from: size,
            to: size,
        };
        let change = Change::put(Table::Logged, self.keys.range(), &none)?;
        self.ledger.apply(vec![change]).await
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
                self.ledger.flush().await?;
            }
            at = end;
        }
        Ok(())
    }

    /// Puts records from number `first` on into the ledger, behind what it has.
    async fn put(&self, first: u64, records: &[Vec<u8>], tree: &Tree) -> io::Result<Vec<Alike>> {
        let mut changes = Vec::with_capacity(records.len() + 1);
        let mut paths = BTreeMap::new();
        for (id, record) in (first..).zip(records) {
            let Some(module) = own::parts(record) else {
                continue;
            };
            changes.push(Change::put(Table::Logged, self.keys.of(&module), &id)?);
            let path = module.path.as_str();
            if self.compared.get(path).is_none() {
                paths.entry(path.to_owned()).or_insert(id);
            }
        }
        let alike = self.compare(&paths, &mut changes, tree.size).await?;
        let recent = Recent {
            from: self.recent().await?.start,
            to: first + records.len() as u64,
        };
        changes.push(Change::put(Table::Logged, self.keys.range(), &recent)?);
        self.ledger.apply(changes).await?;
        for path in paths.into_keys() {
            self.compared.insert(path, ());
        }
        Ok(alike)
    }

    /// Compares paths, each with its first record, with those of the log. Adds what is to
    /// be noted of them.
    async fn compare(
        &self,
        paths: &BTreeMap<String, u64>,
        changes: &mut Vec<Change>,
        size: u64,
    ) -> io::Result<Vec<Alike>> {
        // By number: the first of several is the one that is noted.
        let mut paths: Vec<_> = paths.iter().map(|(path, id)| (*id, path)).collect();
        paths.sort_unstable();
        let all = paths.iter().map(|(_, path)| (*path).clone());
        let earlier = self.first_alike(all.collect(), size).await?;
        let mut new = BTreeMap::<String, &String>::new();
        let mut alike = Vec::new();
        for ((id, path), earlier) in paths.into_iter().zip(earlier) {
            let key = self.keys.of_skeleton(path);
            match earlier.or_else(|| new.get(&key).map(|path| (*path).clone())) {
                None => {
                    changes.push(Change::put(Table::Logged, &*key, &id)?);
                    new.insert(key, path);
                }
                Some(earlier) if earlier == *path => {}
                Some(earlier) => alike.push(Alike {
                    path: path.clone(),
                    earlier,
                }),
            }
        }
        Ok(alike)
    }

    /// Returns for each path the one that came first of those in the log with its skeleton.
    async fn first_alike(&self, paths: Vec<String>, size: u64) -> io::Result<Vec<Option<String>>> {
        let keys = paths.iter().map(|path| self.keys.of_skeleton(path));
        let recent = typed_each(&*self.ledger, Table::Logged, keys.collect()).await?;
        let paths: Vec<(Option<u64>, String)> = recent.into_iter().zip(paths).collect();
        let mut found = Vec::with_capacity(paths.len());
        for some in paths.chunks(AT_ONCE) {
            let (files, runs, some) = (self.files.clone(), Arc::clone(&self.runs), some.to_vec());
            let find = move |(recent, path): (Option<u64>, String)| {
                let id = match recent {
                    Some(id) => Some(id),
                    None => runs.find(&by_file_of_skeleton(&path))?,
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
        let recent = self.recent().await?;
        let (files, runs) = (self.files.clone(), Arc::clone(&self.runs));
        let (keys, in_ledger) = (self.keys.clone(), recent.clone());
        let written = blocking::run(move || {
            // The ledger may have some that are in the files already.
            let covered = runs.covered().size;
            let from = covered.min(in_ledger.start);
            let (mut entries, mut paths) = (BTreeMap::new(), BTreeSet::new());
            let mut noted = Vec::new();
            files.each_record(from..until.size, tree.size, |id, record| {
                let Some(module) = own::parts(record) else {
                    return Ok(());
                };
                let path = module.path.as_str();
                if in_ledger.contains(&id) {
                    noted.push(keys.of(&module));
                    noted.push(keys.of_skeleton(path));
                }
                if id < covered {
                    return Ok(());
                }
                entries.insert(by_file(&module), id);
                if paths.insert(path.to_owned()) {
                    let key = by_file_of_skeleton(path);
                    if !entries.contains_key(&key) && runs.find(&key)?.is_none() {
                        entries.insert(key, id);
                    }
                }
                Ok(())
            })?;
            let entries = entries.into_iter();
            let entries = entries.map(|(key, number)| Entry { key, number });
            runs.append(entries, &until)?;
            Ok(noted)
        });
        let noted = written.await?;
        let left = Recent {
            from: until.size,
            to: recent.end.max(until.size),
        };
        let removed = noted.into_iter();
        let removed = removed.map(|key| Change::remove(Table::Logged, key));
        let mut changes: Vec<_> = removed.collect();
        changes.push(Change::put(Table::Logged, self.keys.range(), &left)?);
        self.ledger.apply(changes).await
    }

    fn merge_beside(&self) {
        let runs = Arc::clone(&self.runs);
        let log = self.keys.log.clone();
        tokio::task::spawn_blocking(move || {
            if let Err(error) = runs.merge()
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::warn!(database = log, %error, "files of the map are not merged");
            }
        });
    }

    /// Returns which records are in the ledger, of which the last ones are not in the files.
    async fn recent(&self) -> io::Result<Range<u64>> {
        let covered = self.runs.covered().size;
        let recent = self.continued().await?;
        Ok(recent.map_or(covered..covered, |Recent { from, to }| from..to))
    }

    /// The same; `None` where they do not go on where the files end.
    async fn continued(&self) -> io::Result<Option<Recent>> {
        let range = self.keys.range();
        let recent: Option<Recent> =
            crate::ledger::typed(&*self.ledger, Table::Logged, &range).await?;
        let covered = self.runs.covered().size;
        Ok(recent.filter(|Recent { from, to }| *from <= covered && *to >= covered))
    }

    /// Returns the numbers that are written down, in the order of the modules.
    async fn numbers(&self, modules: &[ModuleVersion]) -> io::Result<Vec<Option<u64>>> {
        let keys = modules.iter().map(|module| self.keys.of(module));
        let mut found = typed_each(&*self.ledger, Table::Logged, keys.collect()).await?;
        // Only now: what was taken out of the ledger is in the files by then.
        let numbered = found.iter().zip(modules).enumerate();
        let missing = numbered.filter(|(_, (number, _))| number.is_none());
        let missing: Vec<_> = missing
            .map(|(at, (_, module))| (at, by_file(module)))
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

impl Drop for Map {
    fn drop(&mut self) {
        self.runs.end();
    }
}

//! The sorted files of a map: `DATA/log/<name>/map/`.
//!
//! Each file is named by what it holds, and the file `runs` names those that count, oldest
//! first, with the tree whose records they have. A file that it does not name was left by
//! a crash. What the files say of another log, or of one that was put back to an older
//! state, is not asked: the tree must be how the log begins.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use proto::sumdb::table::{Duplicates, Entry, Merge, merge_from};
use proto::tlog::{Hash, Tree};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};

use super::run::{Blocks, Broken, Run};
use crate::store::durable::Staging;
use crate::store::folder::read_small;

/// The files of one map. Everything here blocks.
#[derive(Debug)]
pub(super) struct Runs {
    folder: PathBuf,
    /// With what files are written; `None` where that is another's.
    staging: Option<Staging>,
    list: ArcSwap<List>,
    /// Held while the list is changed.
    changing: Mutex<()>,
    /// Held by the one who merges.
    merging: Mutex<()>,
    blocks: Blocks,
    /// Whether nobody needs a merge any more.
    is_over: AtomicBool,
}

/// The files that count.
#[derive(Debug)]
struct List {
    /// The tree whose records are in the files.
    covered: Tree,
    /// The files, oldest first.
    runs: Vec<Arc<Run>>,
}

/// The content of the file `runs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Said {
    /// How many of the log's first records are in the files.
    records: u64,
    /// The hash of the tree of these records, in base64.
    hash: String,
    /// Names of the files, oldest first.
    runs: Vec<String>,
}

/// Blocks that are kept at hand; some 8 MiB.
const BLOCKS_MAX: usize = 2048;

/// The longest list, in bytes. It names a file for every binary digit of the number of keys.
const LIST_BYTES_MAX: u64 = 1 << 20;

/// How often the list is read while its files are merged by another.
const LOOKS_MAX: usize = 16;

impl List {
    /// What the file `runs` says of it.
    fn said(&self) -> Said {
        Said {
            records: self.covered.size,
            hash: self.covered.hash.to_string(),
            runs: self.runs.iter().map(|run| run.name()).collect(),
        }
    }
}

impl Runs {
    /// Takes the files of a folder as they are; it may be absent. Files that cannot be
    /// read do not count, and all others with them.
    pub(super) fn open(folder: PathBuf, staging: Option<Staging>) -> Self {
        let none = List {
            covered: Tree::empty(),
            runs: Vec::new(),
        };
        let this = Self {
            folder,
            staging,
            list: ArcSwap::from_pointee(none),
            changing: Mutex::default(),
            merging: Mutex::default(),
            blocks: Cache::new(BLOCKS_MAX),
            is_over: AtomicBool::new(false),
        };
        if let Err(error) = this.read_again() {
            tracing::warn!(
                folder = %this.folder.display(),
                %error,
                "the map of modules in the log is read from its records, as its files cannot be read"
            );
        } else if this.is_writable() {
            this.tidy();
        }
        this
    }

    /// Whether files can be written here.
    pub(super) fn is_writable(&self) -> bool {
        self.staging.is_some()
    }

    /// Returns the tree whose records are in the files.
    pub(super) fn covered(&self) -> Tree {
        self.list.load().covered
    }

    /// Returns the number of a key; `None` where no file has it.
    ///
    /// # Errors
    /// What the file system answers, and `InvalidData` for a damaged file.
    pub(super) fn find(&self, key: &[u8]) -> io::Result<Option<u64>> {
        // The oldest has most keys.
        for run in &self.list.load().runs {
            if let Some(number) = run.find(key, &self.blocks)? {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    /// Reads the list again where another has written it. Tells whether it has changed.
    ///
    /// # Errors
    /// What the file system answers, and `InvalidData` for what is not a list or its files.
    pub(super) fn read_again(&self) -> io::Result<bool> {
        for look in 1.. {
            let Some(said) = self.said()? else { break };
            if said == self.list.load().said() {
                break;
            }
            let hash = Hash::parse(&said.hash);
            let covered = Tree {
                size: said.records,
                hash: hash.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?,
            };
            let opened = said.runs.iter().map(|name| Run::open(&self.folder, name));
            match opened.map(|run| run.map(Arc::new)).collect() {
                Ok(runs) => {
                    self.list.store(Arc::new(List { covered, runs }));
                    return Ok(true);
                }
                // Merged meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound && look < LOOKS_MAX => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    fn said(&self) -> io::Result<Option<Said>> {
        let bytes = read_small(&self.folder.join("runs"), LIST_BYTES_MAX)?;
        let said = bytes.map(|bytes| serde_json::from_slice(&bytes));
        Ok(said.transpose()?)
    }

    /// Adds a file with these keys, after which the files have the records of `covered`.
    ///
    /// # Errors
    /// What the file system answers; all is then as it was.
    pub(super) fn append(
        &self,
        entries: impl Iterator<Item = Entry>,
        covered: &Tree,
    ) -> io::Result<()> {
        let run = Run::write(&self.folder, self.staging()?, entries.map(Ok))?;
        self.change(|runs| {
            runs.push(Arc::new(run));
            Some(*covered)
        })
    }

    /// Makes few files of many. Returns when no more are to be merged, or another does it.
    ///
    /// # Errors
    /// What the file system answers; what was not merged stays.
    pub(super) fn merge(&self) -> io::Result<()> {
        let Ok(_alone) = self.merging.try_lock() else {
            return Ok(());
        };
        loop {
            let list = self.list.load_full();
            let counts: Vec<_> = list.runs.iter().map(|run| run.count()).collect();
            let Some(from) = merge_from(&counts) else {
                return Ok(());
            };
            let old = &list.runs[from..];
            let runs = old.iter().map(|run| {
                let entries = run.entries();
                entries.map(|entry| self.go_on().map_err(Broken).and(entry))
            });
            // No module version has two records, and no skeleton two first paths.
            let entries = Merge::new(runs, Duplicates::Refuse);
            let entries = entries.map(|entry| entry.map_err(|Broken(error)| error));
            let merged = Arc::new(Run::write(&self.folder, self.staging()?, entries)?);
            self.change(|runs| {
                let is_there = runs.get(from..from + old.len()).is_some_and(|there| {
                    let mut pairs = there.iter().zip(old);
                    pairs.all(|(there, old)| Arc::ptr_eq(there, old))
                });
                // Somebody has begun anew.
                if is_there {
                    runs.splice(from..from + old.len(), [merged]);
                }
                None
            })?;
        }
    }

    /// Begins anew.
    ///
    /// # Errors
    /// What the file system answers.
    pub(super) fn clear(&self) -> io::Result<()> {
        self.change(|runs| {
            runs.clear();
            Some(Tree::empty())
        })
    }

    /// Ends a merge soon.
    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    fn go_on(&self) -> io::Result<()> {
        match self.is_over.load(Ordering::Relaxed) {
            true => Err(io::ErrorKind::Interrupted.into()),
            false => Ok(()),
        }
    }

    fn staging(&self) -> io::Result<&Staging> {
        let none = || io::Error::from(io::ErrorKind::ReadOnlyFilesystem);
        self.staging.as_ref().ok_or_else(none)
    }

    /// Changes the list, and the tree whose records are in its files where `change`
    /// returns it: first on the disk. Files that do not count any more are removed.
    fn change(&self, change: impl FnOnce(&mut Vec<Arc<Run>>) -> Option<Tree>) -> io::Result<()> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.list.load_full();
        let mut runs = old.runs.clone();
        let covered = change(&mut runs).unwrap_or(old.covered);
        let new = List { covered, runs };
        let said = new.said();
        let bytes = serde_json::to_vec(&said)?;
        self.staging()?.write(&self.folder.join("runs"), &bytes)?;
        for run in &old.runs {
            if !said.runs.contains(&run.name()) {
                let _ = fs::remove_file(run.path(&self.folder));
            }
        }
        self.list.store(Arc::new(new));
        Ok(())
    }

    /// Removes what a crash has left: the list does not name it.
    fn tidy(&self) {
        let said = self.list.load().said();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_str().unwrap_or_default();
            // A log of another name may lie here as well: names have slashes.
            let is_run = hex::decode(name).is_ok_and(|name| name.len() == 32);
            if is_run && !said.runs.iter().any(|run| run == name) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

//! The newest records, in the ledger: those that are not in files yet, and perhaps some that
//! are.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use proto::module::ModuleVersion;
use proto::module::lookalike::skeleton;
use serde::{Deserialize, Serialize};

use crate::ledger::{Change, Ledger, Pages, Table, typed, typed_each};

/// The entries of one log in the ledger, where several logs may be.
#[derive(Debug)]
pub(super) struct Recent {
    ledger: Arc<dyn Ledger>,
    /// The log's name: no name has a space, so no two logs share a key.
    log: String,
}

/// Which records the ledger has.
#[derive(Debug, Serialize, Deserialize)]
struct Bounds {
    from: u64,
    to: u64,
}

impl Recent {
    pub(super) fn new(ledger: Arc<dyn Ledger>, log: String) -> Self {
        Self { ledger, log }
    }

    /// The log's name.
    pub(super) fn log(&self) -> &str {
        &self.log
    }

    /// Returns which records the ledger has, where files have those before number
    /// `covered`; `None` where they do not go on there.
    ///
    /// # Errors
    /// What the ledger answers.
    pub(super) async fn held(&self, covered: u64) -> io::Result<Option<Range<u64>>> {
        let held: Option<Bounds> = typed(&*self.ledger, Table::Logged, &self.held_key()).await?;
        let held = held.map(|Bounds { from, to }| from..to);
        Ok(held.filter(|held| held.start <= covered && held.end >= covered))
    }

    /// Returns the numbers of records, in the order of the modules.
    ///
    /// # Errors
    /// What the ledger answers.
    pub(super) async fn numbers(&self, modules: &[ModuleVersion]) -> io::Result<Vec<Option<u64>>> {
        let keys = modules.iter().map(|module| self.key(module));
        typed_each(&*self.ledger, Table::Logged, keys.collect()).await
    }

    /// Returns for each path the number of the first record whose path has its skeleton.
    ///
    /// # Errors
    /// What the ledger answers.
    pub(super) async fn firsts(&self, paths: &[String]) -> io::Result<Vec<Option<u64>>> {
        let keys = paths.iter().map(|path| self.first_key(path));
        typed_each(&*self.ledger, Table::Logged, keys.collect()).await
    }

    /// Puts in the numbers of modules, and of those that are the first with the skeleton of
    /// their path; `held` are the records that are there then.
    ///
    /// # Errors
    /// What the ledger answers.
    pub(super) async fn put(
        &self,
        modules: &[(u64, ModuleVersion)],
        firsts: &[(u64, String)],
        held: Range<u64>,
    ) -> io::Result<()> {
        let modules = modules.iter().map(|(id, module)| (self.key(module), id));
        let firsts = firsts.iter().map(|(id, path)| (self.first_key(path), id));
        let changes = modules.chain(firsts);
        let changes = changes.map(|(key, id)| Change::put(Table::Logged, key, id));
        self.change(changes.collect::<io::Result<_>>()?, held).await
    }

    /// Takes out modules and the skeletons of their paths; `held` are the records that are
    /// there then.
    ///
    /// # Errors
    /// What the ledger answers.
    pub(super) async fn take_out(
        &self,
        modules: &[ModuleVersion],
        held: Range<u64>,
    ) -> io::Result<()> {
        let keys = modules
            .iter()
            .flat_map(|module| [self.key(module), self.first_key(module.path.as_str())]);
        let changes = keys.map(|key| Change::remove(Table::Logged, key));
        self.change(changes.collect(), held).await
    }

    /// Takes out everything; the next record is to be number `covered`.
    ///
    /// # Errors
    /// What the ledger answers.
    pub(super) async fn clear(&self, covered: u64) -> io::Result<()> {
        let prefix = self.prefix();
        let mut pages = Pages::of(&*self.ledger, Table::Logged, &prefix);
        while let Some(page) = pages.next().await? {
            let keys = page.into_iter().map(|(key, _)| key);
            let ours = keys.filter(|key| self.is_number(key));
            let changes = ours.map(|key| Change::remove(Table::Logged, key));
            self.ledger.apply(changes.collect()).await?;
        }
        self.change(Vec::new(), covered..covered).await
    }

    /// Makes all of it durable.
    ///
    /// # Errors
    /// What the ledger answers.
    pub(super) async fn flush(&self) -> io::Result<()> {
        self.ledger.flush().await
    }

    async fn change(&self, mut changes: Vec<Change>, held: Range<u64>) -> io::Result<()> {
        let held = Bounds {
            from: held.start,
            to: held.end,
        };
        changes.push(Change::put(Table::Logged, self.held_key(), &held)?);
        self.ledger.apply(changes).await
    }

    fn prefix(&self) -> String {
        format!("{} ", self.log)
    }

    fn key(&self, module: &ModuleVersion) -> String {
        format!("{} {}", self.log, module.escaped())
    }

    /// Behind three spaces, with which no module version begins.
    fn first_key(&self, path: &str) -> String {
        format!("{}   {}", self.log, skeleton(path))
    }

    /// No module version is called so: each has an `@`.
    fn held_key(&self) -> String {
        format!("{} recent", self.log)
    }

    /// Tells whether a key of the log is of a module version or of a skeleton: others say
    /// when records came.
    pub(super) fn is_number(&self, key: &str) -> bool {
        let rest = key.strip_prefix(&self.prefix());
        rest.is_some_and(|rest| rest.starts_with(' ') || rest.contains('@'))
    }
}

//! A log and its map in a folder, and what every test asks of them.

use std::fs;

use proto::dirhash;
use proto::tlog::batch::BatchPlan;
use proto::tlog::entries::Entries;

use super::super::*;
use crate::ledger::Table;
use crate::ledger::failing::Failing;
use crate::ledger::memory::Memory;

pub(super) const LOG: &str = "sum.corp.example";

/// A log and its map. Each record is about `corp.example/<word><number>`.
pub(super) struct Kit {
    pub(super) folder: tempfile::TempDir,
    pub(super) ledger: Arc<Failing<Memory>>,
    pub(super) map: Map,
    pub(super) tree: Tree,
    pub(super) modules: Vec<ModuleVersion>,
}

impl Kit {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Arc::new(Failing::new(Memory::default()));
        let map = open(&folder, &ledger, true);
        let (tree, modules) = (Tree::empty(), Vec::new());
        Self {
            folder,
            ledger,
            map,
            tree,
            modules,
        }
    }

    pub(super) fn files(&self) -> Files {
        files(&self.folder)
    }

    pub(super) fn map_folder(&self) -> std::path::PathBuf {
        self.files().map()
    }

    /// Writes a batch of records, and not into the map.
    pub(super) fn batch(&mut self, modules: Vec<ModuleVersion>) -> Batch {
        let record = |module: &ModuleVersion| {
            let h1 = dirhash::go_mod(module.to_string().as_bytes());
            own::text(module, h1, h1).into_bytes()
        };
        let records = modules.iter().map(record).collect();
        let plan = BatchPlan::new(self.tree, Entries::Lines, records);
        let batch = plan
            .clone()
            .finish(&self.files().tiles(plan.tiles()).unwrap());
        let batch = batch.unwrap();
        self.files().write(&batch).unwrap();
        self.tree = batch.tree;
        self.modules.extend(modules);
        batch
    }

    pub(super) async fn grow(&mut self, word: &str, count: usize) -> Vec<Alike> {
        let first = self.modules.len();
        let numbers = first..first + count;
        let modules = numbers.map(|number| module(&format!("corp.example/{word}{number}")));
        let batch = self.batch(modules.collect());
        self.map.add(&batch).await.unwrap()
    }

    pub(super) async fn open_again(&mut self) {
        // A folder has one server: what the one before began beside has ended.
        self.map.runs.end();
        while Arc::strong_count(&self.map.runs) > 1 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        self.map = open(&self.folder, &self.ledger, true);
        self.map.settle(&self.tree).await.unwrap();
    }

    pub(super) async fn lose_ledger(&mut self) {
        self.ledger = Arc::new(Failing::new(Memory::default()));
        self.open_again().await;
    }

    /// The number of the record of a module.
    pub(super) async fn found(&self, module: &ModuleVersion) -> Option<u64> {
        let found = self.map.record(module, &self.tree).await.unwrap();
        found.map(|(id, _)| id)
    }

    /// Puts the tiles back as they were kept under a name, with the tree of then.
    pub(super) fn put_back(&mut self, copy: &std::path::Path, tree: Tree) {
        let tiles = self.map_folder().with_file_name("tile");
        fs::remove_dir_all(&tiles).unwrap();
        copy_folder(copy, &tiles);
        self.tree = tree;
        self.modules.truncate(usize::try_from(tree.size).unwrap());
    }

    /// Each module has its number, and others have none.
    pub(super) async fn check(&self) {
        for (id, module) in (0..).zip(&self.modules) {
            assert_eq!(self.found(module).await, Some(id), "{module}");
            assert_eq!(self.map.recorded(module).await.unwrap(), Some(id));
        }
        let other = module("corp.example/other");
        assert_eq!(self.found(&other).await, None);
    }

    /// Module versions and skeletons that the ledger has.
    pub(super) async fn in_ledger(&self) -> usize {
        let all = self.ledger.scan(Table::Logged, "", None, 1_000_000).await;
        let keys = all.unwrap().into_iter().map(|(key, _)| key);
        keys.filter(|key| self.map.recent.is_number(key)).count()
    }
}

pub(super) fn files(folder: &tempfile::TempDir) -> Files {
    let staging = Staging::open_in(&folder.path().join("tiles")).unwrap();
    Files::at(folder.path(), LOG, staging)
}

pub(super) fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    let copied = std::process::Command::new("cp")
        .arg("-r")
        .args([from, to])
        .status();
    assert!(copied.unwrap().success());
}

pub(super) fn open(folder: &tempfile::TempDir, ledger: &Arc<Failing<Memory>>, writes: bool) -> Map {
    let staging = writes.then(|| Staging::open_in(&folder.path().join("staging")).unwrap());
    let ledger = Arc::clone(ledger) as Arc<dyn Ledger>;
    Map::open(ledger, files(folder), LOG.to_owned(), staging)
}

pub(super) fn module(path: &str) -> ModuleVersion {
    ModuleVersion::parse(&format!("{path}@v1.0.0")).unwrap()
}

/// Files in the folder of the map, but for the list of them.
pub(super) fn runs(kit: &Kit) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(kit.map_folder()).into_iter().flatten();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| !path.ends_with("runs")).collect()
}

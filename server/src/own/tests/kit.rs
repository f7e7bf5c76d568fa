//! A database in a folder of its own, and what every test asks of it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use http::HeaderValue;
use proto::dirhash;
use proto::module::ModuleVersion;
use proto::sumdb::client::LookupPlan;
use tokio_util::task::TaskTracker;

use crate::config;
use crate::journal::Journal;
use crate::ledger::Ledger;
use crate::ledger::failing::Failing;
use crate::ledger::memory::Memory;
use crate::metrics::Metrics;
use crate::own::keys::Keys;
use crate::own::{Admit, Admitted, Error, Own, Parts, TileBody, key};
use crate::source::Sources;
use crate::store::durable::Staging;

/// Admits every module, with hashes made of its name.
#[derive(Debug, Default)]
pub(super) struct Everything {
    pub(super) asked: AtomicUsize,
}

impl Admit for Everything {
    fn admit<'a>(
        &'a self,
        module: &'a ModuleVersion,
        _: Option<HeaderValue>,
    ) -> BoxFuture<'a, Result<Admitted, Error>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let name = module.to_string();
        Box::pin(async move {
            tokio::task::yield_now().await;
            Ok(Admitted {
                zip: dirhash::go_mod(name.as_bytes()),
                go_mod: dirhash::go_mod(format!("{name}/go.mod").as_bytes()),
                first_use: Some("https://modules.corp.example".to_owned()),
                then: None,
            })
        })
    }
}

/// A data folder, a key beside it, and a ledger that can fail.
pub(super) struct Kit {
    folder: tempfile::TempDir,
    pub(super) ledger: Arc<Failing<Memory>>,
    pub(super) admit: Arc<Everything>,
}

impl Kit {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        key::create(&folder.path().join("key"), "sum.corp.example", [5; 32]).unwrap();
        Self {
            folder,
            ledger: Arc::new(Failing::new(Memory::default())),
            admit: Arc::default(),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) async fn open(&self) -> Arc<Own> {
        self.open_with(None).await
    }

    pub(super) async fn open_with(&self, accepted: Option<u64>) -> Arc<Own> {
        let data = self.path("data");
        let settings = config::Own {
            key: Some(self.path("key")),
            ..config::Own::default()
        };
        let metrics = Metrics::new([], []);
        let config = config::Config::new(PathBuf::new());
        let sources = Sources::new(&config, "this", metrics).unwrap();
        let parts = Parts {
            keys: Keys::read(&settings).unwrap().unwrap(),
            high_water: self.path("key.head"),
            accepted,
            settings,
            sources: Arc::new(sources),
            end_after: None,
            staging: Staging::open(&data).unwrap(),
            ledger: Arc::clone(&self.ledger) as Arc<dyn Ledger>,
            journal: Journal::open(&data).unwrap(),
            admit: Arc::clone(&self.admit) as Arc<dyn Admit>,
            tasks: TaskTracker::new(),
            is_read_only: false,
        };
        let upstream = config::Upstream::default();
        let opened = tokio::task::spawn_blocking(move || Own::open(&data, &upstream, parts));
        Arc::new(opened.await.unwrap().unwrap())
    }

    /// The ledger is lost; files and mark are there.
    pub(super) fn lose_ledger(&mut self) {
        self.ledger = Arc::new(Failing::new(Memory::default()));
    }

    pub(super) fn log(&self) -> PathBuf {
        self.path("data/log/sum.corp.example")
    }
}

pub(super) fn module(number: usize) -> ModuleVersion {
    ModuleVersion::parse(&format!("corp.example/m{number}@v1.0.0")).unwrap()
}

pub(super) async fn add(own: &Arc<Own>, numbers: std::ops::Range<usize>) {
    for number in numbers {
        own.lookup(&module(number), None).await.unwrap();
    }
}

/// Every module's answer is proved as a client proves it, and each has a record of its
/// own: the log has no other.
pub(super) async fn check(own: &Arc<Own>, modules: usize) {
    assert_eq!(own.size(), modules as u64);
    own.lately.clear();
    let mut ids = BTreeSet::new();
    for number in 0..modules {
        let module = module(number);
        let answered = own.logged(&module).await.unwrap().unwrap();
        let plan = LookupPlan::new(None, &answered.bytes, &module, own.key()).unwrap();
        let mut data = Vec::new();
        for tile in plan.tiles() {
            match own.tile(tile).await.unwrap() {
                Some(TileBody::Whole(bytes)) => data.push(bytes.to_vec()),
                Some(TileBody::Pieces { .. }) | None => panic!("{tile}"),
            }
        }
        let proved = plan.finish(&data).unwrap();
        assert_eq!(proved.id, answered.id);
        ids.insert(answered.id);
    }
    assert_eq!(ids.len(), modules);
}

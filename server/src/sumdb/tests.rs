//! Databases behind an upstream that the tests hold in their hands.

mod answers;
mod damage;
mod fake;
mod forks;
mod heads;
mod journaled;
mod names;
mod recorded;
mod sharing;
mod sources;
mod tiles;

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use proto::module::ModuleVersion;
use proto::note::{self, SignerKey, VerifierKey};
use proto::sumdb::client::LookupPlan;
use proto::sumdb::{Head, LookupAnswer};
use proto::tlog::{HashTree, Tile, checkpoint, record_hash};
use tempfile::TempDir;

use super::followed::{Around, Followed};
use super::{Archives, HeadFiles, Hops, LookupError, ProvedAnswer};
use crate::config;
use crate::evidence::Evidence;
use crate::store::durable::Staging;
use fake::Fake;

/// Records of the tests' log: two full rows of tiles and some.
const SIZE: u64 = 66_000;

/// The tests' log: record n is about `example.com/m@v0.0.n`.
static LOG: LazyLock<Arc<HashTree>> = LazyLock::new(|| Arc::new(log(SIZE, SIZE)));

fn signer() -> SignerKey {
    SignerKey::from_seed("sum.example.com", [7; 32]).unwrap()
}

fn module(id: u64) -> ModuleVersion {
    ModuleVersion::parse(&format!("example.com/m@v0.0.{id}")).unwrap()
}

fn record(id: u64) -> String {
    let hash = record_hash(&id.to_be_bytes());
    format!("example.com/m v0.0.{id} h1:{hash}\nexample.com/m v0.0.{id}/go.mod h1:{hash}\n")
}

/// A log of `size` records that are other ones from number `fork` on.
fn log(size: u64, fork: u64) -> HashTree {
    let mut log = HashTree::default();
    for id in 0..size {
        let other = if id < fork { "" } else { "other\n" };
        log.push(record_hash(format!("{}{other}", record(id)).as_bytes()));
    }
    log
}

fn head_note(log: &HashTree, size: u64) -> Vec<u8> {
    let text = checkpoint::format(&log.tree_at(size).unwrap());
    note::sign(&text, &[&signer()]).unwrap()
}

fn answer(log: &HashTree, id: u64, size: u64) -> Vec<u8> {
    let mut bytes = format!("{id}\n{}\n", record(id)).into_bytes();
    bytes.extend_from_slice(&head_note(log, size));
    bytes
}

fn upstream() -> config::Upstream {
    config::Config::new("/nowhere".into()).upstream
}

fn settings(key: VerifierKey) -> config::Database {
    config::Database {
        name: key.name().to_owned(),
        key,
        url: None,
        modules: None,
        head_age_max: None,
    }
}

/// A data folder, an upstream, and the database between them.
struct Bench {
    data: TempDir,
    fake: Arc<Fake>,
    key: VerifierKey,
    database: Arc<Followed>,
}

impl Bench {
    fn new() -> Self {
        Self::with(signer().verifier(), Fake::default())
    }

    fn with(key: VerifierKey, fake: Fake) -> Self {
        let data = tempfile::tempdir().unwrap();
        let fake = Arc::new(fake);
        let database = open(&data, &fake, &key).unwrap();
        Self {
            data,
            fake,
            key,
            database,
        }
    }

    /// Serves the tests' log as it was at `size` records, and answers lookups under
    /// that head.
    fn serve(&self, size: u64) {
        self.fake.serve_log(&LOG, size);
    }

    /// Serves the whole log, and answers as it was at `size` records, as caches on the
    /// way do.
    fn serve_old_answers(&self, size: u64) {
        self.fake
            .serve(move |path| match path.starts_with("tile/") {
                true => fake::log_says(&LOG, SIZE, path),
                false => fake::log_says(&LOG, size, path),
            });
    }

    /// Opens the folder again, as after a restart.
    fn restart(&mut self) {
        self.database = open(&self.data, &self.fake, &self.key).unwrap();
    }

    async fn lookup(&self, id: u64) -> Result<Bytes, LookupError> {
        let answer = self.database.lookup(&module(id), &Hops::default()).await?;
        assert_eq!(answer.id, id);
        Ok(answer.bytes.clone())
    }

    /// Proves a stored answer from disk alone, as commands do.
    fn prove(&self, module: &ModuleVersion) -> Result<Option<ProvedAnswer>, LookupError> {
        let configured = [settings(self.key.clone())];
        let archives = Archives::open(&configured, &upstream(), self.data.path()).unwrap();
        archives.all()[0].prove(module)
    }

    fn stored_files(&self, folder: &str) -> usize {
        let root = self.data.path().join("sumdb").join(self.key.name());
        count_files(&root.join(folder))
    }

    fn evidence_files(&self) -> usize {
        count_files(&self.data.path().join("evidence"))
    }
}

fn open(data: &TempDir, fake: &Arc<Fake>, key: &VerifierKey) -> std::io::Result<Arc<Followed>> {
    open_with(data, fake, &settings(key.clone()), &upstream())
}

fn open_with(
    data: &TempDir,
    fake: &Arc<Fake>,
    settings: &config::Database,
    upstream: &config::Upstream,
) -> std::io::Result<Arc<Followed>> {
    let staging = Staging::open(data.path())?;
    let around = Around {
        evidence: Evidence::open(data.path(), staging.clone())?,
        heads: Arc::new(HeadFiles::new(data.path().to_owned(), staging.clone())),
        staging,
        fetch: Arc::clone(fake) as _,
        upstream: Arc::new(upstream.clone()),
    };
    Followed::open(settings, data.path(), around).map(Arc::new)
}

fn count_files(folder: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.is_dir() { count_files(&path) } else { 1 })
        .sum()
}

/// Does what the go command does with an answer while it follows `current`: asks
/// for the tiles it needs, and proves the answer.
async fn prove_as_client(
    database: &Arc<Followed>,
    current: Option<&Head>,
    module: &ModuleVersion,
    answer: &[u8],
    key: &VerifierKey,
) {
    let plan = LookupPlan::new(current, answer, module, key).unwrap();
    let mut data = Vec::new();
    for tile in plan.tiles() {
        let bytes = database.tile(tile, &Hops::default()).await;
        let followed = current.map(|head| head.tree.size);
        let bytes = bytes.unwrap_or_else(|error| panic!("{module} {followed:?} {tile}: {error}"));
        data.push(bytes.to_vec());
    }
    plan.finish(&data).unwrap();
}

/// Proves every answer under every head, as clients do, with upstream gone.
async fn assert_serves_clients_offline(bench: &Bench, answers: &[(ModuleVersion, Bytes)]) {
    bench.fake.go_down();
    let mut heads: Vec<Head> = answers
        .iter()
        .map(|(_, answer)| LookupAnswer::parse(answer).unwrap().note)
        .map(|note| Head::open(&note, &bench.key).unwrap())
        .collect();
    heads.push(
        Head::open(
            &bench.database.latest(&Hops::default()).await.unwrap(),
            &bench.key,
        )
        .unwrap(),
    );
    for (module, answer) in answers {
        let again = bench
            .database
            .lookup(module, &Hops::default())
            .await
            .unwrap();
        assert_eq!(&again.bytes, answer, "{module}");
        for current in heads.iter().map(Some).chain([None]) {
            prove_as_client(&bench.database, current, module, answer, &bench.key).await;
        }
        let proved = bench.prove(module).unwrap().unwrap();
        assert_eq!(&proved.bytes, answer, "{module}");
    }
}

//! What most tests start from: modules of our own making behind an upstream,
//! logged in a database of our own, and a folder for the server's data.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::client::{self, Reply};
use crate::database::TestDatabase;
use crate::go::{Go, Toolchain};
use crate::module::{Module, escape};
use crate::origin::Origin;
use crate::sumward::{Setup, Sumward};

/// The database's name has a slash in it, as names may.
pub const DATABASE: &str = "sum.example/test";

/// Settings under which a failure is told in a moment and a pause is over soon.
pub const QUICK: &str = "\
upstream:
  attempts: 2
  backoff_min: 20ms
  backoff_max: 50ms
  breaker:
    failures_max: 1000
proof:
  pause: 1s
";

/// An upstream with modules and a database, and a place for data.
pub struct World {
    pub database: TestDatabase,
    pub origin: Origin,
    tree: TempDir,
    data: TempDir,
}

impl World {
    /// A world with these modules in it, all of them logged.
    ///
    /// # Panics
    /// When its files cannot be written.
    #[must_use]
    pub fn with(modules: &[&Module]) -> Self {
        let tree = tempfile::tempdir().expect("make the upstream's folder");
        let mut database = TestDatabase::new(DATABASE, 7);
        database.add_filler(10);
        let mut world = Self {
            origin: Origin::serve(tree.path()),
            database,
            tree,
            data: tempfile::tempdir().expect("make a data folder"),
        };
        for module in modules {
            module.write(world.tree());
            world.database.add(module);
        }
        world.publish();
        world
    }

    /// Writes, logs and publishes one more module.
    pub fn add(&mut self, module: &Module) {
        module.write(self.tree());
        self.database.add(module);
        self.publish();
    }

    /// Lets the upstream serve the database as it is now.
    pub fn publish(&self) {
        self.database.publish(self.tree());
    }

    /// The set-up that the README shows: the go command's own variables.
    #[must_use]
    pub fn setup(&self) -> Setup {
        Setup::new(
            &self.data(),
            &self.origin.url(),
            &self.database.verifier_key(),
        )
    }

    /// A server with [`QUICK`] settings.
    #[must_use]
    #[track_caller]
    pub fn serve(&self) -> Sumward {
        self.serve_with("")
    }

    /// A server with [`QUICK`] settings and further sections of the
    /// configuration.
    #[must_use]
    #[track_caller]
    pub fn serve_with(&self, sections: &str) -> Sumward {
        let yaml = format!("{QUICK}{sections}");
        let server = self.setup().with_config(&yaml).start();
        // Whether its upstream is itself is asked at the start.
        self.origin.forget();
        server
    }

    /// A desk that gets modules and proofs from `server`.
    #[must_use]
    pub fn go(&self, toolchain: &Toolchain, server: &Sumward) -> Go {
        Go::new(toolchain, &server.url(), &self.database.verifier_key())
    }

    /// The folder that the upstream serves.
    #[must_use]
    pub fn tree(&self) -> &Path {
        self.tree.path()
    }

    /// The server's data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.data.path().join("data")
    }

    /// The stored file of a module version, there or not.
    #[must_use]
    pub fn stored(&self, module: &Module, ending: &str) -> PathBuf {
        let name = format!("{}.{ending}", escape(&module.version));
        let folder = self.data().join("modules").join(escape(&module.path));
        folder.join("@v").join(name)
    }

    /// Evidence files kept so far, as text, newest last.
    #[must_use]
    pub fn evidence(&self) -> Vec<String> {
        let mut files = Vec::new();
        collect(&self.data(), &mut files);
        files.retain(|path| path.to_string_lossy().contains("evidence"));
        files.sort();
        let text = |path: PathBuf| std::fs::read(path).unwrap_or_default();
        files
            .into_iter()
            .map(|path| String::from_utf8_lossy(&text(path)).into_owned())
            .collect()
    }

    /// Whether any staged file is left.
    #[must_use]
    pub fn staged_files(&self) -> usize {
        let mut files = Vec::new();
        collect(&self.data().join("staging"), &mut files);
        files.len()
    }
}

/// The target of a module file: `/example.com/one/@v/v1.0.0.zip`.
#[must_use]
pub fn target(module: &Module, ending: &str) -> String {
    format!(
        "/{}/@v/{}.{ending}",
        escape(&module.path),
        escape(&module.version)
    )
}

/// Asks for `target` until the answer has this status.
///
/// # Panics
/// With the last answer, when it does not come within 30 seconds.
#[track_caller]
pub fn eventually(server: &Sumward, target: &str, status: u16) -> Reply {
    eventually_at(server.address(), target, status)
}

/// The same of whatever serves at `address`.
///
/// # Panics
/// With the last answer, when it does not come within 30 seconds.
#[track_caller]
pub fn eventually_at(address: SocketAddr, target: &str, status: u16) -> Reply {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let reply = client::get(address, target);
        if reply.status == status {
            return reply;
        }
        assert!(
            Instant::now() < deadline,
            "{target} never became {status}: {} {}",
            reply.status,
            reply.text()
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Waits until `condition` holds.
///
/// # Panics
/// With `what`, when it does not within 30 seconds.
#[track_caller]
pub fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

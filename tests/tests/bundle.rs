//! Bundles: modules with their proofs in one file, made where there is a network, taken in
//! where there is none, and judged by the real go command with GOSUMDB unchanged.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "bundle/builds.rs"]
mod builds;
#[path = "bundle/crash.rs"]
mod crash;
#[path = "bundle/cut_off.rs"]
mod cut_off;
#[path = "bundle/dropped.rs"]
mod dropped;
#[path = "bundle/forged.rs"]
mod forged;
#[path = "bundle/killed.rs"]
mod killed;
#[path = "bundle/refused.rs"]
mod refused;
#[path = "bundle/running.rs"]
mod running;
#[path = "bundle/switched.rs"]
mod switched;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use testkit::sumward::Setup;

/// Two sides of a gap: a server with upstreams, and a mirror without.
struct Gap {
    folder: TempDir,
    online: Setup,
    mirror: Setup,
    /// What signs bundles, and the line by which it is trusted.
    trust: String,
}

impl Gap {
    /// A gap between a server that has these upstreams and a mirror that has none.
    #[track_caller]
    fn new(proxy: &str, sumdb: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let online = Setup::new(&folder.path().join("online"), proxy, sumdb);
        let mirror = Setup::new(&folder.path().join("mirror"), "off", sumdb);
        let mut gap = Self {
            folder,
            online,
            mirror,
            trust: String::new(),
        };
        gap.trust = gap.keygen("key");
        // The data folder is there, with what every start writes.
        let (ok, said) = gap.try_import("nothing");
        assert!(!ok && said.contains("No such file"), "{said}");
        gap
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Makes a key; returns the line that others trust.
    #[track_caller]
    fn keygen(&self, name: &str) -> String {
        let out = self.text(name);
        let output = self
            .online
            .command(&["bundle", "keygen", "bundles.example", "--out", &out])
            .output();
        let output = output.unwrap();
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        said.lines().next().unwrap().to_owned()
    }

    /// Makes the bundle `name`, asked for by the rest of the arguments.
    #[track_caller]
    fn create(&self, name: &str, arguments: &[&str]) -> String {
        let (ok, said) = self.try_create(name, arguments);
        assert!(ok, "{said}");
        said
    }

    fn try_create(&self, name: &str, arguments: &[&str]) -> (bool, String) {
        let (out, key) = (self.text(name), self.text("key"));
        let own = ["bundle", "create", "-o", &out, "--key", &key];
        self.online.tool(&[&own, arguments].concat())
    }

    /// The module versions that a bundle lists, and whether their zips are in it.
    #[track_caller]
    fn modules(&self, name: &str) -> BTreeMap<String, bool> {
        let file = self.text(name);
        let show = ["bundle", "show", &file, "--format", "json"];
        let (ok, said) = self.online.tool(&show);
        assert!(ok, "{said}");
        let shown: serde_json::Value = serde_json::from_str(&said).unwrap();
        let modules = shown["manifest"]["modules"].as_array().unwrap().iter();
        let module = |it: &serde_json::Value| {
            let name = it["module"].as_str().unwrap().to_owned();
            (name, it["zip"].as_bool().unwrap())
        };
        modules.map(module).collect()
    }

    /// Unpacks a bundle as anybody would.
    fn unpack(&self, name: &str, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        let archive = std::fs::File::open(self.path(name)).unwrap();
        let archive = zstd::Decoder::new(archive).unwrap();
        tar::Archive::new(archive).unpack(to).unwrap();
    }

    #[track_caller]
    fn import(&self, name: &str) -> String {
        let (ok, said) = self.try_import(name);
        assert!(ok, "{said}");
        said
    }

    fn try_import(&self, name: &str) -> (bool, String) {
        let file = self.text(name);
        self.mirror
            .tool(&["bundle", "import", &file, "--trust", &self.trust])
    }

    /// What the mirror's data folder holds: names and SHA-256, without the ledger's own
    /// files, the lock and empty folders.
    fn state(&self) -> BTreeMap<PathBuf, String> {
        let data = self.path("mirror");
        let mut files = BTreeMap::new();
        collect(&data, &mut files);
        files.retain(|path, _| {
            let path = path.strip_prefix(&data).unwrap();
            !path.starts_with("index") && !path.ends_with("lock")
        });
        files
    }
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            let bytes = std::fs::read(&path).unwrap_or_default();
            files.insert(path, hex::encode(Sha256::digest(bytes)));
        }
    }
}

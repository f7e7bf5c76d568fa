//! Two folders with a build cache each, in the place of two hosts: a program built cold
//! and warm in both, and what a host would say of each build.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use proto::attest::closure::{Closure, Package};
use proto::attest::digest::Digest;
use proto::attest::key::{Algorithm, PrivateKey};
use proto::attest::observation::{
    Audit, Mode, Module, Observation, Outcome, Product, SelfCheck, sample,
};
use proto::buildid::BuildId;
use proto::gocache::Index;
use proto::hashlog::Log;
use tempfile::TempDir;
use testkit::environment;
use testkit::go::Toolchain;
use verifier::artifact::Artifact;
use verifier::goinfo::selfcheck;

/// What a host would have signed.
#[derive(Clone)]
pub(crate) struct Seen {
    /// The number of its key.
    pub(crate) key: usize,
    pub(crate) observation: Observation,
    closure: Closure,
}

/// The hosts and their builds.
pub(crate) struct Hosts {
    folder: TempDir,
    program: PathBuf,
    pub(crate) seen: Vec<Seen>,
}

/// Returns the key of a host.
pub(crate) fn key(number: usize) -> PrivateKey {
    let seed = [u8::try_from(number).unwrap() + 1; 32];
    PrivateKey::from_seed(Algorithm::Ed25519, seed).unwrap()
}

/// Returns the owner's key.
pub(crate) fn owner() -> PrivateKey {
    PrivateKey::from_seed(Algorithm::P256, [77; 32]).unwrap()
}

/// The builds, which are the same for all tests.
fn built() -> &'static (PathBuf, Vec<Seen>) {
    static BUILT: OnceLock<(PathBuf, Vec<Seen>)> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = environment::kept("certify-hosts");
        let _ = fs::remove_dir_all(&folder);
        build(&folder)
    })
}

/// Builds a program cold and warm in two places.
fn build(folder: &Path) -> (PathBuf, Vec<Seen>) {
    let toolchain = Toolchain::find("1.27.");
    let mut seen = Vec::new();
    let mut program = PathBuf::new();
    for host in 0..2 {
        let place = folder.join(format!("host-{host}"));
        let source = place.join("source");
        fs::create_dir_all(&source).unwrap();
        fs::write(
            source.join("go.mod"),
            "module example.com/tool\n\ngo 1.21\n",
        )
        .unwrap();
        let main = "package main\n\nfunc main() { println(\"hello\") }\n";
        fs::write(source.join("main.go"), main).unwrap();
        let mut preimage = None;
        for mode in [Mode::Cold, Mode::Warm] {
            program = place.join(mode.as_str()).join("tool");
            let log = go_build(&toolchain, &place, &program);
            let closure = closure(&place.join("cache"), &log);
            let link = log.named("link example.com/tool").next();
            preimage = link
                .map(|link| link.lines.concat().into_bytes())
                .or(preimage);
            let observation = observation(host, mode, &program, &closure, preimage.clone());
            seen.push(Seen {
                key: host,
                observation,
                closure,
            });
        }
    }
    (program, seen)
}

impl Hosts {
    /// Returns the builds of two hosts, with a folder of their own for what is signed.
    pub(crate) fn build() -> Self {
        let (program, seen) = built().clone();
        Self {
            folder: tempfile::tempdir().unwrap(),
            program,
            seen,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// Returns the folder that [`Hosts::write`] writes to.
    pub(crate) fn observations(&self) -> PathBuf {
        self.folder().join("obs")
    }

    /// Signs and writes what was seen, each key's in a chain.
    pub(crate) fn write(&self) {
        let folder = self.observations();
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        let mut last = [None; 2];
        for (number, seen) in self.seen.iter().enumerate() {
            let mut observation = seen.observation.clone();
            observation.chain.previous = last[seen.key];
            last[seen.key] = Some(observation.digest().unwrap());
            let mut bytes = observation.sign(&key(seen.key)).unwrap().bytes();
            bytes.push(b'\n');
            fs::write(folder.join(format!("{number}.observation.json")), bytes).unwrap();
            let list = seen.closure.summary().list;
            fs::write(folder.join(format!("{list}.closure")), seen.closure.bytes()).unwrap();
        }
    }

    /// Returns a quorum file with both hosts.
    pub(crate) fn quorum(&self, rule: &str) -> String {
        let host = |number: usize| {
            let key = key(number).public().to_line();
            format!(
                "  - {{name: host-{number}, key: {key}, org: o{number}, image: i{number}, cache: c{number}}}\n"
            )
        };
        format!(
            "version: 1\n{rule}\nhosts:\n{}{}quorum: {{k: 2, of: [org, image, cache]}}\n",
            host(0),
            host(1)
        )
    }
}

/// Builds, and returns what the go command hashed.
fn go_build(toolchain: &Toolchain, place: &Path, program: &Path) -> Log {
    let output = Command::new(toolchain.program())
        .current_dir(place.join("source"))
        .env_clear()
        .env("PATH", environment::path())
        .env("HOME", place.join("home"))
        .env("GOCACHE", place.join("cache"))
        .env("GOFLAGS", "-trimpath")
        .env("GOTOOLCHAIN", "local")
        .env("GOTELEMETRY", "off")
        .env("CGO_ENABLED", "0")
        .env("GODEBUG", "gocachehash=1")
        .args(["build", "-buildvcs=false", "-o"])
        .arg(program)
        .arg(".")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    Log::read(said.as_bytes()).unwrap()
}

/// Returns the packages of a cache that the log has an action of.
fn closure(cache: &Path, log: &Log) -> Closure {
    let mut packages = Vec::new();
    for folder in fs::read_dir(cache).unwrap().flatten() {
        let files = fs::read_dir(folder.path()).into_iter().flatten().flatten();
        for file in files.filter(|file| file.file_name().to_string_lossy().ends_with("-a")) {
            let index = Index::parse(&fs::read(file.path()).unwrap()).unwrap();
            let output = index.output.to_string();
            let output = cache.join(&output[..2]).join(format!("{output}-d"));
            let Ok(bytes) = fs::read(&output) else {
                continue;
            };
            let Some(id) = archive_id(&bytes) else {
                continue;
            };
            let BuildId::Package { action, content } = BuildId::parse(&id).unwrap() else {
                continue;
            };
            let block = log.action(&action).expect("the go command asked for it");
            packages.push(Package {
                action: Digest(index.action.0),
                output: Digest(index.output.0),
                content,
                path: block.name.strip_prefix("build ").unwrap().to_owned(),
            });
        }
    }
    Closure::new(packages).unwrap()
}

/// Returns the build ID of a package archive.
fn archive_id(bytes: &[u8]) -> Option<String> {
    let head = bytes.strip_prefix(b"!<arch>\n")?;
    let head = String::from_utf8_lossy(&head[..head.len().min(1024)]).into_owned();
    let line = head
        .lines()
        .find_map(|line| line.strip_prefix("build id \""))?;
    line.strip_suffix('"').map(str::to_owned)
}

fn observation(
    host: usize,
    mode: Mode,
    program: &Path,
    closure: &Closure,
    preimage: Option<Vec<u8>>,
) -> Observation {
    let artifact = Artifact::read(program).unwrap();
    let go = &artifact.go;
    let info = go.info().unwrap();
    assert!(matches!(go.self_check, selfcheck::SelfCheck::Intact(_)));
    let mut one = sample();
    one.result = Outcome::Built { expected: None };
    one.product = Some(Product {
        name: "tool".into(),
        size: fs::metadata(program).unwrap().len(),
        sha256: Digest(artifact.input.sha256),
        build_id: go.build_id.as_ref().map(ToString::to_string),
        self_check: SelfCheck::Holds,
        go_version: go.build_info.as_ref().unwrap().value.version.clone(),
        main: info.main.as_ref().map(Module::of),
        modules: info.deps.iter().map(Module::of).collect(),
        settings: info
            .settings
            .iter()
            .map(|one| (one.key.clone(), one.value.clone()))
            .collect(),
        masked: [].into(),
    });
    one.inputs.toolchain.version = go.version().unwrap().to_owned();
    one.link_preimage = preimage;
    one.cache.mode = mode;
    one.cache.hits = match mode {
        Mode::Cold => 0,
        _ => closure.packages().len() as u64,
    };
    one.cache.closure = Some(closure.summary());
    one.cache.audit = Audit::Clean {};
    one.host.image = Some(format!("image {host}"));
    let time = fs::metadata(program).unwrap();
    let time = time
        .modified()
        .unwrap()
        .duration_since(std::time::UNIX_EPOCH);
    one.observed.time_s = time.unwrap().as_secs();
    one
}

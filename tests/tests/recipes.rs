//! The recipes for CI services under `deploy/ci`: their shell parts are run as they stand,
//! in the order and with the variables that the service gives them.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use testkit::environment;
use testkit::go::Toolchain;

/// A checkout, and keys for its hosts and its owner.
struct Checkout(TempDir);

impl Checkout {
    fn new() -> Self {
        let checkout = Self(tempfile::tempdir().unwrap());
        let write = |name: &str, text: &str| {
            let path = checkout.path(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("go.mod", "module example.com/app\n\ngo 1.21\n");
        write(
            "cmd/app/main.go",
            "package main\n\nfunc main() { println(\"hello\") }\n",
        );
        for folder in ["home", "keys"] {
            std::fs::create_dir(checkout.path(folder)).unwrap();
        }
        checkout
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Makes a key and returns its file.
    fn key(&self, name: &str) -> PathBuf {
        let path = self.path("keys").join(name);
        self.run(
            &format!("verify-build key new --out '{}'", path.display()),
            &[],
        );
        path
    }

    /// The line of a key in a quorum file.
    fn public(&self, key: &Path) -> String {
        let said = self.run(
            &format!("verify-build key show --format json '{}'", key.display()),
            &[],
        );
        let value: serde_json::Value = serde_json::from_str(&said).unwrap();
        value["quorum_line"].as_str().unwrap().to_owned()
    }

    /// Runs commands as a runner does.
    #[track_caller]
    fn run(&self, commands: &str, variables: &[(&str, &str)]) -> String {
        let go = Toolchain::find("1.27.");
        let program = environment::program("verify-build");
        let path = format!(
            "{}:{}:{}",
            go.root().join("bin").display(),
            program.parent().unwrap().display(),
            environment::path()
        );
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", commands])
            .current_dir(self.0.path())
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.path("home"))
            .env("GOPROXY", "off")
            .env("GOTOOLCHAIN", "local")
            .env("CGO_ENABLED", "0")
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{commands}\n{said}{complained}");
        said
    }

    /// Writes the quorum file that the recipes want. Both hosts are this machine, so that no
    /// more than L1 can be shown.
    fn quorum(&self, hosts: &[(&str, &Path)]) {
        let lines = hosts.iter().map(|(name, key)| {
            let line = self.public(key);
            // With the names, so that nothing in the key is replaced.
            let told = [
                ("name: NAME", *name),
                ("org: ORG", "example"),
                ("ci: CI", "one"),
                ("image: IMAGE", *name),
                ("cache: CACHE", *name),
                ("toolchain: TOOLCHAIN", "official"),
            ];
            let line = told.iter().fold(line, |line, (from, value)| {
                let (key, _) = from.split_once(' ').unwrap();
                line.replace(from, &format!("{key} {value}"))
            });
            format!("  {line}\n")
        });
        let text = format!(
            "version: 1\nlevel: L1\nhosts:\n{}quorum: {{k: 2, of: [image]}}\n",
            lines.collect::<String>()
        );
        std::fs::write(self.path("quorum.yaml"), text).unwrap();
    }
}

fn recipe(name: &str) -> String {
    std::fs::read_to_string(environment::checkout().join("deploy/ci").join(name)).unwrap()
}

/// The blocks behind `run: |`, in order.
fn runs(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim() != "run: |" {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let mut block = String::new();
        while let Some(line) = lines
            .next_if(|line| line.trim().is_empty() || line.len() - line.trim_start().len() > indent)
        {
            block.push_str(line.trim_start());
            block.push('\n');
        }
        blocks.push(block);
    }
    blocks
}

/// The items of each `script:`, a block each.
fn scripts(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim() != "script:" {
            continue;
        }
        let mut block = String::new();
        while let Some(line) = lines.next_if(|line| line.starts_with("    - ")) {
            block.push_str(line.trim_start().strip_prefix("- ").unwrap());
            block.push('\n');
        }
        blocks.push(block);
    }
    blocks
}

#[test]
fn the_recipe_for_github_certifies_two_images() {
    let checkout = Checkout::new();
    let blocks = runs(&recipe("github.yml"));
    let [observe, show, certify] = blocks.as_slice() else {
        panic!("{blocks:?}");
    };
    let hosts = ["ubuntu-22.04", "ubuntu-24.04"];
    let keys = hosts.map(|host| checkout.key(host));
    let pairs: Vec<(&str, &Path)> = hosts
        .iter()
        .copied()
        .zip(keys.iter().map(PathBuf::as_path))
        .collect();
    checkout.quorum(&pairs);
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let common = [("PACKAGE", "./cmd/app"), ("NONCE", "1234-1")];
    for (host, key) in &pairs {
        let secret = read(key);
        let own = [("HOST", *host), ("OBSERVE_KEY", secret.as_str())];
        checkout.run(observe, &[&common[..], &own].concat());
    }
    let summary = checkout.path("summary.md");
    checkout.run(show, &[("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())]);
    assert!(read(&summary).contains("2 hosts, 4 builds"));
    let owner = read(&checkout.key("owner"));
    let own = [
        ("OWNER_KEY", owner.as_str()),
        ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
    ];
    checkout.run(certify, &[&common[..], &own].concat());
    assert!(checkout.path("cert.jsonl").is_file());
    let summary = read(&summary);
    assert!(
        summary.contains("| host | cold | warm | image | processors |"),
        "{summary}"
    );
    assert!(
        summary.contains("Claimed\\: 2 of 2 groups of hosts built this program"),
        "{summary}"
    );
}

#[test]
fn the_recipe_for_gitlab_certifies_two_images() {
    let checkout = Checkout::new();
    let blocks = scripts(&recipe("gitlab.yml"));
    let [observe, certify] = blocks.as_slice() else {
        panic!("{blocks:?}");
    };
    let hosts = [
        ("bookworm", "OBSERVE_KEY_BOOKWORM"),
        ("trixie", "OBSERVE_KEY_TRIXIE"),
    ];
    let keys = hosts.map(|(host, _)| checkout.key(host));
    let pairs: Vec<(&str, &Path)> = hosts
        .iter()
        .map(|(host, _)| *host)
        .zip(keys.iter().map(PathBuf::as_path))
        .collect();
    checkout.quorum(&pairs);
    let common = [("PACKAGE", "./cmd/app"), ("NONCE", "77")];
    for ((host, variable), key) in hosts.iter().zip(&keys) {
        let own = [("HOST", *host), (*variable, key.to_str().unwrap())];
        checkout.run(observe, &[&common[..], &own].concat());
        assert!(checkout.path(&format!("last-{host}")).is_file());
    }
    let owner = checkout.key("owner");
    checkout.run(
        certify,
        &[&common[..], &[("OWNER_KEY", owner.to_str().unwrap())]].concat(),
    );
    for name in ["cert.jsonl", "matrix.html", "matrix.xml"] {
        assert!(checkout.path(name).is_file(), "{name}");
    }
}

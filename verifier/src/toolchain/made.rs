//! Small installations, made up for tests.

use std::collections::BTreeMap;

use proto::toolchain::{Manifest, Release, Target, VersionFile};

use super::tree::Tree;
use super::unhashed::Unhashed;

const FILES: [(&str, u8); 4] = [
    ("VERSION", 1),
    ("LICENSE", 2),
    ("bin/go", 3),
    ("src/runtime/proc.go", 4),
];

/// A release for linux/amd64.
pub(super) fn release(version: &str) -> Release {
    Release::new(version, Target::parse("linux/amd64").unwrap()).unwrap()
}

/// A list of these files, each of 32 equal bytes as its hash.
pub(super) fn manifest(version: &str, files: &[(&str, u8)]) -> Manifest {
    let mut manifest = Manifest::new(release(version));
    for (name, fill) in files {
        manifest.insert(name, [*fill; 32]);
    }
    manifest
}

/// An installation of four files.
pub(super) fn tree(version: &str) -> Tree {
    Tree {
        root: "/usr/local/go".into(),
        version: VersionFile::parse(format!("{version}\n").as_bytes()).unwrap(),
        release: release(version),
        manifest: manifest(version, &FILES),
        bytes: 0,
        outside: BTreeMap::new(),
        links: Vec::new(),
        unhashed: Unhashed::default(),
        shadowed: Vec::new(),
    }
}

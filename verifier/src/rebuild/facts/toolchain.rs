//! The Go installation, hashed as `verify-build toolchain` hashes it.

use std::path::Path;

use proto::inputs::Toolchain;
use proto::toolchain::{Manifest, Purpose};

use super::Unstated;
use crate::progress::Progress;
use crate::rebuild::project::Project;
use crate::toolchain::tree::Tree;

/// Returns the toolchain and the hash of all that the release's module has.
pub(super) fn of(project: &Project, unstated: &mut Unstated) -> (Toolchain, Option<String>) {
    let whole = read(Path::new(project.env("GOROOT")));
    let shaping = whole.as_ref().map(|whole| shaping(whole).h1().to_string());
    unstated.unless(shaping.is_some(), "toolchain");
    let toolchain = Toolchain {
        version: project.env("GOVERSION").to_owned(),
        h1: shaping,
    };
    (toolchain, whole.map(|whole| whole.h1().to_string()))
}

/// Hashes an installation; `None` where something in it has no hash or is not covered
/// by it, since it may be compiled or linked all the same.
fn read(goroot: &Path) -> Option<Manifest> {
    let tree = Tree::read(goroot, None, Progress::new(false)).ok()?;
    let is_whole =
        tree.unhashed.is_empty() && tree.shadowed.is_empty() && !tree.has_linkable_packages();
    is_whole.then_some(tree.manifest)
}

/// Leaves out what packagers leave out.
fn shaping(whole: &Manifest) -> Manifest {
    let mut shaping = Manifest::new(whole.release().clone());
    for (name, sha256) in whole.files() {
        if Purpose::of(name).matters() {
            shaping.insert(name, *sha256);
        }
    }
    shaping
}

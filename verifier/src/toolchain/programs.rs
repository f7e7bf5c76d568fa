//! The programs of a tree that is not the release's: whether each still is what
//! go build wrote, which tells a compiler that was built anew from one that was
//! changed by hand.

use proto::toolchain::Purpose;

use super::tree::Tree;
use crate::artifact::Artifact;
use crate::goinfo::selfcheck::SelfCheck;
use crate::progress::Progress;

/// The most programs that are looked into; releases have fewer than thirty.
const PROGRAMS_MAX: usize = 100;

/// One program.
#[derive(Debug, Clone)]
pub struct Program {
    /// Its name in the module.
    pub name: String,
    /// The Go version in it.
    pub go_version: Option<String>,
    /// Whether it is what go build wrote; `None` when that can't be told.
    pub intact: Option<bool>,
}

/// Looks into every program of a tree. One that can't be read any more is left
/// out: its hash was taken before.
pub fn read(tree: &Tree, progress: Progress) -> Vec<Program> {
    let names: Vec<&str> = tree
        .manifest
        .files()
        .map(|(name, _)| name)
        .filter(|name| Purpose::of(name) == Purpose::Program)
        .take(PROGRAMS_MAX)
        .collect();
    let bar = progress.items("checking programs", names.len() as u64);
    let programs = names.into_iter().filter_map(|name| {
        let artifact = Artifact::read(&tree.root.join(name)).ok();
        bar.add(1);
        let go = artifact?.go;
        Some(Program {
            name: name.to_owned(),
            go_version: go.version().map(str::to_owned),
            intact: match go.self_check {
                SelfCheck::Intact(_) => Some(true),
                SelfCheck::Signed { .. } | SelfCheck::Changed { .. } => Some(false),
                SelfCheck::Unknown(_) => None,
            },
        })
    });
    let programs = programs.collect();
    bar.finish();
    programs
}

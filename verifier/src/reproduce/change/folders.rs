//! Folders of the building machine that its line table does not name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proto::buildinfo::Module;
use proto::module::escape_path;

use super::{Change, View};
use crate::cause::{self, Pair};
use crate::reproduce::plan::{Folders, Plan};

/// The module cache of a program whose line table does not name it: as debug information
/// has it, or where people have it. Its path goes into package main all the same.
pub(super) fn module_cache(view: &View<'_>) -> Vec<Change> {
    let Some(folders) = &view.plan.folders else {
        return Vec::new();
    };
    let deps = view
        .given
        .go
        .info()
        .map_or(&[][..], |info| info.deps.as_slice());
    if deps.is_empty() || view.recipe.folders.module_cache.is_some() {
        return Vec::new();
    }
    let change = |why: &str, at: String| {
        Change::new(
            format!("GOMODCACHE={at}"),
            why,
            Plan {
                folders: Some(Folders {
                    module_cache: Some(at),
                    ..folders.clone()
                }),
                ..view.plan.clone()
            },
        )
    };
    let named = named_cache(view, deps);
    let named = named.map(|at| change("debug information names it", at));
    let usual = usual_caches(folders.source.as_deref());
    let usual = usual.map(|at| change("without -trimpath its path goes into the build", at));
    named.into_iter().chain(usual).collect()
}

/// Reads the module cache off what debug information says of a file.
fn named_cache(view: &View<'_>, deps: &[Module]) -> Option<String> {
    let names = ["given".to_owned(), "built".to_owned()];
    let causes = cause::explain(&Pair::new(view.given, view.built, view.diff, names));
    let mut paths = causes
        .iter()
        .filter(|cause| cause.name == cause::Name::ModuleCachePath)
        .flat_map(|cause| &cause.evidence)
        .filter_map(|evidence| evidence.a.as_deref());
    let in_path = |path: &str| {
        deps.iter().find_map(|module| {
            let inside = format!("/{}@{}/", escape_path(&module.path).ok()?, module.version);
            let (cache, _) = path.split_once(&inside)?;
            cache.starts_with('/').then(|| cache.to_owned())
        })
    };
    paths.find_map(in_path)
}

/// Where module caches are: in a home folder around the source, or in that of a container.
fn usual_caches(source: Option<&str>) -> impl Iterator<Item = String> {
    let source = Path::new(source.unwrap_or("/"));
    let around = source
        .ancestors()
        .skip(1)
        .map(|home| home.join("go/pkg/mod"));
    let others = ["/root/go/pkg/mod", "/go/pkg/mod"].map(PathBuf::from);
    let mut all: Vec<String> = around
        .chain(others)
        .filter_map(|path| path.into_os_string().into_string().ok())
        .collect();
    let mut seen = BTreeSet::new();
    all.retain(|path| seen.insert(path.clone()));
    all.truncate(CACHES_MAX);
    all.into_iter()
}

/// The most folders tried.
const CACHES_MAX: usize = 8;

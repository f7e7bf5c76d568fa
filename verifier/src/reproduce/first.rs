//! The first plans: what the file says, in terms of the source that is there. Where it
//! leaves something open, there are several.

use super::build::Bench;
use super::change::{Change, go_mod_of};
use super::given::Given;
use super::mains::{self, Main};
use super::obstacle::{Kind, Obstacle};
use super::plan::{Folders, Plan};
use super::tree::Tree;
use crate::recipe::Recipe;

/// The most ways that are tried where the file leaves one open.
const WAYS_MAX: usize = 6;

/// The path of a package that was named by its files.
const BY_FILES: &str = "command-line-arguments";

/// Returns the first plans, and what a reader should know of them.
///
/// # Errors
/// An [`Obstacle`] when the file does not tell what to build; a checkout that can't be put
/// up.
pub fn changes(bench: &Bench<'_>, given: &Given) -> anyhow::Result<(Vec<Change>, Option<String>)> {
    let (recipe, source) = (bench.recipe, bench.source);
    let tree = source.first_tree(recipe);
    let mut plan = Plan::of(recipe, &bench.toolchain.release, tree, ".".into());
    // Version control around the work folder is none of the program's.
    let is_bare = match tree {
        Tree::Commit | Tree::Untracked | Tree::Changed => !source.can_be_stamped(),
        Tree::Module => true,
        Tree::Stamped | Tree::Required | Tree::Wrapper => false,
    };
    if is_bare {
        plan = plan.with_flag("-buildvcs", Some("false"));
    }
    let note = place(bench, &mut plan);
    let is_by_files = given
        .artifact
        .go
        .info()
        .is_some_and(|info| info.path == BY_FILES);
    let changes = if is_by_files {
        by_files(bench, &plan)?
    } else if is_wrapped(recipe, given, bench) {
        wrapped(bench, given, &plan)?
    } else {
        plan.packages = vec![package(recipe, tree)?];
        vec![Change::new("as the file says", "", plan)]
    };
    Ok((changes, note))
}

/// Puts folders where the program names them; or says why that can't be.
fn place(bench: &Bench<'_>, plan: &mut Plan) -> Option<String> {
    let folders = folders(bench.recipe).filter(|_| !plan.is_trimmed())?;
    match bench.namespaces() {
        Ok(_) => {
            plan.folders = Some(folders);
            None
        }
        Err(said) => Some(format!(
            "the program names folders of the machine that built it, and here they can't be had: {said}"
        )),
    }
}

/// The folders that the program names, where this system can have such.
fn folders(recipe: &Recipe) -> Option<Folders> {
    let known = &recipe.folders;
    let folders = Folders {
        source: known.source.clone(),
        goroot: known.goroot.clone(),
        module_cache: known.module_cache.clone(),
    };
    let is_fit = {
        let all = [&folders.source, &folders.goroot, &folders.module_cache];
        let mut all = all.into_iter().flatten().peekable();
        all.peek().is_some() && all.all(|folder| folder.starts_with('/'))
    };
    is_fit.then_some(folders)
}

/// Returns the package as go build takes it in a tree.
fn package(recipe: &Recipe, tree: Tree) -> anyhow::Result<String> {
    let unknown = || Obstacle::new(Kind::File, "the file does not tell its package");
    let package = recipe.package.as_ref().ok_or_else(unknown)?;
    let named = package.value.split('@').next().unwrap_or_default();
    let module = recipe.source.module.as_deref().unwrap_or_default();
    Ok(match tree {
        Tree::Required | Tree::Wrapper => match named.strip_prefix('.') {
            Some(rest) => format!("{module}{rest}"),
            None => named.to_owned(),
        },
        Tree::Commit | Tree::Untracked | Tree::Changed | Tree::Module | Tree::Stamped => {
            match named.strip_prefix(module) {
                Some("") => ".".into(),
                Some(rest) if rest.starts_with('/') => format!(".{rest}"),
                _ => named.to_owned(),
            }
        }
    })
}

/// The package was named by its files: one file, mostly main.go, or all of a folder.
fn by_files(bench: &Bench<'_>, plan: &Plan) -> anyhow::Result<Vec<Change>> {
    let mut changes: Vec<Change> = Vec::new();
    for main in programs(bench, plan)?.iter().take(WAYS_MAX / 2) {
        let all = bench.files_of(plan, &main.package())?;
        let single: Vec<String> = all
            .iter()
            .filter(|file| *file == "main.go")
            .cloned()
            .collect();
        // Their order goes into the archive of package main.
        let (mut main_first, rest): (Vec<String>, Vec<String>) =
            all.iter().cloned().partition(|file| file == "main.go");
        main_first.extend(rest);
        for files in [single, main_first, all] {
            let packages = main.named(&files);
            let is_known = changes
                .iter()
                .any(|change| change.plan.packages == packages);
            if packages.is_empty() || is_known {
                continue;
            }
            changes.push(Change::new(
                format!("go build {}", packages.join(" ")),
                "the package was named by its files",
                Plan {
                    packages,
                    ..plan.clone()
                },
            ));
        }
    }
    if changes.is_empty() {
        let said = format!(
            "{} has no package main that can be listed",
            bench.source.name()
        );
        return Err(Obstacle::new(Kind::Source, said).into());
    }
    Ok(changes)
}

/// Says whether the main module is not the source's, and requires the source.
fn is_wrapped(recipe: &Recipe, given: &Given, bench: &Bench<'_>) -> bool {
    let Some(info) = given.artifact.go.info() else {
        return false;
    };
    let is_source = |path: &str| match bench.source.module() {
        Some(module) => module == path,
        // A checkout's module is known when it is put up.
        None => bench.source.declares(path),
    };
    let is_own = recipe.source.module.as_deref().is_some_and(is_source);
    // Package main of a dependency is built as a requirement.
    !is_own
        && recipe.source.wrapper.is_none()
        && info.deps.iter().any(|module| is_source(&module.path))
}

/// Package main is the main module's own: one with the files of the source's is likely.
fn wrapped(bench: &Bench<'_>, given: &Given, plan: &Plan) -> anyhow::Result<Vec<Change>> {
    let artifact = &given.artifact;
    let name = artifact
        .go
        .info()
        .and_then(|info| info.main.as_ref())
        .map_or("", |main| main.path.as_str());
    let last = name.rsplit('/').next().unwrap_or(name);
    let mut programs = programs(bench, plan)?;
    programs.sort_by_key(|main| main.name() != last);
    let go_mod = go_mod_of(artifact, bench.recipe);
    let package = bench
        .recipe
        .package
        .as_ref()
        .map_or(".", |package| package.value.as_str());
    let change = |main: &Main| {
        Change::new(
            format!(
                "module {name} with the files of the source's ./{}",
                main.folder
            ),
            "the main module is another one, and requires the source",
            Plan {
                tree: Tree::Wrapper,
                main: Some(main.folder.clone()),
                go_mod: Some(go_mod.clone()),
                packages: vec![package.to_owned()],
                ..plan.clone()
            },
        )
    };
    Ok(programs.iter().take(WAYS_MAX).map(change).collect())
}

fn programs(bench: &Bench<'_>, plan: &Plan) -> anyhow::Result<Vec<Main>> {
    let folder = bench.source.files(plan, bench.recipe, bench.desk)?;
    let programs = mains::find(&folder);
    if programs.is_empty() {
        let said = format!("{} has no package main", bench.source.name());
        return Err(Obstacle::new(Kind::Source, said).into());
    }
    Ok(programs)
}

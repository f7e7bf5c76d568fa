//! `verify-build toolchain`: which official Go release an installation is.
//!
//! ```text
//! claim       what it says it is
//! tree        its files, hashed as the module they were published as
//! unhashed    what lies in it and can't be hashed or named
//! settings    whom to ask about the release
//! site        files of a checksum database, from a server or a folder
//! database    its record of the release, proved
//! reference   lists of a release's file hashes; list prints one
//! fetched     the list of a release that is fetched
//! packager    who laid the installation out
//! judge       the verdict
//! difference  files that are not the release's
//! go_env      settings in which its go.env differs from the release's
//! nearness    which of several releases it comes nearest to
//! programs    of a tree that is not the release's: changed after their build?
//! outcome     everything found about one installation
//! printed     the same as printers take it; json and text write it
//! ```

pub mod claim;
pub mod database;
pub mod difference;
pub mod fetched;
pub mod go_env;
mod json;
pub mod judge;
pub mod list;
pub mod nearness;
pub mod outcome;
pub mod packager;
mod printed;
pub mod programs;
pub mod reference;
pub mod settings;
pub mod site;
mod text;
pub mod tree;
pub mod unhashed;

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use proto::note::VerifierKey;
use proto::sumdb::PUBLIC_KEY;
use proto::toolchain::Target;

use crate::args::toolchain::{Command, Toolchain};
use crate::host::{Host, locate};
use crate::report::printed::Printed;
use database::Recorded;
use judge::{Evidence, Judgement, Verdict};
use outcome::Outcome;
use packager::Packager;
use settings::{Choice, Settings};
use site::Site;
use tree::Tree;

/// Runs the command.
///
/// # Errors
/// When the installation, a list, a record or a database can't be read, or what
/// was read can't be true.
pub fn run(args: &Toolchain, host: &Host) -> anyhow::Result<Box<dyn Printed>> {
    if let Some(Command::Manifest { path, target }) = &args.command {
        let list = list::List::read(path, parse_target(target.as_deref())?, host)?;
        return Ok(Box::new(list));
    }
    let located = locate::goroot(args.goroot.as_deref(), &host.environment)?;
    let mut references = reference::read_all(&args.manifest, &args.zip)?;
    let target = parse_target(args.target.as_deref())?;
    let tree = Tree::read(&located.root, target, host.progress)?;
    let packager = Packager::of(&tree);
    let (recorded, no_record) = match record(args, host, &tree)? {
        Ok(recorded) => (Some(recorded), None),
        Err(why) => (None, Some(why)),
    };
    let is_other = |recorded: &Recorded| recorded.h1 != tree.manifest.h1();
    let mut not_fetched = None;
    if args.fetch && recorded.as_ref().is_some_and(is_other) {
        match fetched::list(&proxies(args, host)?, &tree.release) {
            Ok(list) => references.push(list),
            Err(error) => not_fetched = Some(format!("the release was not fetched: {error:#}")),
        }
    }
    let mut judgement = Judgement::of(&Evidence {
        tree: &tree,
        packager,
        recorded: recorded.as_ref(),
        believe_unproved: args.allow_unproved,
        no_record,
        references: &references,
    });
    judgement.notes.extend(located.note);
    judgement.notes.extend(not_fetched);
    let programs = match judgement.verdict {
        // The record vouches for every byte of them.
        Verdict::Official | Verdict::Repackaged => Vec::new(),
        Verdict::Modified | Verdict::Unknown => programs::read(&tree, host.progress),
    };
    let mut advice = advice(&judgement, &tree, packager, recorded.as_ref());
    // What was reached once can be reached again.
    let is_reached = args.record.is_none() && !args.fetch && recorded.is_some();
    if is_reached && judgement.basis == judge::Basis::Hash && judgement.verdict != Verdict::Official
    {
        advice.insert(0, FETCH.into());
    }
    Ok(Box::new(Outcome {
        tree,
        packager,
        recorded,
        judgement,
        programs,
        advice,
    }))
}

/// How to learn which files differ.
const FETCH: &str = "have the files named: run it again with --fetch, which asks module proxies for the release (some 70 MB)";

/// The servers that have modules.
fn proxies(args: &Toolchain, host: &Host) -> anyhow::Result<Vec<Site>> {
    match &args.sumdb {
        Some(address) => Ok(vec![Site::parse(address)?]),
        None => Settings::read(&host.environment)?.proxies(),
    }
}

/// Judges an installation by what the person's own settings lead to; or says why nobody is
/// asked. That a database can't be reached is no error.
///
/// # Errors
/// When the installation or the settings can't be read.
pub fn judge_installation(goroot: &Path, host: &Host) -> anyhow::Result<Result<Judgement, String>> {
    let choice = Settings::read(&host.environment)?.choose()?;
    if let Choice::Nobody(why) = choice {
        return Ok(Err(why));
    }
    let tree = Tree::read(goroot, None, host.progress)?;
    let (recorded, no_record) = match ask(choice, &tree, None) {
        Ok(recorded) => (Some(recorded), None),
        Err(why) => (None, Some(why)),
    };
    Ok(Ok(Judgement::of(&Evidence {
        tree: &tree,
        packager: Packager::of(&tree),
        recorded: recorded.as_ref(),
        believe_unproved: false,
        no_record,
        references: &[],
    })))
}

fn parse_target(text: Option<&str>) -> anyhow::Result<Option<Target>> {
    text.map(Target::parse).transpose().context("--target")
}

/// Gets the record of the release that a tree says it is; or says why there is none.
fn record(args: &Toolchain, host: &Host, tree: &Tree) -> anyhow::Result<Result<Recorded, String>> {
    let release = &tree.release;
    if args.offline {
        return Ok(Err("--offline was given".into()));
    }
    let key = args
        .key
        .as_deref()
        .map(VerifierKey::parse)
        .transpose()
        .context("--key")?;
    let public = || VerifierKey::parse(PUBLIC_KEY).context("the built-in key");
    if let Some(path) = &args.record {
        let key = key.map_or_else(public, Ok)?;
        let tiles = args
            .tiles
            .as_deref()
            .map(|folder| tiles(folder, key.name()))
            .transpose()?;
        let source = path.display().to_string();
        return database::open(&read_answer(path)?, release, &key, tiles.as_ref(), source).map(Ok);
    }
    if let Some(address) = &args.sumdb {
        let key = key.map_or_else(public, Ok)?;
        let routes = settings::routes_to(address, key.name())?;
        return database::look_up(&routes, release, &key).map(Ok);
    }
    let choice = Settings::read(&host.environment)?.choose()?;
    Ok(ask(choice, tree, key))
}

/// Asks the database of the person's settings; or says why there is no record.
fn ask(choice: Choice, tree: &Tree, key: Option<VerifierKey>) -> Result<Recorded, String> {
    match choice {
        Choice::Nobody(why) => Err(why),
        Choice::Ask { key: own, routes } => {
            let asked = database::look_up(&routes, &tree.release, &key.unwrap_or(own));
            // Being offline is no error of the installation: what can be said is said.
            asked.map_err(|error| format!("{error:#}"))
        }
    }
}

fn read_answer(path: &Path) -> anyhow::Result<Vec<u8>> {
    let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
    let mut bytes = Vec::new();
    file.take(database::ANSWER_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("reading {}", path.display()))?;
    Ok(bytes)
}

/// The folder of a database's files: the one named, or the one that a module mirror
/// or a module cache in it has for this database.
fn tiles(folder: &Path, database: &str) -> anyhow::Result<Site> {
    let candidates: [PathBuf; 4] = [
        folder.to_owned(),
        folder.join("sumdb").join(database),
        folder.join("cache/download/sumdb").join(database),
        folder.join(".."),
    ];
    let found = candidates
        .into_iter()
        .find(|folder| folder.join("tile").is_dir());
    match found {
        Some(folder) => Ok(Site::Folder(folder)),
        None => bail!("{}: no folder called tile in it", folder.display()),
    }
}

/// What a person can do about the verdict.
fn advice(
    judgement: &Judgement,
    tree: &Tree,
    packager: Option<Packager>,
    recorded: Option<&Recorded>,
) -> Vec<String> {
    let module = tree.release.module();
    let own_check = packager
        .filter(|packager| packager.habit().is_some())
        .and_then(Packager::own_check);
    let mut advice = Vec::new();
    match judgement.verdict {
        Verdict::Official | Verdict::Repackaged => {}
        Verdict::Unknown if recorded.is_none() => advice.push(format!(
            "have it compared: name a server with --sumdb (https://sum.golang.org, or a sumward), or save https://sum.golang.org/lookup/{} and give it with --record and --tiles",
            module.escaped()
        )),
        Verdict::Unknown if judgement.basis == judge::Basis::Nothing => advice.push(
            "prove the saved answer with --tiles, or ask a server with --sumdb".into(),
        ),
        Verdict::Unknown => advice.push(format!(
            "have the files named: verify-build toolchain manifest {}.zip > list, then --manifest list",
            module.version
        )),
        Verdict::Modified => advice.push(format!(
            "install {} anew from go.dev/dl, and find out who wrote these files",
            tree.release.version()
        )),
    }
    if matches!(judgement.verdict, Verdict::Modified | Verdict::Unknown)
        && let Some(check) = own_check
    {
        advice.push(format!("to check it against its packager: {check}"));
    }
    advice
}

#[cfg(test)]
mod made;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_saved_answer_no_more_is_read_than_shows_that_it_is_too_long() {
        let folder = tempfile::tempdir().unwrap();
        let max = usize::try_from(database::ANSWER_BYTES_MAX).unwrap();
        for (len, read) in [(3, 3), (max, max), (max + 1, max + 1), (max + 9, max + 1)] {
            let path = folder.path().join("saved");
            std::fs::write(&path, vec![b'x'; len]).unwrap();
            assert_eq!(read_answer(&path).unwrap().len(), read);
        }
        assert!(read_answer(&folder.path().join("none")).is_err());
    }

    #[test]
    fn the_files_of_a_database_lie_in_a_mirror_or_a_cache_too() {
        let at = |below: &str| {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().join("root");
            std::fs::create_dir_all(root.join(below).join("tile")).unwrap();
            tiles(&root, "sum.example").is_ok()
        };
        assert!(at("") && at("sumdb/sum.example") && at("cache/download/sumdb/sum.example"));
        assert!(at(".."), "the folder of a tile");
        assert!(!at("sumdb/other.example"));
    }
}

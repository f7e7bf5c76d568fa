//! How it is learnt what a build takes from its cache.
//!
//! Since Go 1.24 the go command asks a program for every output (GOCACHEPROG), and that
//! program is this one: it says what was asked for, found and made. Older releases use
//! the cache themselves. Then the cache is listed before and after the build, and the
//! build's log of what it hashed names the packages that it needed.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use proto::attest::observation::Evidence;
use proto::gocache::Id;
use proto::gocache::name::Entry;
use proto::hashlog::Log;

use crate::cacheprog::taken::{How, Taken};
use crate::gocache::package;
use crate::host::surroundings::Variables;
use crate::rebuild::cache::Packages;

/// The first release of Go 1 with GOCACHEPROG.
const CACHEPROG_SINCE: u32 = 24;

/// Where a build finds its cache.
#[derive(Debug, Clone, Copy)]
pub enum Origin<'a> {
    /// In its own folder.
    Own,
    /// In its own folder, and for what that lacks in another cache, which is believed.
    Beneath(&'a Path),
    /// In a record, whose files are handed out while they are what their names say.
    Record(&'a Path),
}

/// What listens to one build.
#[derive(Debug)]
pub enum Tap {
    /// The go command asks us; what it took is written to this list.
    Requests {
        /// The list.
        list: PathBuf,
    },
    /// The cache, and the actions of the packages in it before the build.
    Listing {
        /// The cache.
        cache: PathBuf,
        /// The actions.
        before: BTreeSet<Id>,
    },
}

/// Says whether a release of Go asks a program for cached outputs. One whose number
/// can't be read is under development, and newer than any that has none.
pub fn has_cacheprog(version: &str) -> bool {
    let minor = version.strip_prefix("go1.").and_then(|rest| {
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next();
        digits.and_then(|digits| digits.parse::<u32>().ok())
    });
    minor.is_none_or(|minor| minor >= CACHEPROG_SINCE)
}

impl Tap {
    /// Sets a build's variables so that it is listened to. `cache` is its own cache, and
    /// `list` a file that is not there yet.
    ///
    /// # Errors
    /// When the go command could not be told where something lies, or has no GOCACHEPROG
    /// and a record was named.
    pub fn set(
        variables: &mut Variables,
        version: &str,
        cache: &Path,
        origin: Origin<'_>,
        list: &Path,
    ) -> anyhow::Result<Self> {
        if !has_cacheprog(version) {
            let cache = match origin {
                Origin::Own => cache,
                Origin::Beneath(given) => {
                    variables.insert("GOCACHE".into(), given.into());
                    given
                }
                Origin::Record(_) => bail!(
                    "{version} asks no program for cached outputs (GOCACHEPROG came with Go 1.24); \
                     name the record as a cache: --gocache RECORD"
                ),
            };
            let packages = Packages::read(cache);
            return Ok(Self::Listing {
                cache: cache.to_owned(),
                before: packages.indexes().map(|index| index.action).collect(),
            });
        }
        let program = std::env::current_exe().context("finding this program")?;
        let mut words = vec![quoted(&program)?, "cacheprog".into()];
        match origin {
            Origin::Own => words.extend(["record".into(), quoted(cache)?]),
            Origin::Beneath(given) => {
                words.extend(["record".into(), "--beneath".into(), quoted(given)?]);
                words.push(quoted(cache)?);
            }
            Origin::Record(record) => words.extend(["serve".into(), quoted(record)?]),
        }
        words.extend(["--taken".into(), quoted(list)?]);
        variables.insert("GOCACHEPROG".into(), words.join(" ").into());
        Ok(Self::Requests {
            list: list.to_owned(),
        })
    }

    /// Returns what was learnt, now that the build has ended: what it took, and how that
    /// is known. Nothing is known where the build did not come to the point of asking.
    pub fn learnt(&self, log: Option<&Log>) -> (Evidence, Taken) {
        let taken = match self {
            Self::Requests { list } => Taken::read(list).unwrap_or_default(),
            Self::Listing { cache, before } => {
                log.map_or_else(Taken::default, |log| listed(cache, before, log))
            }
        };
        let evidence = match self {
            _ if taken.is_empty() => Evidence::None,
            Self::Requests { .. } => Evidence::Requests,
            Self::Listing { .. } => Evidence::Listing,
        };
        (evidence, taken)
    }
}

/// Returns the packages of a cache that a build needed by its log: what is there now and
/// was not before, it made.
fn listed(cache: &Path, before: &BTreeSet<Id>, log: &Log) -> Taken {
    let mut taken = Taken::default();
    for index in Packages::read(cache).indexes() {
        let is_needed = log
            .action(&index.action.part())
            .is_some_and(|block| block.hash == index.action.0);
        let how = if before.contains(&index.action) {
            How::Hit
        } else {
            How::Put
        };
        let path = cache.join(Entry::Output(index.output).path());
        if is_needed && let Ok(Some(compiled)) = package::read(&path, index.action, index.output) {
            taken.add(how, compiled);
        }
    }
    taken
}

/// Quotes a word as the go command reads it: one kind of quotation marks, nothing
/// escaped.
///
/// Source: cmd/internal/quoted
fn quoted(path: &Path) -> anyhow::Result<String> {
    let text = path.to_str().with_context(|| {
        format!(
            "{} is not UTF-8, which the go command needs; set TMPDIR to another folder",
            path.display()
        )
    })?;
    let is_plain = |c: char| !c.is_whitespace() && c != '\'' && c != '"';
    match (
        text.chars().all(is_plain),
        text.contains('\''),
        text.contains('"'),
    ) {
        (true, _, _) => Ok(text.to_owned()),
        (_, false, _) => Ok(format!("'{text}'")),
        (_, true, false) => Ok(format!("\"{text}\"")),
        (_, true, true) => bail!(
            "{text} has both kinds of quotation marks, and the go command can't be told of it; use another folder"
        ),
    }
}

/// Adds what makes the go command log what it hashes.
pub fn log_hashes(variables: &mut Variables) {
    let name = OsString::from("GODEBUG");
    let mut value = variables.get(&name).cloned().unwrap_or_default();
    if !value.is_empty() {
        value.push(",");
    }
    value.push("gocachehash=1");
    variables.insert(name, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cacheprog_came_with_go_1_24() {
        for (version, want) in [
            ("go1.21.13", false),
            ("go1.23.99 X:cacheprog", false),
            ("go1.24", true),
            ("go1.24rc1", true),
            ("go1.27.3", true),
            ("devel go1.28-1f2c3d4e", true),
        ] {
            assert_eq!(has_cacheprog(version), want, "{version}");
        }
    }

    #[test]
    fn paths_are_quoted_as_the_go_command_reads_them() {
        for (path, want) in [
            ("/a/b", "/a/b"),
            ("/a b", "'/a b'"),
            ("/a'b", "\"/a'b\""),
            ("/a\"b", "'/a\"b'"),
        ] {
            assert_eq!(quoted(Path::new(path)).unwrap(), want);
        }
        assert!(quoted(Path::new("/a'b\"")).is_err());
    }

    #[test]
    fn hashes_are_logged_beside_what_else_is_asked_for() {
        let mut variables = Variables::new();
        log_hashes(&mut variables);
        assert_eq!(variables[&OsString::from("GODEBUG")], "gocachehash=1");
        variables.insert("GODEBUG".into(), "x=1".into());
        log_hashes(&mut variables);
        assert_eq!(variables[&OsString::from("GODEBUG")], "x=1,gocachehash=1");
    }
}

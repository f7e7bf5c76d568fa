//! The packages that a build consumed: which archive came of which action.
//!
//! A list has a line for each package archive that was linked or imported, sorted by
//! bytes:
//!
//! ```text
//! <action> <output> <content> <import path>
//! ```
//!
//! Action and output are the two hashes of the build cache's index, in hexadecimal;
//! content is the second part of the archive's build ID, which the link's preimage
//! names. The *closure root* is the hash of the tree of RFC 6962 over one record
//! `<action> <output>\n` a line, so that a single package can be proved to be in it.
//! Module indexes and files that cgo generates are left out: they are the machine's
//! own, and rightly differ between hosts whose archives agree.
//!
//! ```
//! use proto::attest::closure::{Closure, Package};
//! use proto::attest::digest::Digest;
//! use proto::buildid::Part;
//!
//! let package = Package {
//!     action: Digest::of(b"action"),
//!     output: Digest::of(b"archive"),
//!     content: Part::from_sha256(&[0; 32]),
//!     path: "example.com/p".into(),
//! };
//! let closure = Closure::new([package])?;
//! assert_eq!(Closure::parse(closure.bytes().as_slice())?, closure);
//! assert_eq!(closure.summary().count, 1);
//! # Ok::<(), proto::attest::closure::Error>(())
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::digest::{self, Digest};
use crate::buildid::{self, Part};
use crate::hashlog::Block;
use crate::hashlog::preimage::{self, PACKAGE_FILE, PACKAGE_MAIN};
use crate::tlog::{HashTree, record_hash};

/// The ending of a file that has a list; its name is the digest of the list.
pub const FILE_EXTENSION: &str = "closure";

/// The most packages of a list.
pub const PACKAGES_MAX: usize = 100_000;

/// The longest list, in bytes.
pub const LEN_MAX: usize = 32 << 20;

/// The longest import path, in bytes.
const PATH_LEN_MAX: usize = 4096;

/// Why a list was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is longer than what is read.
    #[error("list of {len} bytes is longer than {max}")]
    TooLong {
        /// Bytes of the list.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// It has more packages than are read.
    #[error("list of {len} packages is longer than {max}")]
    TooMany {
        /// Packages of the list.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// It is not UTF-8, or its last line does not end.
    #[error("not the text of a list")]
    NotText,
    /// A line is not of four fields.
    #[error("line {number}: {why}")]
    Line {
        /// Its number, from 1.
        number: usize,
        /// What is wrong.
        why: String,
    },
    /// A line does not come after the one before it.
    #[error("line {number} is not in order")]
    Order {
        /// Its number, from 1.
        number: usize,
    },
    /// One action has two outputs.
    #[error("action {action} has two outputs")]
    TwoOutputs {
        /// The action.
        action: Digest,
    },
}

/// One package archive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Package {
    /// What went into it, as the build cache names it.
    pub action: Digest,
    /// SHA-256 of the archive.
    pub output: Digest,
    /// The second part of the archive's build ID.
    pub content: Part,
    /// The import path.
    pub path: String,
}

/// The list of a build, sorted, each action once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closure {
    packages: Vec<Package>,
}

/// What an observation says of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// The closure root, in hexadecimal.
    pub root: Digest,
    /// How many packages there are.
    pub count: u64,
    /// SHA-256 of the list, by which its file is named.
    pub list: Digest,
}

impl Closure {
    /// Sorts packages; equal ones are taken once.
    ///
    /// # Errors
    /// [`Error::TwoOutputs`], [`Error::TooMany`], [`Error::Line`] for an import path that
    /// a line cannot hold.
    pub fn new(packages: impl IntoIterator<Item = Package>) -> Result<Self, Error> {
        let mut packages: Vec<Package> = packages.into_iter().collect();
        packages.sort_unstable();
        packages.dedup();
        for (index, package) in packages.iter().enumerate() {
            check_path(&package.path).map_err(|why| Error::Line {
                number: index + 1,
                why,
            })?;
        }
        Self { packages }.checked()
    }

    /// Parses a list.
    ///
    /// # Errors
    /// [`enum@Error`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let (len, max) = (bytes.len(), LEN_MAX);
        if len > max {
            return Err(Error::TooLong { len, max });
        }
        let text = str::from_utf8(bytes).map_err(|_| Error::NotText)?;
        if !text.is_empty() && !text.ends_with('\n') {
            return Err(Error::NotText);
        }
        let mut packages: Vec<Package> = Vec::new();
        for (index, line) in text.split_terminator('\n').enumerate() {
            let number = index + 1;
            let package = Package::parse(line).map_err(|why| Error::Line { number, why })?;
            if packages.last().is_some_and(|last| *last >= package) {
                return Err(Error::Order { number });
            }
            packages.push(package);
        }
        Self { packages }.checked()
    }

    fn checked(self) -> Result<Self, Error> {
        let (len, max) = (self.packages.len(), PACKAGES_MAX);
        if len > max {
            return Err(Error::TooMany { len, max });
        }
        let mut pairs = self.packages.windows(2);
        match pairs.find(|pair| pair[0].action == pair[1].action) {
            Some(pair) => Err(Error::TwoOutputs {
                action: pair[0].action,
            }),
            None => Ok(self),
        }
    }

    /// Returns the packages, sorted.
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// Returns the text of the list.
    pub fn bytes(&self) -> Vec<u8> {
        let line = |package: &Package| {
            let (action, output) = (package.action, package.output);
            format!("{action} {output} {} {}\n", package.content, package.path)
        };
        self.packages.iter().map(line).collect::<String>().into()
    }

    /// Returns what an observation says of the list.
    pub fn summary(&self) -> Summary {
        let mut tree = HashTree::default();
        for package in &self.packages {
            let record = format!("{} {}\n", package.action, package.output);
            tree.push(record_hash(record.as_bytes()));
        }
        Summary {
            root: Digest(tree.tree().hash.0),
            count: self.packages.len() as u64,
            list: Digest::of(&self.bytes()),
        }
    }

    /// Returns the import paths of packages that the link's preimage names, package main
    /// among them, and the list has not with that content.
    pub fn missing(&self, link: &Link) -> Vec<String> {
        let held = self.packages.iter();
        let held: BTreeMap<&str, Vec<Part>> = held.fold(BTreeMap::new(), |mut held, package| {
            held.entry(&package.path).or_default().push(package.content);
            held
        });
        let is_missing = |(path, content): &(&String, &Part)| {
            held.get(path.as_str())
                .is_none_or(|held| !held.contains(content))
        };
        let missing = link.packages.iter().filter(is_missing);
        missing.map(|(path, _)| path.clone()).collect()
    }
}

impl Package {
    fn parse(line: &str) -> Result<Self, String> {
        let mut fields = line.splitn(4, ' ');
        let mut next = || fields.next().ok_or("fewer than four fields");
        let (action, output, content, path) = (next()?, next()?, next()?, next()?);
        check_path(path)?;
        Ok(Self {
            action: Digest::parse(action).map_err(|error: digest::Error| error.to_string())?,
            output: Digest::parse(output).map_err(|error: digest::Error| error.to_string())?,
            content: Part::parse(content).map_err(|error: buildid::Error| error.to_string())?,
            path: path.to_owned(),
        })
    }
}

fn check_path(path: &str) -> Result<(), String> {
    let is_bad = |letter: char| letter.is_control() || letter == ' ';
    if path.is_empty() || path.len() > PATH_LEN_MAX || path.contains(is_bad) {
        return Err("no import path".to_owned());
    }
    Ok(())
}

/// What the preimage of a link names: the contents of the packages that were linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Part A of the build ID of the program that was linked.
    pub action: Part,
    /// Content IDs by import path, package main among them.
    pub packages: BTreeMap<String, Part>,
    /// The whole build ID of package main, where it is named.
    pub main: Option<String>,
}

impl Link {
    /// Reads the bytes that the go command hashed into a link's action. Whose link it
    /// is, is told by [`Link::action`] alone.
    pub fn of(preimage: &[u8]) -> Self {
        let text = String::from_utf8_lossy(preimage);
        // The release's name has no line end of its own: the first line of a link
        // follows it at once.
        let (release, rest) = match text.find("link\n") {
            Some(at) => text.split_at(at),
            None => ("", text.as_ref()),
        };
        let mut lines = vec![release.to_owned()];
        lines.extend(rest.split_inclusive('\n').map(str::to_owned));
        let hash = Digest::of(preimage).0;
        let block = Block {
            name: String::new(),
            lines,
            hash,
        };
        let mut link = Self {
            action: block.part(),
            packages: BTreeMap::new(),
            main: None,
        };
        for (key, line) in preimage::lines(&block) {
            match key.word.as_str() {
                PACKAGE_FILE => {
                    let value = line.rsplit_once('=').map(|(_, value)| value);
                    if let Some(content) = value.and_then(|value| Part::parse(value).ok()) {
                        link.packages.insert(key.subject, content);
                    }
                }
                PACKAGE_MAIN => link.main = line.split_once(' ').map(|(_, id)| id.to_owned()),
                _ => {}
            }
        }
        link
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(action: u8, output: u8, path: &str) -> Package {
        Package {
            action: Digest([action; 32]),
            output: Digest([output; 32]),
            content: Part::from_sha256(&[output; 32]),
            path: path.to_owned(),
        }
    }

    #[test]
    fn a_list_is_sorted_and_its_root_is_that_of_rfc_6962() {
        let (one, two) = (package(1, 9, "b"), package(2, 8, "a"));
        let closure = Closure::new([two.clone(), one.clone(), two]).unwrap();
        let content = one.content;
        let lines: Vec<String> = [(1, 9), (2, 8)]
            .map(|(action, output)| format!("{} {}\n", Digest([action; 32]), Digest([output; 32])))
            .into();
        let [left, right] = [0, 1].map(|index| record_hash(lines[index].as_bytes()));
        let summary = closure.summary();
        assert_eq!(summary.root.0, crate::tlog::node_hash(left, right).0);
        assert_eq!(summary.count, 2);
        assert_eq!(summary.list, Digest::of(&closure.bytes()));
        let text = String::from_utf8(closure.bytes()).unwrap();
        let first = format!("{} {content} b", lines[0].trim_end());
        assert_eq!(text.lines().next(), Some(first.as_str()));
        assert_eq!(Closure::parse(text.as_bytes()).unwrap(), closure);
    }

    #[test]
    fn a_content_and_a_path_change_the_list_and_not_the_root() {
        let one = Closure::new([package(1, 2, "a")]).unwrap().summary();
        let mut other = package(1, 2, "b");
        other.content = Part::from_sha256(&[7; 32]);
        let other = Closure::new([other]).unwrap().summary();
        assert_eq!(one.root, other.root);
        assert_ne!(one.list, other.list);
    }

    #[test]
    fn what_is_no_sorted_list_is_refused() {
        let good = Closure::new([package(1, 2, "a"), package(2, 2, "b")]).unwrap();
        let text = String::from_utf8(good.bytes()).unwrap();
        let (first, second) = text.split_at(text.len() / 2);
        for bad in [
            text.trim_end().to_owned(),
            format!("{second}{first}"),
            format!("{first}{first}"),
            text.replacen("01", "0A", 1),
            text.replace(" a\n", "\n"),
            text.replace(" a\n", " a b\n"),
            format!("{text}\n"),
        ] {
            assert!(Closure::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(Closure::parse(b"\xff\n").is_err());
        assert_eq!(
            Closure::new([package(1, 2, "a"), package(1, 3, "a")]),
            Err(Error::TwoOutputs {
                action: Digest([1; 32])
            })
        );
        assert!(Closure::new([package(1, 2, "a\nb")]).is_err());
        assert_eq!(Closure::parse(b"").unwrap(), Closure::default());
    }

    #[test]
    fn a_preimage_names_the_packages_of_its_link() {
        let content = Part::from_sha256(&[2; 32]);
        let preimage = format!(
            "go1.27.3link\nbuildmode exe goos \"linux\" goarch \"amd64\"\n\
             packagefile example.com/tool={content}\npackagefile fmt={content}\n\
             packagemain {content}/{content}\n"
        );
        let link = Link::of(preimage.as_bytes());
        assert_eq!(
            link.action,
            Part::from_sha256(&Digest::of(preimage.as_bytes()).0)
        );
        assert_eq!(link.packages.len(), 2);
        assert_eq!(link.main, Some(format!("{content}/{content}")));
        let closure = Closure::new([package(1, 2, "fmt")]).unwrap();
        assert_eq!(closure.missing(&link), ["example.com/tool"]);
        let other = Closure::new([package(1, 3, "fmt")]).unwrap();
        assert_eq!(other.missing(&link), ["example.com/tool", "fmt"]);
    }
}

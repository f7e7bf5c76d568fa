//! Which compiled packages a build took in, as a session saw it: found in the cache, or
//! made and handed over; and whether each was what its entry says.
//!
//! ```text
//! hit sound <action> <output> <content> <import path>
//! put sound <action> <output> <content> <import path>
//! ```
//!
//! The output is the hash of the file as it was read, not the one that its entry
//! claims. A package that the build asks for again after it has handed it over was made:
//! a build from an empty cache has no hit, then.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use proto::attest::closure::{Closure, PACKAGES_MAX};
use proto::attest::digest::Digest;

use crate::gocache::package::{Compiled, State};

/// The longest list read, in bytes.
const LIST_BYTES_MAX: u64 = 64 << 20;

/// The packages, by action.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken(BTreeMap<Digest, (How, Compiled)>);

/// Where a package came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The cache had it.
    Hit,
    /// The build made it.
    Put,
}

impl How {
    fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Put => "put",
        }
    }
}

impl Taken {
    /// Notes a package; of one action the last.
    pub fn add(&mut self, how: How, compiled: Compiled) {
        self.0.insert(compiled.package.action, (how, compiled));
    }

    /// Reads the list that a session wrote.
    ///
    /// # Errors
    /// When it can't be read or is not a list.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let reading = || format!("reading {}", path.display());
        let mut text = String::new();
        fs::File::open(path)
            .and_then(|file| file.take(LIST_BYTES_MAX).read_to_string(&mut text))
            .with_context(reading)?;
        Self::parse(&text).with_context(|| format!("{} is not a list of packages", path.display()))
    }

    /// Reads a list as [`text`](Self::text) gives it; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let mut taken = Self::default();
        for line in text.lines() {
            let mut words = line.splitn(3, ' ');
            let how = match words.next()? {
                "hit" => How::Hit,
                "put" => How::Put,
                _ => return None,
            };
            let state = State::parse(words.next()?)?;
            let one = Closure::parse(format!("{}\n", words.next()?).as_bytes()).ok()?;
            let [package] = one.packages() else {
                return None;
            };
            let is_known = taken.0.contains_key(&package.action);
            if is_known || taken.0.len() >= PACKAGES_MAX {
                return None;
            }
            let package = package.clone();
            taken.add(how, Compiled { package, state });
        }
        Some(taken)
    }

    /// Returns the list.
    pub fn text(&self) -> String {
        let line = |(how, one): &(How, Compiled)| {
            let (package, state) = (&one.package, one.state.as_str());
            format!(
                "{} {state} {} {} {} {}\n",
                how.as_str(),
                package.action,
                package.output,
                package.content,
                package.path
            )
        };
        self.0.values().map(line).collect()
    }

    /// Returns how many packages there are of one origin.
    pub fn count(&self, wanted: How) -> u64 {
        self.0.values().filter(|(how, _)| *how == wanted).count() as u64
    }

    /// Returns the import paths of those that are in a state.
    pub fn in_state(&self, wanted: State) -> Vec<&str> {
        let these = self.0.values().filter(|(_, one)| one.state == wanted);
        these.map(|(_, one)| one.package.path.as_str()).collect()
    }

    /// Says whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the packages as an observation has them.
    ///
    /// # Errors
    /// When there are more than an observation may have.
    pub fn closure(&self) -> anyhow::Result<Closure> {
        let packages = self.0.values().map(|(_, one)| one.package.clone());
        Closure::new(packages).context("listing the packages of a build")
    }
}

#[cfg(test)]
mod tests {
    use proto::attest::closure::Package;
    use proto::buildid::Part;

    use super::*;

    fn compiled(action: u8, state: State) -> Compiled {
        Compiled {
            package: Package {
                action: Digest([action; 32]),
                output: Digest([9; 32]),
                content: Part::from_sha256(&[7; 32]),
                path: "example.com/a b".replace(' ', "/"),
            },
            state,
        }
    }

    #[test]
    fn a_list_that_is_read_is_the_one_that_was_written() {
        let mut taken = Taken::default();
        taken.add(How::Hit, compiled(1, State::Poisoned));
        taken.add(How::Put, compiled(2, State::Sound));
        taken.add(How::Put, compiled(3, State::Unjudged));
        let text = taken.text();
        assert_eq!(Taken::parse(&text), Some(taken.clone()));
        assert_eq!((taken.count(How::Hit), taken.count(How::Put)), (1, 2));
        assert_eq!(taken.in_state(State::Poisoned), ["example.com/a/b"]);
        assert_eq!(taken.closure().unwrap().summary().count, 3);
        for broken in [
            text.replace("hit", "had"),
            text.replace("sound", "round"),
            text.replace("0202", "020"),
            format!("{text}{text}"),
            text.replace('\n', " x\n"),
        ] {
            assert_eq!(Taken::parse(&broken), None, "{broken}");
        }
        assert_eq!(Taken::parse(""), Some(Taken::default()));
    }
}

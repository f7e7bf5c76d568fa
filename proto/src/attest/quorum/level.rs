//! Levels, and marks beside them.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// How much is shown. What each level rests on is written in
/// [`crate::attest::certify`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// Two builds on one host gave the same bytes.
    L0,
    /// A cold and a warm one did, and consumed the same packages.
    L1,
    /// Cold ones on hosts of two images did.
    L2,
    /// Each package that a shared cache gave was made anew elsewhere.
    L3,
    /// That is so for enough groups, everything is logged, and nobody dissents.
    L4,
}

impl Level {
    /// Every level, the lowest first.
    pub const ALL: [Self; 5] = [Self::L0, Self::L1, Self::L2, Self::L3, Self::L4];

    /// Returns what the level claims, in a sentence without its subject.
    pub fn claim(self) -> &'static str {
        match self {
            Self::L0 => "two builds on one host gave the same bytes",
            Self::L1 => {
                "an empty and a filled build cache on one host gave the same bytes from the same packages"
            }
            Self::L2 => "hosts of different images gave the same bytes from empty build caches",
            Self::L3 => {
                "every package that a build took from its build cache was made anew, to the same bytes, by a host that does not share that cache"
            }
            Self::L4 => {
                "the same holds for enough independent groups, every observation is in the log, and none contradicts"
            }
        }
    }

    /// Returns what the level does not show.
    pub fn not_shown(self) -> &'static str {
        match self {
            Self::L0 => {
                "causes that lie in this host, such as a poisoned build cache, are not looked for"
            }
            Self::L1 => "a host that lies, and what depends on its paths, are not looked for",
            Self::L2 => {
                "what hosts share, such as a poisoned shared build cache or an image of one origin, is not looked for"
            }
            Self::L3 => {
                "a build cache and a host that agree to lie are not found, nor what lies in the cache and was not consumed"
            }
            Self::L4 => {
                "bad source and a compiler that is bad for everybody are not found, nor as many groups that agree to lie as the quorum asks for, nor, without +X, a log that shows others another history"
            }
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What is shown beside a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Mark {
    /// The toolchain is in the checksum database.
    T,
    /// The modules are in the checksum database.
    M,
    /// Everything was signed after a nonce was given out.
    F,
    /// Everything is in a log whose head witnesses have cosigned.
    X,
}

impl Mark {
    /// Every mark, in order.
    pub const ALL: [Self; 4] = [Self::T, Self::M, Self::F, Self::X];

    /// Returns what the mark claims.
    pub fn claim(self) -> &'static str {
        match self {
            Self::T => "the Go toolchain is the one in the checksum database",
            Self::M => "all modules are those in the checksum database",
            Self::F => {
                "every observation was signed after the nonce was given out, whenever its build was made"
            }
            Self::X => {
                "every observation is in one history of the log, under heads that enough witnesses have cosigned"
            }
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A level and marks. `parse` and `Display` are inverses: `L3+T+M`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The level.
    pub level: Level,
    /// The marks.
    pub marks: BTreeSet<Mark>,
}

impl Wanted {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let bad = || {
            format!(
                "{text:?} is not a level: want L0, L1, L2, L3 or L4, and marks as in L3+T+M+F+X"
            )
        };
        let mut words = text.split('+');
        let level = words.next().unwrap_or_default();
        let mut levels = Level::ALL.into_iter();
        let level = levels
            .find(|known| known.to_string() == level)
            .ok_or_else(bad)?;
        let mut marks = BTreeSet::new();
        for word in words {
            let mut known = Mark::ALL.into_iter();
            let mark = known
                .find(|known| known.to_string() == word)
                .ok_or_else(bad)?;
            if !marks.insert(mark) {
                return Err(bad());
            }
        }
        Ok(Self { level, marks })
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.level)?;
        self.marks.iter().try_for_each(|mark| write!(f, "+{mark}"))
    }
}

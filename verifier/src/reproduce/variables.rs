//! What `-ldflags=-X` set, read off a program without symbols.
//!
//! A build of the same code that has symbols says where the code speaks of each string
//! variable, and the given program has its own variable at that very place.
//!
//! ```text
//! main.main+0x2d   488b05 7c3f0a00   MOVQ main.version(SB), AX    with symbols
//! main.main+0x2d   488b05 9c1b0a00   MOVQ ?(SB), AX               the given program
//! ```
//!
//! So nothing depends on where data lies, which other flags move. A variable that no code
//! of both programs speaks of is not found.

mod references;

use std::collections::HashMap;

use crate::artifact::Artifact;
use crate::goinfo::functions::{Function, Functions};
use crate::goinfo::number;
use crate::goinfo::pclntab::Found;
use crate::goinfo::symbols::Symbols;

/// The most variables looked for.
const VARIABLES_MAX: usize = 200_000;

/// The most bytes between a string and the symbol behind it.
const PADDING_MAX: u64 = 64;

/// The longest text read, in bytes.
const TEXT_LEN_MAX: u64 = 4096;

/// A string variable whose text differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name as `-X` takes it.
    pub name: String,
    /// Its text in the given program.
    pub value: String,
}

/// Symbols that the go command and the linker make themselves.
const GO_OWN: [&str; 7] = [
    "go:",
    "go.",
    "type:",
    "type.",
    "runtime.",
    "_cgo",
    "cmd/internal/objabi.",
];

/// Finds the string variables that have another text in `given` than in `known`, which has
/// symbols; sorted by name.
pub fn differing(given: &Artifact, known: &Artifact) -> Vec<Variable> {
    let mut found = Vec::new();
    let goarch = known.image.machine.goarch.unwrap_or_default();
    if given.image.machine != known.image.machine {
        return found;
    }
    let symbols = Symbols::read(known.bytes(), &known.image);
    let word = u64::from(known.image.machine.bits.unwrap_or(64)) / 8;
    let candidates = candidates(&symbols, word, known);
    let tables = (
        Found::in_image(given.bytes(), &given.image),
        Found::in_image(known.bytes(), &known.image),
    );
    let (Some(table_given), Some(table_known)) = &tables else {
        return found;
    };
    let functions = (
        Functions::read(given.bytes(), &given.image, table_given),
        Functions::read(known.bytes(), &known.image, table_known),
    );
    let (Some(of_given), Some(of_known)) = &functions else {
        return found;
    };
    let by_name = unique(of_given);
    let mut votes: HashMap<u64, HashMap<u64, usize>> = HashMap::new();
    for function in &of_known.all {
        let Some(other) = by_name.get(function.name) else {
            continue;
        };
        let code = [(known, function), (given, *other)].map(|(artifact, function)| {
            let bytes = artifact.bytes().get(function.range.clone());
            (bytes.unwrap_or_default(), function.address)
        });
        references::pairs(goarch, code, |mine, theirs| {
            let at = [0, word].into_iter().find(|part| {
                let start = mine.checked_sub(*part);
                start.is_some_and(|start| candidates.contains_key(&start))
            });
            let Some(part) = at else {
                return false;
            };
            if let Some(place) = theirs.checked_sub(part) {
                *votes
                    .entry(mine - part)
                    .or_default()
                    .entry(place)
                    .or_default() += 1;
            }
            true
        });
    }
    for (address, places) in votes {
        // Every place in the code must agree.
        let [place] = *places.keys().copied().collect::<Vec<_>>() else {
            continue;
        };
        let own = text(known, address, word);
        let value = text(given, place, word);
        let (Some(own), Some(value)) = (own.known(), value.known()) else {
            continue;
        };
        if value != own
            && let Some(name) = candidates.get(&address)
        {
            found.push(Variable {
                name: (*name).to_owned(),
                value,
            });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// Places of the size of a string, that may be written, by address.
fn candidates<'a>(symbols: &Symbols<'a>, word: u64, known: &Artifact) -> HashMap<u64, &'a str> {
    let is_code = |address: u64| {
        let range = known.image.range_at(address, 1);
        range.is_some_and(|range| {
            let mut executable = known.image.executable.iter();
            executable.any(|code| code.contains(&range.start))
        })
    };
    let is_candidate = |name: &str| {
        name.contains('.')
            && !name.contains("..")
            && !GO_OWN.iter().any(|own| name.starts_with(own))
    };
    // Where symbols have no ends, what pads the next one counts as theirs.
    let padding = if symbols.tells_ends() { 0 } else { PADDING_MAX };
    let sizes = 2 * word..=2 * word + padding;
    symbols
        .all()
        .filter(|symbol| sizes.contains(&symbol.size) && is_candidate(symbol.name))
        .filter(|symbol| !is_code(symbol.address))
        .take(VARIABLES_MAX)
        .map(|symbol| (symbol.address, symbol.name))
        .collect()
}

/// Functions whose name one alone has.
fn unique<'f, 'a>(functions: &'f Functions<'a>) -> HashMap<&'a str, &'f Function<'a>> {
    let mut by_name: HashMap<&str, Option<&Function<'_>>> = HashMap::new();
    for function in &functions.all {
        by_name
            .entry(function.name)
            .and_modify(|known| *known = None)
            .or_insert(Some(function));
    }
    by_name
        .into_iter()
        .filter_map(|(name, function)| Some((name, function?)))
        .collect()
}

/// What is at an address where a string may be.
enum Text {
    /// A string.
    Known(String),
    /// Memory that begins as zero: an empty string.
    Zero,
    /// No string.
    Other,
}

impl Text {
    fn known(self) -> Option<String> {
        match self {
            Self::Known(text) => Some(text),
            Self::Zero => Some(String::new()),
            Self::Other => None,
        }
    }
}

/// Reads the string whose pointer and length are at an address.
fn text(artifact: &Artifact, address: u64, word: u64) -> Text {
    let (bytes, image) = (artifact.bytes(), &artifact.image);
    let Ok(size) = usize::try_from(word) else {
        return Text::Other;
    };
    let Some(header) = image.range_at(address, 2 * size) else {
        return Text::Zero;
    };
    let read = || {
        let pointer = number(bytes, header.start, size, image)?;
        let len = number(bytes, header.start + size, size, image)?;
        if len == 0 {
            return Some(String::new());
        }
        let len = usize::try_from(len).ok().filter(|_| len <= TEXT_LEN_MAX)?;
        let range = image.range_at(pointer, len)?;
        String::from_utf8(bytes.get(range)?.to_vec()).ok()
    };
    read().map_or(Text::Other, Text::Known)
}

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

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use crate::artifact::Artifact;
use crate::diff::references;
use crate::goinfo::number;
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
    let symbols = Symbols::read(known.bytes(), &known.image);
    let word = u64::from(known.image.machine.bits.unwrap_or(64)) / 8;
    let candidates = candidates(&symbols, word, known);
    let mut places: HashMap<u64, HashSet<u64>> = HashMap::new();
    references::visit(known, given, &mut |reference| {
        let [ours, theirs] = reference.addresses;
        // Code names the pointer or the length behind it.
        for part in [0, word] {
            let starts = [ours, theirs].map(|address| address.checked_sub(part));
            let [Some(start), Some(place)] = starts else {
                continue;
            };
            if candidates.contains_key(&start) {
                places.entry(start).or_default().insert(place);
                break;
            }
        }
        ControlFlow::Continue(())
    });
    let differing = |(start, places): (&u64, &HashSet<u64>)| {
        // Every place in the code must agree.
        let place = places.iter().next().filter(|_| places.len() == 1)?;
        let (own, value) = (text(known, *start, word)?, text(given, *place, word)?);
        (own != value).then_some(Variable {
            name: (*candidates.get(start)?).to_owned(),
            value,
        })
    };
    let mut found: Vec<Variable> = places.iter().filter_map(differing).collect();
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

/// Reads the string whose pointer and length are at an address; memory that begins as zero
/// is an empty one. `None` where no string is there.
fn text(artifact: &Artifact, address: u64, word: u64) -> Option<String> {
    let (bytes, image) = (artifact.bytes(), &artifact.image);
    let size = usize::try_from(word).ok()?;
    let Some(header) = image.range_at(address, 2 * size) else {
        return Some(String::new());
    };
    let pointer = number(bytes, header.start, size, image)?;
    let len = number(bytes, header.start + size, size, image)?;
    if len == 0 {
        return Some(String::new());
    }
    let len = usize::try_from(len).ok().filter(|_| len <= TEXT_LEN_MAX)?;
    let range = image.range_at(pointer, len)?;
    String::from_utf8(bytes.get(range)?.to_vec()).ok()
}

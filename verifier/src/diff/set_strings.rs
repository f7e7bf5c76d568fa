//! String variables that the linker set in one build and not, or otherwise, in the other.
//!
//! The same function names one variable in both files, wherever it lies; so a variable is
//! known even where everything moved, and where it has no value in one file and so no bytes
//! there. The linker ends the text that it puts in by NUL; strings of the source stand side
//! by side without.
//!
//! Source: cmd/link/internal/ld/data.go addstrdata

use std::ops::Range;

use super::references;
use super::strings::is_printable;
use crate::artifact::Artifact;
use crate::goinfo;

/// The most variables kept.
const KEPT_MAX: usize = 100;

/// The longest text looked at, in bytes.
const TEXT_LEN_MAX: usize = 1 << 16;

/// Sections of variables with a value that hold pointers.
const WRITABLE: [&str; 3] = [".data", "__data", "data"];

/// A string variable, in both files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetString {
    /// Its address in each file.
    pub addresses: [u64; 2],
    /// The pointer and length in each file; `None` where it has no value.
    pub headers: [Option<Range<usize>>; 2],
    /// Its text in each file; `None` where it has no value.
    pub texts: [Option<Range<usize>>; 2],
    /// Whether each text looks like one that the linker put in.
    pub is_set: [bool; 2],
    /// A function that uses it.
    pub used_in: String,
}

/// Finds such variables; none where files are not alike enough for code to tell.
pub fn find(a: &Artifact, b: &Artifact) -> Vec<SetString> {
    references::found([a, b], KEPT_MAX, |reference| {
        variable([a, b], reference.addresses, reference.function)
    })
}

fn variable(files: [&Artifact; 2], addresses: [u64; 2], used_in: &str) -> Option<SetString> {
    let sides = [0, 1].map(|side| value(files[side], addresses[side]));
    let [Some(one), Some(other)] = &sides else {
        return None;
    };
    let text = |side: usize, value: &Value| {
        let range = value.text.clone()?;
        files[side].bytes().get(range)
    };
    let (text_a, text_b) = (text(0, one), text(1, other));
    // Equal texts of one kind are the same variable with the same value.
    let is_set = [one.is_set, other.is_set];
    let differs = text_a != text_b || is_set[0] != is_set[1];
    if !differs || is_set == [false, false] {
        return None;
    }
    // What has bytes on one side has bytes or none on the other, and nothing else.
    Some(SetString {
        addresses,
        headers: [one.header.clone(), other.header.clone()],
        texts: [one.text.clone(), other.text.clone()],
        is_set,
        used_in: used_in.to_owned(),
    })
}

/// What a string variable holds.
struct Value {
    header: Option<Range<usize>>,
    text: Option<Range<usize>>,
    is_set: bool,
}

/// Reads a string variable at an address; `None` where something else lies there.
fn value(artifact: &Artifact, address: u64) -> Option<Value> {
    let (bytes, image) = (artifact.bytes(), &artifact.image);
    let word = usize::from(image.machine.bits.unwrap_or(64) / 8);
    if !address.is_multiple_of(word as u64) {
        return None;
    }
    let Some(header) = image.range_at(address, 2 * word) else {
        // Variables without a value have memory and no bytes in the file.
        return image.has_memory_at(address).then_some(Value {
            header: None,
            text: None,
            is_set: false,
        });
    };
    let region = image.region_at(header.start)?;
    if !WRITABLE.contains(&region.name.as_str()) {
        return None;
    }
    let number = |at| goinfo::number(bytes, at, word, image);
    let (pointer, len) = (number(header.start)?, number(header.start + word)?);
    let none = Value {
        header: Some(header),
        text: None,
        is_set: false,
    };
    if (pointer, len) == (0, 0) {
        return Some(none);
    }
    let len = usize::try_from(len)
        .ok()
        .filter(|len| (1..=TEXT_LEN_MAX).contains(len))?;
    let range = image.range_at(pointer, len)?;
    let is_constant = image
        .region_at(range.start)
        .is_some_and(|region| !WRITABLE.contains(&region.name.as_str()));
    let text = bytes.get(range.clone())?;
    let is_text = is_constant
        && text.iter().all(|byte| is_printable(*byte))
        && std::str::from_utf8(text).is_ok();
    is_text.then(|| Value {
        is_set: bytes.get(range.end) == Some(&0),
        text: Some(range),
        ..none
    })
}

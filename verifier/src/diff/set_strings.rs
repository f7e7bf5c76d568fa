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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::made::{program, words};
    use crate::image::Content;

    /// A program with a variable at 0x9_0000, and memory behind it.
    fn with(text: &[u8], pointer: u64, len: u64) -> Artifact {
        let mut artifact = program(&[
            (".rodata", Content::Data, 0x1000, text),
            (".data", Content::Data, 0x9_0000, &words(&[pointer, len])),
        ]);
        artifact.image.segments[1].memory = 0x100;
        artifact
    }

    /// What a variable holds: whether it has bytes, its text, and whether that is set.
    fn held(artifact: &Artifact, address: u64) -> Option<(bool, Option<&[u8]>, bool)> {
        let value = value(artifact, address)?;
        let text = value.text.map(|text| &artifact.bytes()[text]);
        Some((value.header.is_some(), text, value.is_set))
    }

    #[test]
    fn the_linker_ends_a_text_by_nul() {
        let set = with(b"a text\0more", 0x1000, 6);
        assert_eq!(
            held(&set, 0x9_0000),
            Some((true, Some(b"a text".as_slice()), true))
        );
        let own = with(b"a text, and more", 0x1000, 6);
        assert_eq!(
            held(&own, 0x9_0000),
            Some((true, Some(b"a text".as_slice()), false))
        );
        let empty = with(b"", 0, 0);
        assert_eq!(held(&empty, 0x9_0000), Some((true, None, false)));
        // Memory without bytes holds no value, and beyond it there is nothing.
        assert_eq!(held(&set, 0x9_0010), Some((false, None, false)));
        assert_eq!(held(&set, 0x9_00f8), Some((false, None, false)));
        assert_eq!(held(&set, 0x9_0100), None);
    }

    #[test]
    fn what_is_no_string_variable_is_none() {
        assert_eq!(
            held(&with(b"a text\0", 0x1000, 6), 0x9_0004),
            None,
            "not aligned"
        );
        let cases: [(&[u8], u64, u64, &str); 6] = [
            (b"a\x01text\0", 0x1000, 6, "no text"),
            (b"a\xfftext\0", 0x1000, 6, "no UTF-8"),
            (b"a text\0", 0x1000, 0, "a pointer and no length"),
            (b"a text\0", 0x1000, 99, "longer than what is there"),
            (b"a text\0", 0x9_0000, 6, "in data that may be written"),
            (b"a text\0", 0x5000, 6, "nowhere"),
        ];
        for (text, pointer, len, why) in cases {
            assert_eq!(held(&with(text, pointer, len), 0x9_0000), None, "{why}");
        }
        let long = vec![b'x'; TEXT_LEN_MAX + 2];
        assert!(held(&with(&long, 0x1000, TEXT_LEN_MAX as u64), 0x9_0000).is_some());
        assert_eq!(
            held(&with(&long, 0x1000, TEXT_LEN_MAX as u64 + 1), 0x9_0000),
            None
        );
        let constant = with(b"a text\0 0123456789", 0x1000, 6);
        assert_eq!(held(&constant, 0x1000), None, "a constant");
    }

    #[test]
    fn a_variable_counts_where_a_build_set_it_and_the_other_did_not_so() {
        let of = |a: &Artifact, b: &Artifact| {
            let found = variable([a, b], [0x9_0000, 0x9_0000], "main.main")?;
            Some((
                found.is_set,
                found.texts.map(|text| text.is_some()),
                found.used_in,
            ))
        };
        let set = with(b"one\0", 0x1000, 3);
        let other = with(b"two\0", 0x1000, 3);
        let own = with(b"one, two", 0x1000, 3);
        let none = with(b"", 0, 0);
        let used = || "main.main".to_owned();
        assert_eq!(of(&set, &other), Some(([true, true], [true, true], used())));
        assert_eq!(of(&set, &own), Some(([true, false], [true, true], used())));
        assert_eq!(
            of(&none, &set),
            Some(([false, true], [false, true], used()))
        );
        assert_eq!(of(&set, &set), None);
        assert_eq!(of(&own, &none), None, "nobody set it");
        assert_eq!(of(&set, &with(b"one\0", 0x5000, 3)), None);
    }

    #[test]
    fn a_variable_needs_all_its_bytes() {
        // Of its length only a half is in the file: the rest of memory begins as zero.
        let mut artifact = program(&[
            (".rodata", Content::Data, 0x1000, b"a text\0"),
            (".data", Content::Data, 0x9_0000, &words(&[0x1000, 6])[..12]),
        ]);
        artifact.image.segments[1].memory = 0x100;
        assert_eq!(held(&artifact, 0x9_0000), Some((false, None, false)));
        let whole = with(b"a text\0", 0x1000, 6);
        assert_eq!(held(&whole, 0x9_0008), Some((false, None, false)));
        // A pointer and a length that end the file.
        assert!(held(&whole, 0x9_0000).is_some_and(|(_, text, _)| text.is_some()));
    }
}

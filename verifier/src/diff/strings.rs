//! String variables whose text is not the same in two files.
//!
//! A string is a pointer and a length in a data section. Texts that only one
//! file's strings have were given by `-X`, by an embedded file, or in the source;
//! where everything else moved makes no difference.

use std::collections::HashSet;
use std::ops::Range;

use crate::artifact::Artifact;
use crate::goinfo;
use crate::image::{Content, Format, Region};

/// The most strings kept.
const STRINGS_MAX: usize = 100;

/// The longest text looked at, in bytes.
const TEXT_LEN_MAX: usize = 16 << 20;

/// The most bytes of texts looked at, in multiples of the file's size.
const LOOKED_AT_FACTOR: usize = 4;

/// Sections that describe the program and hold no strings of it.
const TABLES: [&str; 5] = ["pclntab", "go.type", "go.func", "typelink", "itablink"];

/// Shorter texts may be anything.
const TEXT_LEN_MIN: usize = 2;

/// One string variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StringDiff {
    /// Where the first file has the pointer.
    pub header_a: usize,
    /// Where the second file has it.
    pub header_b: usize,
    /// The first file's text.
    pub a: Range<usize>,
    /// The second file's text.
    pub b: Range<usize>,
}

/// Finds string variables with other text.
pub fn compare(a: &Artifact, b: &Artifact) -> Vec<StringDiff> {
    let alike = a.image.machine.is_like(&b.image.machine) && a.image.format == b.image.format;
    if !alike || a.image.format == Format::Wasm {
        return Vec::new();
    }
    let (strings_a, strings_b) = (read(a), read(b));
    let new_in = |ours: &[Found<'_>], theirs: &[Found<'_>]| -> HashSet<usize> {
        let known: HashSet<&str> = theirs.iter().map(|found| found.text).collect();
        let new = ours.iter().filter(|found| !known.contains(found.text));
        new.map(|found| found.header).collect()
    };
    let (new_a, new_b) = (
        new_in(&strings_a, &strings_b),
        new_in(&strings_b, &strings_a),
    );
    let is_new = |one: &Found<'_>, other: &Found<'_>| {
        one.text != other.text && (new_a.contains(&one.header) || new_b.contains(&other.header))
    };
    // Sections of one size have their variables at the same places.
    let in_place = strings_a.iter().filter_map(|one| {
        let other = b.image.regions.get(partner(a, b, one.region)?)?;
        let header = other.range.start + one.header - a.image.regions[one.region].range.start;
        let at = strings_b.binary_search_by_key(&header, |found| found.header);
        let other = &strings_b[at.ok()?];
        is_new(one, other).then(|| pair(one, other))
    });
    let mut found: Vec<StringDiff> = in_place.take(STRINGS_MAX).collect();
    if found.is_empty() {
        // Otherwise new texts belong together in their order, if they are as many.
        let left = |strings: &[Found<'_>], new: &HashSet<usize>| -> Vec<usize> {
            let new = |found: &(usize, &Found<'_>)| new.contains(&found.1.header);
            strings
                .iter()
                .enumerate()
                .filter(new)
                .map(|(index, _)| index)
                .collect()
        };
        let (left_a, left_b) = (left(&strings_a, &new_a), left(&strings_b, &new_b));
        if left_a.len() == left_b.len() {
            let pairs = left_a.iter().zip(&left_b).take(STRINGS_MAX);
            found.extend(pairs.map(|(a, b)| pair(&strings_a[*a], &strings_b[*b])));
        }
    }
    found
}

fn pair(a: &Found<'_>, b: &Found<'_>) -> StringDiff {
    StringDiff {
        header_a: a.header,
        header_b: b.header,
        a: a.range.clone(),
        b: b.range.clone(),
    }
}

/// Returns the region of the same name and size in the other file.
fn partner(a: &Artifact, b: &Artifact, region: usize) -> Option<usize> {
    let region = &a.image.regions[region];
    let is_partner =
        |other: &Region| other.name == region.name && other.range.len() == region.range.len();
    b.image.regions.iter().position(is_partner)
}

/// One string, as a file has it.
struct Found<'a> {
    header: usize,
    /// The index of the region that the header is in.
    region: usize,
    range: Range<usize>,
    text: &'a str,
}

/// Reads every string of the data sections, in the order of the file.
fn read(artifact: &Artifact) -> Vec<Found<'_>> {
    let (bytes, image) = (artifact.bytes(), &artifact.image);
    let word = usize::from(image.machine.bits.unwrap_or(64) / 8);
    let mut left = bytes.len().saturating_mul(LOOKED_AT_FACTOR);
    let mut strings = Vec::new();
    for (index, region) in image.regions.iter().enumerate() {
        let is_table = TABLES.iter().any(|table| region.name.contains(table));
        if region.content != Content::Data || is_table {
            continue;
        }
        // Headers are aligned as their addresses are.
        let skew = region.address.unwrap_or(0) % word as u64;
        let skew = usize::try_from(skew).map_or(0, |skew| (word - skew) % word);
        let mut header = region.range.start + skew;
        while header + 2 * word <= region.range.end {
            if let Some((range, text)) = string(artifact, header, word, &mut left) {
                strings.push(Found {
                    header,
                    region: index,
                    range,
                    text,
                });
            }
            header += word;
        }
    }
    strings
}

/// Says whether a byte can stand in a text that people read.
pub(super) fn is_printable(byte: u8) -> bool {
    !byte.is_ascii_control() || matches!(byte, b'\n' | b'\r' | b'\t')
}

/// Reads the string whose pointer and length are there; `left` is how many bytes of text
/// may still be looked at.
fn string<'a>(
    artifact: &'a Artifact,
    header: usize,
    word: usize,
    left: &mut usize,
) -> Option<(Range<usize>, &'a str)> {
    let (bytes, image) = (artifact.bytes(), &artifact.image);
    let number = |at| goinfo::number(bytes, at, word, image);
    let len = usize::try_from(number(header + word)?).ok()?;
    if !(TEXT_LEN_MIN..=TEXT_LEN_MAX).contains(&len) {
        return None;
    }
    let range = image.range_at(number(header)?, len)?;
    // A pointer among the data is three or four letters by chance, and ends by NUL.
    let is_pointer =
        len <= word && number(range.start).is_some_and(|value| image.range_at(value, 1).is_some());
    if is_pointer {
        return None;
    }
    let text = &bytes[range.clone()];
    let end = text.iter().position(|byte| !is_printable(*byte));
    *left = left.checked_sub(end.unwrap_or(len))?;
    if end.is_some() {
        return None;
    }
    Some((range, std::str::from_utf8(text).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::made::{program, words};

    /// A program whose variables hold these texts, which stand side by side.
    fn with_strings(texts: &[&str], extra: usize) -> Artifact {
        let mut address = 0x1000_u64;
        let mut headers = Vec::new();
        for text in texts {
            headers.extend([address, text.len() as u64]);
            address += text.len() as u64;
        }
        headers.extend(vec![0; extra]);
        program(&[
            (".rodata", Content::Data, 0x1000, texts.concat().as_bytes()),
            (".data", Content::Data, 0x9000, &words(&headers)),
        ])
    }

    fn differing(a: &Artifact, b: &Artifact) -> Vec<(String, String, usize)> {
        let text = |artifact: &Artifact, range: &Range<usize>| {
            String::from_utf8(artifact.bytes()[range.clone()].to_vec()).unwrap()
        };
        let found = compare(a, b).into_iter();
        found
            .map(|one| {
                let header = one.header_a - a.image.regions[1].range.start;
                (text(a, &one.a), text(b, &one.b), header)
            })
            .collect()
    }

    fn pair(a: &str, b: &str, header: usize) -> (String, String, usize) {
        (a.into(), b.into(), header)
    }

    #[test]
    fn variables_at_one_place_hold_other_texts() {
        let a = with_strings(&["one", "first text", "last"], 0);
        let b = with_strings(&["one", "second text", "last"], 0);
        assert_eq!(differing(&a, &b), [pair("first text", "second text", 16)]);
        assert_eq!(differing(&a, &a), []);
        // What stands at one place belongs together, however many others are new.
        let a = with_strings(&["one text", "first"], 0);
        let b = with_strings(&["another text", "f\u{1}rst"], 0);
        assert_eq!(differing(&a, &b), [pair("one text", "another text", 0)]);
        let a = with_strings(&["first", "one text"], 0);
        let b = with_strings(&["f\u{1}rst", "another text"], 0);
        assert_eq!(differing(&a, &b), [pair("one text", "another text", 16)]);
    }

    #[test]
    fn what_changed_places_or_machines_is_not_compared() {
        let a = with_strings(&["one", "first text", "last"], 0);
        let b = with_strings(&["one", "second text", "last"], 0);
        // Two that changed places are new on neither side.
        let swapped = with_strings(&["first text", "one", "last"], 0);
        assert_eq!(differing(&a, &swapped), []);
        let mut other = b;
        other.image.machine.bits = Some(32);
        assert_eq!(differing(&a, &other), []);
        other.image.machine.bits = Some(64);
        other.image.format = Format::Pe;
        assert_eq!(differing(&a, &other), []);
        let (mut a, mut b) = (a, with_strings(&["one", "second text", "last"], 0));
        a.image.format = Format::Wasm;
        b.image.format = Format::Wasm;
        assert_eq!(differing(&a, &b), []);
    }

    #[test]
    fn where_all_moved_new_texts_belong_together_in_their_order() {
        let a = with_strings(&["one", "first text", "same"], 0);
        let b = with_strings(&["uno", "second text", "same"], 2);
        assert_eq!(
            differing(&a, &b),
            [pair("one", "uno", 0), pair("first text", "second text", 16)]
        );
        // One more on one side: nothing says which belongs to which.
        let more = with_strings(&["uno", "second text", "same", "third"], 0);
        assert_eq!(differing(&a, &more), []);
    }

    #[test]
    fn what_is_no_text_is_none() {
        let a = with_strings(&["a text", "x", "last"], 0);
        for other in ["a\0text", "a\x07text", "a t\x7fxt"] {
            assert_eq!(differing(&a, &with_strings(&[other, "x", "last"], 0)), []);
        }
        // A letter alone may be anything; a line end and a tab are text.
        assert_eq!(
            differing(&a, &with_strings(&["a text", "y", "last"], 0)),
            []
        );
        let lines = with_strings(&["a\n\tlin", "x", "last"], 0);
        assert_eq!(differing(&a, &lines).len(), 1);
        assert!(is_printable(b'\r') && is_printable(b' ') && !is_printable(0x7f));
        // Tables that describe the program hold none.
        let named = |name: &str, texts: &[&str]| {
            let mut artifact = with_strings(texts, 0);
            artifact.image.regions[1].name = name.into();
            artifact
        };
        for table in TABLES {
            let name = format!(".{table}");
            assert_eq!(
                compare(&named(&name, &["one text"]), &named(&name, &["two text"])),
                []
            );
        }
        // Nor does code.
        let code = |texts: &[&str]| {
            let mut artifact = with_strings(texts, 0);
            artifact.image.regions[1].content = Content::Code;
            artifact
        };
        assert_eq!(compare(&code(&["one text"]), &code(&["two text"])), []);
    }

    #[test]
    fn short_texts_that_are_pointers_by_chance_are_none() {
        let file = |pointer: u64| {
            // Eight letters at most are looked at as a pointer.
            let data = words(&[0x1000, 3, pointer]);
            program(&[
                (".rodata", Content::Data, 0x1000, &words(&[0x0061_6263])),
                (".data", Content::Data, 0x9000, &data),
            ])
        };
        let mut left = 1 << 20;
        let is_string =
            |artifact: &Artifact, left: &mut usize| string(artifact, 8, 8, left).is_some();
        assert!(is_string(&file(0), &mut left));
        let mut led = file(0);
        led.image.segments.push(crate::image::Segment {
            address: 0x0061_6263,
            range: 0..8,
            memory: 8,
        });
        assert!(!is_string(&led, &mut left));
        // What was looked at is counted.
        let mut left = 3;
        assert!(is_string(&file(0), &mut left) && left == 0);
        assert!(!is_string(&file(0), &mut left));
    }

    #[test]
    fn headers_are_aligned_as_their_addresses_are() {
        for (address, before) in [(0x9002, 6), (0x9006, 2), (0x9004, 4), (0x9000, 8)] {
            let data = [vec![9; before], words(&[0x1000, 6]), vec![9; 4]].concat();
            let artifact = program(&[
                (".text", Content::Code, 0x8000, b"odd"),
                (".rodata", Content::Data, 0x1000, b"a text"),
                (".data", Content::Data, address, &data),
            ]);
            let found = read(&artifact);
            assert_eq!(found.len(), 1, "{address:x}");
            let start = artifact.image.regions[2].range.start;
            assert_eq!((found[0].header, found[0].region), (start + before, 2));
            assert_eq!((found[0].range.clone(), found[0].text), (3..9, "a text"));
        }
        // The last header ends where its section does.
        let at_end = |bytes: &[u8]| {
            let sections = [
                (".rodata", Content::Data, 0x1000, b"a text".as_slice()),
                (".data", Content::Data, 0x9000, bytes),
            ];
            read(&program(&sections)).len()
        };
        let header = words(&[0x1000, 6]);
        assert_eq!((at_end(&header), at_end(&header[..15])), (1, 0));
    }
}

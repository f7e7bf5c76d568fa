//! Where data begins, by what names it: code, or a pointer among the data.

use std::ops::Range;

use crate::artifact::Artifact;
use crate::diff::functions::operands;
use crate::goinfo;
use crate::goinfo::functions::Functions;
use crate::image::{Content, Region};

/// The most references kept.
const REFERENCES_MAX: usize = 4_000_000;

/// A datum farther away than this is another one, in bytes.
const LEN_MAX: usize = 1 << 16;

/// A place where a datum begins, and what says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Use {
    pub(super) start: usize,
    pub(super) by: By,
    /// Where code names it.
    pub(super) used_at: usize,
}

/// What names a datum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum By {
    /// A function, by its index.
    Function { index: usize },
    /// A pointer at this place, and how many bytes the number behind it makes: a
    /// string's length, or in data that may be written a slice's, of strings.
    Data { at: usize, len: usize },
}

/// Everything that names the datum a stretch lies in.
pub(super) struct Found<'u> {
    pub(super) group: &'u [Use],
    /// Where the next datum begins.
    pub(super) next: Option<usize>,
}

/// Every place where a datum begins, sorted.
pub(super) struct Uses(Vec<Use>);

impl Uses {
    pub(super) fn of(artifact: &Artifact, functions: &Functions<'_>) -> Self {
        let mut uses = pointers(artifact);
        let image = &artifact.image;
        let arch = image.machine.goarch.unwrap_or_default();
        for (index, function) in functions.all.iter().enumerate() {
            let code = artifact.bytes().get(function.range.clone());
            let code = operands::Code {
                address: function.address,
                bytes: code.unwrap_or_default(),
            };
            for (at, address) in operands::addresses(&code, arch, image.machine.big_endian) {
                let Some(range) = image.range_at(address, 1) else {
                    continue;
                };
                if uses.len() >= REFERENCES_MAX {
                    // What is missing could be any byte's datum.
                    return Self(Vec::new());
                }
                uses.push(Use {
                    start: range.start,
                    by: By::Function { index },
                    used_at: function.range.start + at,
                });
            }
        }
        uses.sort_unstable();
        Self(uses)
    }

    /// Returns what names the datum that a stretch lies in; none where the stretch
    /// reaches into the next.
    pub(super) fn of_span(&self, span: &Range<usize>) -> Option<Found<'_>> {
        let after = self.0.partition_point(|one| one.start <= span.start);
        let start = self.0.get(after.checked_sub(1)?)?.start;
        let first = self.0.partition_point(|one| one.start < start);
        let next = self.0.get(after).map(|next| next.start);
        let is_one = next.is_none_or(|next| span.end <= next);
        let near = span.start - start <= LEN_MAX;
        (is_one && near).then(|| Found {
            group: &self.0[first..after],
            next,
        })
    }
}

/// Every aligned word of data that is an address of data.
fn pointers(artifact: &Artifact) -> Vec<Use> {
    let (bytes, image) = (artifact.bytes(), &artifact.image);
    let word = usize::from(image.machine.bits.unwrap_or(64) / 8);
    let is_data = |region: &&Region| region.content == Content::Data && region.address.is_some();
    let data = || image.regions.iter().filter(is_data);
    let mut uses = Vec::new();
    for region in data().filter(|region| !region.name.contains("pclntab")) {
        // Pointers are aligned as their addresses are.
        let skew = region.address.unwrap_or(0) % word as u64;
        let skew = usize::try_from(skew).map_or(0, |skew| (word - skew) % word);
        let starts = (region.range.start + skew..region.range.end).step_by(word);
        for at in starts.filter(|at| at + word <= region.range.end) {
            let number = |at| goinfo::number(bytes, at, word, image);
            let address = number(at).filter(|address| *address >= 0x1000);
            let Some(range) = address.and_then(|address| image.range_at(address, 1)) else {
                continue;
            };
            let target = image.region_at(range.start);
            let Some(target) = target.filter(|region| region.content == Content::Data) else {
                continue;
            };
            if uses.len() >= REFERENCES_MAX {
                break;
            }
            let is_constant = ["rodata", "rdata"]
                .iter()
                .any(|name| target.name.ends_with(name));
            let element = if is_constant { 1 } else { 2 * word };
            let behind = number(at + word).and_then(|len| usize::try_from(len).ok());
            let len = behind.filter(|len| *len <= LEN_MAX).unwrap_or(0);
            uses.push(Use {
                start: range.start,
                by: By::Data {
                    at,
                    len: len * element,
                },
                used_at: 0,
            });
        }
    }
    uses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_belongs_to_the_datum_that_begins_before_it() {
        let code = |start, index, used_at| Use {
            start,
            by: By::Function { index },
            used_at,
        };
        let data = |start, len| Use {
            start,
            by: By::Data { at: 7, len },
            used_at: 0,
        };
        let uses = Uses(vec![code(100, 1, 7), code(100, 2, 9), data(120, 4)]);
        let found = |span: Range<usize>| {
            let found = uses.of_span(&span);
            found.map(|found| (found.group.to_vec(), found.next))
        };
        assert_eq!(
            found(105..110),
            Some((vec![code(100, 1, 7), code(100, 2, 9)], Some(120)))
        );
        assert_eq!(found(125..126), Some((vec![data(120, 4)], None)));
        // Two data, or none.
        assert_eq!(found(115..125), None);
        assert_eq!(found(50..60), None);
        assert_eq!(found(120 + LEN_MAX + 1..120 + LEN_MAX + 2), None);
    }

    #[test]
    fn pointers_among_data_are_aligned_and_lead_to_data() {
        use crate::diff::made::{program, words};
        let found = |name: &str, address: u64, values: &[u64]| {
            let artifact = program(&[
                (name, Content::Data, 0x1000, b"twelve bytes"),
                (".text", Content::Code, 0x8000, b"code"),
                (".data", Content::Data, address, &words(values)),
            ]);
            let data = artifact.image.regions[2].range.start;
            let found = pointers(&artifact).into_iter();
            let shown = found.map(|one| match one.by {
                By::Data { at, len } => (one.start, at - data, len),
                By::Function { .. } => panic!("no code was read"),
            });
            shown.collect::<Vec<_>>()
        };
        // A pointer and a length: a string's, or a slice's of strings.
        assert_eq!(found(".rodata", 0x9000, &[7, 0x1004, 3]), [(4, 8, 3)]);
        assert_eq!(found(".data.rel", 0x9000, &[7, 0x1004, 3]), [(4, 8, 48)]);
        // At the end of a section there is no length behind it.
        assert_eq!(found(".rodata", 0x9000, &[0x1000]), [(0, 0, 0)]);
        let far = LEN_MAX as u64 + 1;
        assert_eq!(found(".rodata", 0x9000, &[0x1000, far]), [(0, 0, 0)]);
        assert_eq!(
            found(".rodata", 0x9000, &[0x1000, far - 1]),
            [(0, 0, LEN_MAX)]
        );
        // Low numbers, code, and what lies nowhere.
        assert_eq!(found(".rodata", 0x9000, &[0xfff, 0x8000, 0x7000]), []);
        // Not aligned as its address is.
        assert_eq!(found(".rodata", 0x9004, &[7, 0x1004, 3]), []);
    }

    #[test]
    fn pointers_of_a_section_that_begins_between_two_words() {
        use crate::diff::made::{program, words};
        for (address, before) in [
            (0x9002, 6),
            (0x9006, 2),
            (0x9004, 4),
            (0x9000, 0),
            (0x9000, 8),
        ] {
            let data = [vec![9; before], words(&[0x1004, 3])].concat();
            let artifact = program(&[
                (".text", Content::Code, 0x8000, b"odd"),
                (".rodata", Content::Data, 0x1000, b"twelve bytes"),
                (".data.rel", Content::Data, address, &data),
            ]);
            let start = artifact.image.regions[2].range.start;
            let by = By::Data {
                at: start + before,
                len: 3,
            };
            let found = pointers(&artifact);
            assert_eq!(found.len(), 1, "{address:x}");
            assert_eq!((found[0].start, found[0].by), (3 + 4, by));
        }
    }

    #[test]
    fn code_and_pointers_name_data_together() {
        use crate::artifact::made::Piece::{Address, Bytes, Number, Relative};
        use crate::artifact::made::{Program, datum, function};
        let code = [
            Bytes(&[0x90, 0x48, 0x8d, 0x05]),
            Relative("main.text"),
            Bytes(&[0xc3]),
        ];
        let program = Program::new(
            vec![
                function("main.first", "main.go", &[Bytes(&[0xc3])]),
                function("main.main", "main.go", &code),
            ],
            vec![
                datum(".rodata", "main.before", &[Bytes(b"before")]),
                datum(".rodata", "main.text", &[Bytes(b"a text")]),
                datum(".data", "main.pointer", &[Address("main.text"), Number(6)]),
            ],
        );
        let artifact = program.artifact();
        let place = |name: &str| artifact.image.region(name).unwrap().range.start;
        let found = goinfo::pclntab::Found::in_image(artifact.bytes(), &artifact.image).unwrap();
        let functions = Functions::read(artifact.bytes(), &artifact.image, &found).unwrap();
        let uses = Uses::of(&artifact, &functions);
        let start = place(".rodata") + 6;
        let found = uses.of_span(&(start..start + 6)).unwrap();
        let of_code = Use {
            start,
            by: By::Function { index: 1 },
            used_at: place(".text") + 16 + 1,
        };
        let of_pointer = Use {
            start,
            by: By::Data {
                at: place(".data"),
                len: 6,
            },
            used_at: 0,
        };
        assert_eq!(
            (found.group, found.next),
            (&[of_code, of_pointer][..], None)
        );
        assert!(uses.of_span(&(start - 1..start)).is_none());
    }
}

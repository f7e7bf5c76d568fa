//! Sections that are equal but for known places, and for what follows from their
//! other length: what lies behind them is moved, and names of what moved differ.
//!
//! Both sides are read along each other. Where they differ there must be a known
//! place, an address or a relative address that moved as code shows it to have
//! moved, or the zeros that fill up to the next datum.

use std::ops::Range;

use super::functions::Moves;
use super::regions::RegionDiff;
use crate::artifact::Artifact;
use crate::goinfo;
use crate::image::{Content, Region};

/// The most zeros that a known place of another length adds or takes away, before
/// what follows it up to the end of the section.
const FILL_MAX: usize = 256;

/// Places that are accounted for, as bytes of each file, in any order.
#[derive(Debug, Clone, Copy)]
pub struct Known<'k> {
    /// Places of the first file.
    pub a: &'k [Range<usize>],
    /// Places of the second file.
    pub b: &'k [Range<usize>],
}

/// Says whether a section of data differs in known places and in what follows from
/// them alone.
pub fn follows(
    a: &Artifact,
    b: &Artifact,
    region: &RegionDiff,
    moves: &Moves,
    known: Known<'_>,
) -> bool {
    let (Some(range_a), Some(range_b)) = (&region.a, &region.b) else {
        return false;
    };
    if !a.image.machine.is_like(&b.image.machine) || region.content != Content::Data {
        return false;
    }
    let side = |artifact, range: &Range<usize>, known| Side {
        artifact,
        at: range.start,
        end: range.end,
        known,
        fill: FILL_MAX,
    };
    let along = Along {
        a: side(a, range_a, known.a),
        b: side(b, range_b, known.b),
        bases: bases(a, b),
        word: usize::from(a.image.machine.bits.unwrap_or(64) / 8),
        moves,
    };
    along.reaches_the_end()
}

/// Where sections begin that both files have: relative addresses count from there.
fn bases(a: &Artifact, b: &Artifact) -> Vec<(u64, u64)> {
    const BASES_MAX: usize = 32;
    let is_loaded = |region: &&Region| region.address.is_some_and(|address| address != 0);
    let regions = a.image.regions.iter().filter(is_loaded);
    let base = |region: &Region| {
        let other = b.image.region(&region.name)?.address?;
        Some((region.address?, other))
    };
    regions.filter_map(base).take(BASES_MAX).collect()
}

/// One file, read along the other.
struct Side<'s> {
    artifact: &'s Artifact,
    at: usize,
    end: usize,
    known: &'s [Range<usize>],
    /// How many more zeros may be passed over.
    fill: usize,
}

impl Side<'_> {
    fn byte(&self) -> Option<u8> {
        let is_inside = self.at < self.end;
        is_inside.then(|| self.artifact.bytes().get(self.at).copied())?
    }

    /// Passes over a known place that begins or goes on here.
    fn pass_known(&mut self) {
        let known = self.known;
        let at = |at: usize| known.iter().find(|place| place.contains(&at));
        while let Some(place) = at(self.at) {
            self.at = place.end;
        }
        self.at = self.at.min(self.end);
    }

    fn pass_zero(&mut self) -> bool {
        let is_zero = self.byte() == Some(0) && self.fill > 0;
        if is_zero {
            self.at += 1;
            self.fill -= 1;
        }
        is_zero
    }

    /// Reads an aligned number here.
    fn number(&self, size: usize) -> Option<u64> {
        let address = self.artifact.image.address_of(self.at)?;
        let is_number = address.is_multiple_of(size as u64) && self.at + size <= self.end;
        let read = || goinfo::number(self.artifact.bytes(), self.at, size, &self.artifact.image);
        is_number.then(read)?
    }
}

struct Along<'s> {
    a: Side<'s>,
    b: Side<'s>,
    bases: Vec<(u64, u64)>,
    word: usize,
    moves: &'s Moves,
}

impl Along<'_> {
    fn reaches_the_end(mut self) -> bool {
        loop {
            self.a.pass_known();
            self.b.pass_known();
            if self.pass_block() {
                continue;
            }
            match (self.a.byte(), self.b.byte()) {
                (None, None) => return true,
                (Some(one), Some(other)) if one == other && !self.is_address() => self.pass(1),
                _ => {
                    let passed = self.pass_address() || self.pass_equal();
                    if !passed && !self.a.pass_zero() && !self.b.pass_zero() {
                        return false;
                    }
                }
            }
        }
    }

    /// Passes over many equal bytes where nothing known begins.
    fn pass_block(&mut self) -> bool {
        const BLOCK: usize = 256;
        let block = |side: &Side<'_>| {
            let range = side.at..side.at.checked_add(BLOCK)?;
            let mut known = side.known.iter();
            let is_plain = range.end <= side.end
                && !known.any(|place| place.start < range.end && range.start < place.end);
            is_plain.then_some(range)
        };
        let (Some(one), Some(other)) = (block(&self.a), block(&self.b)) else {
            return false;
        };
        let is_equal = self.a.artifact.bytes().get(one) == self.b.artifact.bytes().get(other);
        if is_equal {
            self.pass(BLOCK);
        }
        is_equal
    }

    fn pass(&mut self, len: usize) {
        self.a.at += len;
        self.b.at += len;
    }

    fn pass_equal(&mut self) -> bool {
        let is_equal = self.a.byte().is_some() && self.a.byte() == self.b.byte();
        if is_equal {
            self.pass(1);
        }
        is_equal
    }

    /// Says whether numbers begin here that are not the same: their first bytes may
    /// be.
    fn is_address(&self) -> bool {
        let differs = |size| {
            let numbers = self.a.number(size).zip(self.b.number(size));
            numbers.is_some_and(|(one, other)| one != other)
        };
        differs(4) || differs(self.word)
    }

    fn pass_address(&mut self) -> bool {
        let word = self.word;
        let moved = |(one, other): (u64, u64)| one != other && self.moves.lead(one, other);
        if self
            .a
            .number(word)
            .zip(self.b.number(word))
            .is_some_and(moved)
        {
            self.pass(word);
            return true;
        }
        let relative = |(one, other): (u64, u64)| {
            let mut bases = self.bases.iter();
            one != 0
                && one != other
                && bases.any(|(base_a, base_b)| {
                    self.moves
                        .lead(base_a.wrapping_add(one), base_b.wrapping_add(other))
                })
        };
        let is_relative = self.a.number(4).zip(self.b.number(4)).is_some_and(relative);
        if is_relative {
            self.pass(4);
        }
        is_relative
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::made::{program, words};
    use crate::diff::regions;

    /// Two files of one section of data, at 0x2000, in which these places are known.
    fn follow(a: &[u8], b: &[u8], moves: &Moves, known: [&[(usize, usize)]; 2]) -> bool {
        let file = |bytes: &[u8]| program(&[(".data", Content::Data, 0x2000, bytes)]);
        let (a, b) = (file(a), file(b));
        let (found, _) = regions::compare(&a, &b);
        let [a_known, b_known] = known.map(|places| -> Vec<Range<usize>> {
            let places = places.iter();
            places.map(|(start, end)| *start..*end).collect()
        });
        let known = Known {
            a: &a_known,
            b: &b_known,
        };
        follows(&a, &b, &found[0], moves, known)
    }

    #[test]
    fn what_differs_lies_in_known_places_or_is_an_address_of_what_moved() {
        let moves = Moves::of(vec![(0x8000, 0x8010), (0x8fff, 0x900f)]);
        let none: [&[(usize, usize)]; 2] = [&[], &[]];
        let a = words(&[1, 0x8100, 2]);
        let moved = words(&[1, 0x8110, 2]);
        assert!(follow(&a, &moved, &moves, none));
        assert!(!follow(&a, &words(&[1, 0x8120, 2]), &moves, none));
        assert!(!follow(&a, &words(&[1, 0x8110, 3]), &moves, none));
        assert!(!follow(&a, &moved, &Moves::default(), none));
        // The last word is known.
        let last: [&[(usize, usize)]; 2] = [&[(16, 24)], &[(16, 24)]];
        assert!(follow(&a, &words(&[1, 0x8110, 3]), &moves, last));
        assert!(follow(&a, &words(&[1, 0x8100, 3]), &moves, last));
        assert!(!follow(&a, &words(&[9, 0x8110, 3]), &moves, last));
        // An address whose first bytes are the same on both sides.
        let near = Moves::of(vec![(0x8000, 0x8100), (0x8fff, 0x90ff)]);
        assert!(follow(&words(&[0x8123]), &words(&[0x8223]), &near, none));
        // And one whose first four are.
        let (one, other) = (0x1_0000_8000, 0x2_0000_8000);
        let far = Moves::of(vec![(one, other), (one + 0xfff, other + 0xfff)]);
        assert!(follow(&words(&[one + 8]), &words(&[other + 8]), &far, none));
    }

    #[test]
    fn behind_a_known_place_of_another_length_the_rest_is_read_on() {
        let moves = Moves::default();
        let (a, b) = (b"begin-one-the end", b"begin-another-the end");
        let known: [&[(usize, usize)]; 2] = [&[(6, 9)], &[(6, 13)]];
        assert!(follow(a, b, &moves, known));
        assert!(!follow(a, b, &moves, [&[(6, 9)], &[(6, 12)]]));
        assert!(!follow(a, b"begin-another-THE end", &moves, known));
        // Zeros fill up to the next datum, and no more of them than that.
        let filled =
            |zeros: usize| [b"begin-another-".as_slice(), &vec![0; zeros], b"the end"].concat();
        assert!(follow(a, &filled(3), &moves, known));
        assert!(follow(a, &filled(FILL_MAX), &moves, known));
        assert!(!follow(a, &filled(FILL_MAX + 1), &moves, known));
        assert!(follow(&filled(3), a, &moves, [known[1], known[0]]));
        // Long stretches are read in blocks, and a byte in one of them counts.
        let long = |byte: u8| [&a[..9], &[7; 700], &[byte], &[7; 90]].concat();
        let longer = |byte: u8| [&b[..13], &[7; 700], &[byte], &[7; 90]].concat();
        assert!(follow(&long(1), &longer(1), &moves, known));
        assert!(!follow(&long(1), &longer(2), &moves, known));
        // In a block that is equal a known place may begin, shorter on one side.
        let behind: Vec<u8> = b"def".iter().copied().chain(b'0'..b'z').collect();
        let short = [&[7; 250][..], b"abc", &behind].concat();
        let long = [&[7; 250][..], b"abcdefghijkl", &behind].concat();
        let places: [&[(usize, usize)]; 2] = [&[(250, 253)], &[(250, 262)]];
        assert!(follow(&short, &long, &moves, places));
        assert!(follow(&long, &short, &moves, [places[1], places[0]]));
    }

    #[test]
    fn relative_addresses_count_from_where_a_section_begins() {
        let file = |start: u64, relative: u32| {
            let table = [7_u32.to_le_bytes(), relative.to_le_bytes()].concat();
            program(&[
                (".text", Content::Code, start, b"code"),
                (".rdata", Content::Data, 0x9000, &table),
            ])
        };
        let moves = Moves::of(vec![(0x1000, 0x2000), (0x1fff, 0x2fff)]);
        let none = Known { a: &[], b: &[] };
        let holds = |a: &Artifact, b: &Artifact| {
            let (found, _) = regions::compare(a, b);
            let region = found.iter().find(|region| region.name == ".rdata");
            follows(a, b, region.unwrap(), &moves, none)
        };
        // 0x1000 + 0x20 became 0x2000 + 0x20, counted from another begin.
        assert!(holds(&file(0x1000, 0x20), &file(0x1ff0, 0x30)));
        assert!(!holds(&file(0x1000, 0x20), &file(0x1ff0, 0x31)));
        assert!(!holds(&file(0x1000, 0), &file(0x1ff0, 0x10)));
    }

    #[test]
    fn other_machines_and_other_regions_do_not_follow() {
        let file = |content, bytes: &[u8]| program(&[(".data", content, 0x2000, bytes)]);
        let none = Known { a: &[], b: &[] };
        let holds = |a: &Artifact, b: &Artifact| {
            let (found, _) = regions::compare(a, b);
            follows(a, b, &found[0], &Moves::default(), none)
        };
        let (a, b) = (b"one".as_slice(), b"one\0".as_slice());
        assert!(holds(&file(Content::Data, a), &file(Content::Data, b)));
        assert!(!holds(&file(Content::Notes, a), &file(Content::Notes, b)));
        let mut other = file(Content::Data, b);
        other.image.machine.bits = Some(32);
        assert!(!holds(&file(Content::Data, a), &other));
        assert!(!holds(&file(Content::Data, a), &program(&[])));
    }
}

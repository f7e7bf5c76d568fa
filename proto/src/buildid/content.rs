//! The content part D of a build ID, computed again from the file.
//!
//! D is the SHA-256 of the file in which these bytes read as zero:
//!
//! - every occurrence of the whole build ID, left to right;
//! - in a Mach-O file, the data of its code signature;
//! - since Go 1.24, the *host build ID*: the GNU build ID of an ELF file, the
//!   UUID of a Mach-O file.
//!
//! A file whose D differs from the one computed was changed after `go build`
//! wrote it: stripped, signed, packed or tampered with.
//!
//! Source: cmd/internal/buildid/rewrite.go FindAndHash

use std::ops::Range;

use memchr::memmem;
use sha2::{Digest as _, Sha256};

use super::Part;

/// The byte ranges of one file that its content hash leaves out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exclusions {
    /// The Mach-O code signature: zero in every variant.
    pub signature: Option<Range<u64>>,
    /// The GNU build ID or the Mach-O UUID: zero in [`Variant::WithoutHostId`].
    pub host_id: Option<Range<u64>>,
}

/// Which rule the go command that built the file followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// The host build ID reads as zero (Go 1.24 and later).
    WithoutHostId,
    /// The host build ID is hashed as it stands (Go 1.22 and earlier).
    WithHostId,
}

impl Exclusions {
    /// Returns the variants that give different answers for this file, the
    /// newer first.
    pub fn variants(&self) -> &'static [Variant] {
        match self.host_id {
            Some(_) => &[Variant::WithoutHostId, Variant::WithHostId],
            None => &[Variant::WithoutHostId],
        }
    }

    fn ranges(&self, variant: Variant) -> Vec<Range<u64>> {
        let host_id = match variant {
            Variant::WithoutHostId => self.host_id.clone(),
            Variant::WithHostId => None,
        };
        self.signature
            .iter()
            .cloned()
            .chain(host_id)
            .filter(|range| !range.is_empty())
            .collect()
    }
}

/// Hashes a file that arrives in pieces, leaving out what a content ID leaves
/// out. Pieces may be cut anywhere, within the build ID too.
#[derive(Debug)]
pub struct Hasher {
    sha256: Sha256,
    id: Vec<u8>,
    zeroed: Vec<Range<u64>>,
    /// Bytes taken in and not hashed yet; shorter than the ID between calls.
    held: Vec<u8>,
    /// Offset in the file of the first held byte.
    held_at: u64,
    occurrences: usize,
}

impl Hasher {
    /// Starts hashing a file whose whole build ID is `id`.
    pub fn new(id: &str, exclusions: &Exclusions, variant: Variant) -> Self {
        Self {
            sha256: Sha256::new(),
            id: id.as_bytes().to_vec(),
            zeroed: exclusions.ranges(variant),
            held: Vec::new(),
            held_at: 0,
            occurrences: 0,
        }
    }

    /// Takes in the next bytes of the file.
    pub fn update(&mut self, piece: &[u8]) {
        // Cut so that the copy below stays in the processor's cache.
        for part in piece.chunks(PIECE_BYTES) {
            self.update_part(part);
        }
    }

    /// Returns the SHA-256 and how often the build ID was seen: once in a
    /// program, twice in the go command's own tools and in archives.
    pub fn finish(mut self) -> ([u8; 32], usize) {
        self.sha256.update(&self.held);
        (self.sha256.finalize().into(), self.occurrences)
    }

    fn update_part(&mut self, part: &[u8]) {
        let known = self.held.len();
        self.held.extend_from_slice(part);
        self.zero_excluded(known);
        let hashed_to = self.zero_ids();
        self.sha256.update(&self.held[..hashed_to]);
        self.held.drain(..hashed_to);
        self.held_at = self.held_at.saturating_add(hashed_to as u64);
    }

    /// Zeroes the excluded ranges within the bytes from `known` on.
    fn zero_excluded(&mut self, known: usize) {
        let start = self.held_at.saturating_add(known as u64);
        let end = self.held_at.saturating_add(self.held.len() as u64);
        for range in &self.zeroed {
            let from = range.start.max(start);
            let to = range.end.min(end);
            if from < to {
                let index =
                    |offset: u64| usize::try_from(offset - self.held_at).unwrap_or(usize::MAX);
                self.held[index(from)..index(to)].fill(0);
            }
        }
    }

    /// Zeroes every whole ID held and returns how far no ID can begin any more.
    fn zero_ids(&mut self) -> usize {
        if self.id.is_empty() {
            return self.held.len();
        }
        let mut done = 0;
        while let Some(found) = memmem::find(&self.held[done..], &self.id) {
            let start = done + found;
            done = start + self.id.len();
            self.held[start..done].fill(0);
            self.occurrences += 1;
        }
        done.max((self.held.len() + 1).saturating_sub(self.id.len()))
    }
}

const PIECE_BYTES: usize = 64 * 1024;

/// Returns the content part for a file that is held whole.
pub fn part(file: &[u8], id: &str, exclusions: &Exclusions, variant: Variant) -> Part {
    let mut hasher = Hasher::new(id, exclusions, variant);
    hasher.update(file);
    Part::from_sha256(&hasher.finish().0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "aab/aab";

    fn plain(bytes: &[u8]) -> [u8; 32] {
        Sha256::digest(bytes).into()
    }

    fn hash(pieces: &[&[u8]], exclusions: &Exclusions, variant: Variant) -> ([u8; 32], usize) {
        let mut hasher = Hasher::new(ID, exclusions, variant);
        pieces.iter().for_each(|piece| hasher.update(piece));
        hasher.finish()
    }

    #[test]
    fn zeroes_every_occurrence_however_the_pieces_fall() {
        let file = b"xxaab/aabyyaab/aab";
        let want = plain(b"xx\0\0\0\0\0\0\0yy\0\0\0\0\0\0\0");
        for first in 0..=file.len() {
            for second in first..=file.len() {
                let pieces = [&file[..first], &file[first..second], &file[second..]];
                let got = hash(&pieces, &Exclusions::default(), Variant::WithHostId);
                assert_eq!(got, (want, 2), "cut at {first} and {second}");
            }
        }
    }

    #[test]
    fn host_id_counts_only_in_its_variant_and_the_signature_in_both() {
        let file = b"0123456789";
        let exclusions = Exclusions {
            signature: Some(8..10),
            host_id: Some(2..4),
        };
        let both = hash(
            &[&file[..3], &file[3..]],
            &exclusions,
            Variant::WithoutHostId,
        );
        assert_eq!(both.0, plain(b"01\0\x004567\0\0"));
        let one = hash(&[file], &exclusions, Variant::WithHostId);
        assert_eq!(one.0, plain(b"01234567\0\0"));
        assert_eq!(exclusions.variants().len(), 2);
        assert_eq!(Exclusions::default().variants().len(), 1);
    }

    #[test]
    fn ranges_past_the_end_change_nothing() {
        let exclusions = Exclusions {
            signature: Some(4..u64::MAX),
            host_id: Some(u64::MAX - 1..u64::MAX),
        };
        let got = hash(&[b"0123"], &exclusions, Variant::WithoutHostId);
        assert_eq!(got.0, plain(b"0123"));
    }

    proptest! {
        #[test]
        fn pieces_and_whole_agree(
            file in proptest::collection::vec(prop_oneof![Just(b'a'), Just(b'b'), Just(b'/')], 0..200),
            cuts in proptest::collection::vec(0usize..200, 0..6),
            excluded in (0u64..220, 0u64..40),
        ) {
            let exclusions = Exclusions {
                signature: Some(excluded.0..excluded.0 + excluded.1),
                host_id: None,
            };
            let whole = hash(&[&file], &exclusions, Variant::WithHostId);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(file.len())).collect();
            cuts.sort_unstable();
            let mut hasher = Hasher::new(ID, &exclusions, Variant::WithHostId);
            let mut from = 0;
            for cut in cuts {
                hasher.update(&file[from..cut]);
                from = cut;
            }
            hasher.update(&file[from..]);
            prop_assert_eq!(hasher.finish(), whole);
        }
    }
}

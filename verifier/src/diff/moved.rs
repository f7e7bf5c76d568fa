//! What is new in a region and what only lies elsewhere in it.
//!
//! Both sides are cut into pieces where their own content says so (a rolling
//! hash over the last bytes), so that an insertion moves the cuts with it. A
//! piece that the other side has too is the same content, wherever it lies.

use std::cmp::Ordering;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;

/// A cut falls after one position in this many, on average.
const SPACING: u64 = 64;

const PIECE_MIN: usize = 16;
const PIECE_MAX: usize = 512;

/// Returns how many bytes of each of two byte strings the other one has nowhere. What is
/// called new is new to the precision of a piece, some 80 bytes; what is not is on both sides
/// as often.
pub fn new_bytes(a: &[u8], b: &[u8]) -> [usize; 2] {
    // Keyed anew in each run: nobody can make two pieces pass for one.
    let keys = RandomState::new();
    let sorted = |bytes| {
        let mut pieces = hashed(bytes, &keys);
        pieces.sort_unstable();
        pieces
    };
    let (of_a, of_b) = rayon::join(|| sorted(a), || sorted(b));
    let shared = shared(&of_a, &of_b);
    [a.len() - shared, b.len() - shared]
}

/// A piece: its hash and its length.
type Piece = (u64, u16);

fn hashed(bytes: &[u8], keys: &RandomState) -> Vec<Piece> {
    let piece = |piece: Range<usize>| {
        let piece = bytes.get(piece).unwrap_or_default();
        let len = u16::try_from(piece.len()).unwrap_or(u16::MAX);
        (keys.hash_one(piece), len)
    };
    pieces(bytes).map(piece).collect()
}

/// Returns the bytes of the pieces that two sorted lists have in common, each as often as both
/// have it.
fn shared(mut a: &[Piece], mut b: &[Piece]) -> usize {
    let mut bytes = 0;
    while let ([one, a_rest @ ..], [other, b_rest @ ..]) = (a, b) {
        match one.cmp(other) {
            Ordering::Less => a = a_rest,
            Ordering::Greater => b = b_rest,
            Ordering::Equal => {
                bytes += usize::from(one.1);
                (a, b) = (a_rest, b_rest);
            }
        }
    }
    bytes
}

/// Cuts bytes into pieces.
fn pieces(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at;
        let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
        at = start + cut(rest);
        Some(start..at)
    })
}

/// Returns the length of the first piece. The hash forgets a byte after 64
/// more, so the cut depends on what is near it alone.
fn cut(bytes: &[u8]) -> usize {
    let most = bytes.len().min(PIECE_MAX);
    let mut hash = 0u64;
    for (at, byte) in bytes[..most].iter().enumerate() {
        hash = (hash << 1).wrapping_add(GEAR[usize::from(*byte)]);
        if at + 1 >= PIECE_MIN && hash >> (64 - SPACING.trailing_zeros()) == 0 {
            return at + 1;
        }
    }
    most
}

/// One arbitrary number for each byte: splitmix64 from zero.
const GEAR: [u64; 256] = {
    let mut table = [0; 256];
    let mut state = 0u64;
    let mut at = 0;
    while at < table.len() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        table[at] = mixed ^ (mixed >> 31);
        at += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn noise(len: usize) -> Vec<u8> {
        let next = |state: &mut u64| {
            *state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            Some((*state >> 56) as u8)
        };
        let mut state = 7;
        std::iter::from_fn(|| next(&mut state)).take(len).collect()
    }

    #[test]
    fn an_insertion_is_new_and_what_follows_it_is_not() {
        let a = noise(100_000);
        let mut b = a.clone();
        b.splice(40_000..40_000, *b"thirteen byte");
        let [in_a, in_b] = new_bytes(&a, &b);
        assert!(in_a < 1200 && in_b < 1200, "{in_a} {in_b}");
        assert_eq!(in_b - in_a, 13);
        let mut b = a.clone();
        let new: Vec<u8> = noise(104_000).split_off(100_000);
        b.splice(10_000..10_000, new);
        let [in_a, in_b] = new_bytes(&a, &b);
        assert!(in_a < 1200 && in_b >= 4000, "{in_a} {in_b}");
    }

    #[test]
    fn halves_that_change_places_are_hardly_new() {
        let a = noise(100_000);
        let b = [&a[50_000..], &a[..50_000]].concat();
        let [in_a, in_b] = new_bytes(&a, &b);
        assert!(in_a < 2000 && in_b < 2000, "{in_a} {in_b}");
        assert_eq!(new_bytes(&a, &a), [0, 0]);
        assert_eq!(new_bytes(&a, &[]), [100_000, 0]);
    }

    #[test]
    fn a_piece_is_shared_as_often_as_both_have_it() {
        let pieces = |list: &[u64]| -> Vec<Piece> { list.iter().map(|key| (*key, 20)).collect() };
        let shared = |a: &[u64], b: &[u64]| shared(&pieces(a), &pieces(b));
        assert_eq!(shared(&[1, 1, 2, 4, 4, 4, 7], &[1, 3, 4, 4, 5]), 60);
        assert_eq!(shared(&[1, 2], &[3, 4]), 0);
        assert_eq!(shared(&[3, 4], &[1, 2]), 0);
    }

    proptest! {
        #[test]
        fn pieces_cover_everything_and_what_is_new_accounts_for_the_lengths(
            a in proptest::collection::vec(0u8..4, 0..3000),
            b in proptest::collection::vec(0u8..4, 0..3000),
        ) {
            let covered: usize = pieces(&a).map(|piece| piece.len()).sum();
            prop_assert_eq!(covered, a.len());
            let [in_a, in_b] = new_bytes(&a, &b);
            prop_assert_eq!(a.len() - in_a, b.len() - in_b);
            prop_assert_eq!(new_bytes(&b, &a), [in_b, in_a]);
        }
    }

    #[test]
    fn a_piece_has_a_least_and_a_most_length() {
        let lens: Vec<usize> = pieces(&noise(50_000)).map(|piece| piece.len()).collect();
        let (last, others) = lens.split_last().unwrap();
        assert!(*last <= PIECE_MAX);
        assert!(
            others
                .iter()
                .all(|len| (PIECE_MIN..=PIECE_MAX).contains(len))
        );
        // Cuts fall where the hash says, some eighty bytes from one another.
        let mean = 50_000 / lens.len();
        assert!((60..=100).contains(&mean), "{mean}");
        assert_eq!(cut(&[0; 3]), 3);
    }
}

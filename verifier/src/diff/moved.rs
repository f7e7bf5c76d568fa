//! What is new in a region and what only lies elsewhere in it.
//!
//! Both sides are cut into pieces where their own content says so (a rolling
//! hash over the last bytes), so that an insertion moves the cuts with it. A
//! piece that the other side has too is the same content, wherever it lies.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;

/// A cut falls after one position in this many, on average.
const SPACING: u64 = 64;

const PIECE_MIN: usize = 16;
const PIECE_MAX: usize = 512;

/// Content of two byte strings that the other one has nowhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct New {
    /// Stretches of the first.
    pub a: Vec<Range<usize>>,
    /// Stretches of the second.
    pub b: Vec<Range<usize>>,
}

impl New {
    /// Looks for pieces of each side on the other. What is called new is new to
    /// the precision of a piece, some 80 bytes; what is not is on both sides as
    /// often.
    pub fn of(a: &[u8], b: &[u8]) -> Self {
        // Keyed anew in each run: nobody can make two pieces pass for one.
        let keys = RandomState::new();
        let mut held: HashMap<u64, u32> = HashMap::new();
        for piece in pieces(b) {
            *held.entry(keys.hash_one(&b[piece])).or_default() += 1;
        }
        let mut new = Self::default();
        let mut taken: HashMap<u64, u32> = HashMap::new();
        for piece in pieces(a) {
            let key = keys.hash_one(&a[piece.clone()]);
            match held.get_mut(&key).filter(|count| **count > 0) {
                Some(count) => {
                    *count -= 1;
                    *taken.entry(key).or_default() += 1;
                }
                None => push(&mut new.a, piece),
            }
        }
        for piece in pieces(b) {
            let key = keys.hash_one(&b[piece.clone()]);
            match taken.get_mut(&key).filter(|count| **count > 0) {
                Some(count) => *count -= 1,
                None => push(&mut new.b, piece),
            }
        }
        new
    }

    /// Returns the bytes of the stretches, side by side.
    pub fn bytes(&self) -> [usize; 2] {
        [&self.a, &self.b].map(|side| side.iter().map(Range::len).sum())
    }
}

fn push(stretches: &mut Vec<Range<usize>>, piece: Range<usize>) {
    match stretches.last_mut() {
        Some(last) if last.end == piece.start => last.end = piece.end,
        _ => stretches.push(piece),
    }
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
        let new = New::of(&a, &b);
        let [in_a, in_b] = new.bytes();
        assert!(in_a < 1200 && in_b < 1200, "{new:?}");
        assert!(
            new.b.iter().any(|stretch| stretch.contains(&40_005)),
            "{new:?}"
        );
    }

    #[test]
    fn halves_that_change_places_are_hardly_new() {
        let a = noise(100_000);
        let b = [&a[50_000..], &a[..50_000]].concat();
        let [in_a, in_b] = New::of(&a, &b).bytes();
        assert!(in_a < 2000 && in_b < 2000, "{in_a} {in_b}");
        assert_eq!(New::of(&a, &a), New::default());
    }

    proptest! {
        #[test]
        fn pieces_cover_everything_and_what_is_new_accounts_for_the_lengths(
            a in proptest::collection::vec(0u8..4, 0..3000),
            b in proptest::collection::vec(0u8..4, 0..3000),
        ) {
            let covered: usize = pieces(&a).map(|piece| piece.len()).sum();
            prop_assert_eq!(covered, a.len());
            let [in_a, in_b] = New::of(&a, &b).bytes();
            prop_assert_eq!(a.len() - in_a, b.len() - in_b);
        }
    }

    #[test]
    fn pieces_that_touch_are_one_stretch() {
        let a = noise(20_000);
        let mut b = a.clone();
        let new: Vec<u8> = noise(24_000).split_off(20_000);
        b.splice(10_000..10_000, new);
        let found = New::of(&a, &b);
        assert_eq!(found.b.len(), 1, "{found:?}");
        let [one] = found.b.as_slice() else { return };
        assert!(one.start <= 10_000 && one.end >= 14_000);
        let mut stretches = Vec::new();
        push(&mut stretches, 1..2);
        push(&mut stretches, 2..5);
        push(&mut stretches, 6..7);
        assert_eq!(stretches, [1..5, 6..7]);
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

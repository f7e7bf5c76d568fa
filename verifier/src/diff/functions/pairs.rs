//! Which function of one file is which of the other.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::goinfo::functions::Function;

/// Functions of one name are told apart by their code up to this many; more are
/// paired in their order.
const GROUP_MAX: usize = 256;

/// The bytes looked at to tell them apart.
const LIKENESS_LEN: usize = 512;

/// The most comparisons made for that; names that thousands of functions share
/// are not a compiler's.
const COMPARISONS_MAX: usize = 500_000;

/// One file's functions, and the bytes they lie in.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) functions: &'a [Function<'a>],
    pub(super) bytes: &'a [u8],
}

/// Functions paired by name; each value is an index into its file's list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pairs {
    /// Those in both files, in the order of the first.
    pub(super) both: Vec<(usize, usize)>,
    /// Those in the first file only.
    pub(super) only_a: Vec<usize>,
    /// Those in the second file only.
    pub(super) only_b: Vec<usize>,
    comparisons: usize,
}

impl Pairs {
    pub(super) fn of(a: Side<'_>, b: Side<'_>) -> Self {
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::with_capacity(b.functions.len());
        for (index, function) in b.functions.iter().enumerate() {
            by_name.entry(function.name).or_default().push(index);
        }
        let mut groups: HashMap<&str, Vec<usize>> = HashMap::with_capacity(a.functions.len());
        for (index, function) in a.functions.iter().enumerate() {
            groups.entry(function.name).or_default().push(index);
        }
        let mut pairs = Self::default();
        for (name, of_a) in groups {
            match by_name.remove(name) {
                None => pairs.only_a.extend(of_a),
                Some(of_b) => pairs.group(a, b, &of_a, of_b),
            }
        }
        pairs.only_b.extend(by_name.into_values().flatten());
        pairs.both.sort_unstable();
        pairs.only_a.sort_unstable();
        pairs.only_b.sort_unstable();
        pairs
    }

    /// Several functions have one name where type arguments were left out of it,
    /// or where one calls the other for another calling convention: those of one
    /// size and the likest code belong together, the others as they come.
    fn group(&mut self, a: Side<'_>, b: Side<'_>, of_a: &[usize], mut of_b: Vec<usize>) {
        let mut open = Vec::new();
        let several = of_a.len().max(of_b.len());
        for index in of_a {
            let may_compare = self.comparisons < COMPARISONS_MAX;
            let likest = if may_compare && (2..=GROUP_MAX).contains(&several) {
                self.comparisons += of_b.len();
                let like = |(at, other): (usize, &usize)| {
                    likeness(a, *index, b, *other).map(|likeness| (likeness, Reverse(at)))
                };
                of_b.iter().enumerate().filter_map(like).max()
            } else {
                None
            };
            match likest {
                Some((_, Reverse(at))) => self.both.push((*index, of_b.remove(at))),
                None => open.push(*index),
            }
        }
        let both = open.len().min(of_b.len());
        let pairs = open.iter().zip(&of_b);
        self.both.extend(pairs.map(|(a, b)| (*a, *b)));
        self.only_a.extend(&open[both..]);
        self.only_b.extend(&of_b[both..]);
    }
}

/// Returns how many bytes two functions of one size share.
fn likeness(a: Side<'_>, of_a: usize, b: Side<'_>, of_b: usize) -> Option<usize> {
    let (one, other) = (&a.functions[of_a], &b.functions[of_b]);
    if one.size != other.size {
        return None;
    }
    let one = a.bytes.get(one.range.clone()).unwrap_or_default();
    let other = b.bytes.get(other.range.clone()).unwrap_or_default();
    let bytes = one.iter().zip(other).take(LIKENESS_LEN);
    Some(bytes.filter(|(a, b)| a == b).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn functions<'a>(names: &[(&'a str, u64)]) -> Vec<Function<'a>> {
        let mut address = 0;
        let function = |(name, size): &(&'a str, u64)| {
            address += size;
            Function {
                name,
                address: address - size,
                size: *size,
                range: 0..0,
                record: 0,
            }
        };
        names.iter().map(function).collect()
    }

    fn pairs(a: &[Function<'_>], b: &[Function<'_>]) -> Pairs {
        let side = |functions| Side {
            functions,
            bytes: b"one body; another body",
        };
        Pairs::of(side(a), side(b))
    }

    #[test]
    fn pairs_by_name_and_instances_by_size() {
        let a = functions(&[
            ("m.a", 16),
            ("m.F[...]", 32),
            ("m.F[...]", 64),
            ("m.old", 16),
        ]);
        let b = functions(&[
            ("m.F[...]", 64),
            ("m.new", 16),
            ("m.F[...]", 48),
            ("m.a", 16),
        ]);
        let pairs = pairs(&a, &b);
        assert_eq!(pairs.both, [(0, 3), (1, 2), (2, 0)]);
        assert_eq!((pairs.only_a, pairs.only_b), (vec![3], vec![1]));
    }

    #[test]
    fn functions_of_one_name_and_size_are_told_apart_by_their_code() {
        let mut a = functions(&[("m.F", 8), ("m.F", 8)]);
        (a[0].range, a[1].range) = (0..8, 10..18);
        let mut b = a.clone();
        b.swap(0, 1);
        assert_eq!(pairs(&a, &b).both, [(0, 1), (1, 0)]);
    }
}

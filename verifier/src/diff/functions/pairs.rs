//! Which function of one file is which of the other.

use std::collections::HashMap;

use crate::goinfo::functions::Function;

/// Functions of one name are told apart by size up to this many; more are paired
/// in their order.
const GROUP_MAX: usize = 256;

/// Functions paired by name; each value is an index into its file's list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pairs {
    /// Those in both files, in the order of the first.
    pub(super) both: Vec<(usize, usize)>,
    /// Those in the first file only.
    pub(super) only_a: Vec<usize>,
    /// Those in the second file only.
    pub(super) only_b: Vec<usize>,
}

impl Pairs {
    pub(super) fn of(a: &[Function<'_>], b: &[Function<'_>]) -> Self {
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::with_capacity(b.len());
        for (index, function) in b.iter().enumerate() {
            by_name.entry(function.name).or_default().push(index);
        }
        let mut groups: HashMap<&str, Vec<usize>> = HashMap::with_capacity(a.len());
        for (index, function) in a.iter().enumerate() {
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

    /// Several functions have one name where type arguments were left out of it:
    /// those of one size belong together, the others as they come.
    fn group(
        &mut self,
        a: &[Function<'_>],
        b: &[Function<'_>],
        of_a: &[usize],
        mut of_b: Vec<usize>,
    ) {
        let mut open = Vec::new();
        for index in of_a {
            let same_size = (of_a.len() > 1 && of_b.len() <= GROUP_MAX)
                .then(|| {
                    of_b.iter()
                        .position(|other| b[*other].size == a[*index].size)
                })
                .flatten();
            match same_size {
                Some(at) => self.both.push((*index, of_b.remove(at))),
                None => open.push(*index),
            }
        }
        let both = open.len().min(of_b.len());
        let pairs = open.iter().zip(&of_b);
        self.both.extend(pairs.map(|(a, b)| (*a, *b)));
        self.only_a.extend(&open[both..]);
        self.only_b.extend(&of_b[both..]);
    }

    /// Returns how many functions of the second file come before one that stands
    /// before them in the first file.
    pub(super) fn reordered(&self) -> usize {
        let descends = |pair: &&[(usize, usize)]| pair[1].1 < pair[0].1;
        self.both.windows(2).filter(descends).count()
    }
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
        let pairs = Pairs::of(&a, &b);
        assert_eq!(pairs.both, [(0, 3), (1, 2), (2, 0)]);
        assert_eq!((pairs.only_a, pairs.only_b), (vec![3], vec![1]));
    }

    #[test]
    fn counts_what_stands_elsewhere() {
        let a = functions(&[("a", 16), ("b", 16), ("c", 16)]);
        let b = functions(&[("b", 16), ("c", 16), ("a", 16)]);
        assert_eq!(Pairs::of(&a, &b).reordered(), 1);
        assert_eq!(Pairs::of(&a, &a).reordered(), 0);
    }
}

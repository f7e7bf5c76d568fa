//! Three and more files, grouped by what they share: their bytes, and each part
//! of their build IDs. The smaller groups are the ones to look at.

use std::collections::HashMap;
use std::hash::Hash;

use proto::buildid::Part;

use crate::artifact::obstacle;
use crate::members::root::Root;

/// The names of the parts of a build ID.
pub const PARTS: [char; 4] = ['A', 'B', 'C', 'D'];

/// What grouping needs to know of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// Whether it is a folder, whose hash is that of its listing: a file that holds
    /// the listing has the same.
    pub is_folder: bool,
    /// The parts of its build ID, if it has all four.
    pub parts: Option<[Part; 4]>,
    /// Whether it can be judged as a build.
    pub is_sound: bool,
}

/// Files grouped; a file is its index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clusters {
    members: Vec<Member>,
    /// Files of equal bytes: the group that others are compared with, then the
    /// larger ones first, then in the order of their first files.
    pub groups: Vec<Vec<usize>>,
}

impl Member {
    /// Takes down a file.
    pub fn of(root: &Root) -> Self {
        match root {
            Root::File(artifact) => Self {
                sha256: artifact.input.sha256,
                is_folder: false,
                parts: artifact.go.program().map(proto::buildid::Program::parts),
                is_sound: obstacle(artifact).is_none(),
            },
            Root::Carrier(carrier) => Self {
                sha256: carrier.sha256,
                is_folder: carrier.is_folder(),
                parts: None,
                is_sound: true,
            },
        }
    }
}

impl Clusters {
    /// Groups files.
    pub fn of(members: Vec<Member>) -> Self {
        let contents = members.iter();
        let mut groups = group(contents.map(|member| (member.is_folder, member.sha256)));
        // What is not a whole build is nothing to measure others by.
        let is_sound = |files: &[usize]| files.iter().all(|file| members[*file].is_sound);
        groups.sort_by_key(|files| (!is_sound(files), usize::MAX - files.len(), files[0]));
        Self { members, groups }
    }

    /// Returns the file that the others are compared with: the first of the
    /// largest group.
    pub fn base(&self) -> usize {
        self.groups
            .first()
            .map_or(0, |files| files.first().copied().unwrap_or(0))
    }

    /// Returns the files outside the largest group, if one is the largest and
    /// there are such files.
    pub fn minority(&self) -> Option<Vec<usize>> {
        let [largest, rest @ ..] = self.groups.as_slice() else {
            return None;
        };
        let is_largest = rest.iter().all(|files| files.len() < largest.len());
        let mut files: Vec<usize> = rest.iter().flatten().copied().collect();
        files.sort_unstable();
        (is_largest && !files.is_empty()).then_some(files)
    }

    /// Groups the files by one part of the build ID, the largest group first;
    /// files without one are in no group.
    pub fn by_part(&self, part: usize) -> Vec<(Part, Vec<usize>)> {
        let value = |member: &Member| member.parts.map(|parts| parts[part]);
        let values = self.members.iter().map(value);
        let mut groups: Vec<(Part, Vec<usize>)> = group(values)
            .into_iter()
            .filter_map(|files| Some((value(&self.members[files[0]])?, files)))
            .collect();
        groups.sort_by_key(|(_, files)| (usize::MAX - files.len(), files[0]));
        groups
    }

    /// Returns the parts in which two files agree, and those in which they don't;
    /// neither when a file has no such parts.
    pub fn agreement(&self, one: usize, other: usize) -> (Vec<char>, Vec<char>) {
        let parts = |file: usize| self.members.get(file).and_then(|member| member.parts);
        let (Some(ours), Some(theirs)) = (parts(one), parts(other)) else {
            return (Vec::new(), Vec::new());
        };
        let names = PARTS.into_iter().zip(ours.iter().zip(&theirs));
        let (same, other): (Vec<_>, Vec<_>) = names.partition(|(_, (a, b))| a == b);
        let name = |pairs: Vec<(char, _)>| pairs.into_iter().map(|(name, _)| name).collect();
        (name(same), name(other))
    }

    /// Returns the parts in which all files agree.
    pub fn common(&self) -> Vec<char> {
        let all_agree = |part: &usize| {
            let files = self.by_part(*part).into_iter().next();
            files.is_some_and(|(_, files)| files.len() == self.members.len())
        };
        (0..PARTS.len())
            .filter(all_agree)
            .map(|part| PARTS[part])
            .collect()
    }
}

fn group<T: Hash + Eq>(values: impl Iterator<Item = T>) -> Vec<Vec<usize>> {
    let mut known: HashMap<T, usize> = HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (file, value) in values.enumerate() {
        let at = *known.entry(value).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(files) => files.push(file),
            None => groups.push(vec![file]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(value: u8) -> Part {
        Part::from_sha256(&[value; 32])
    }

    fn members(values: &[(u8, [u8; 4])]) -> Vec<Member> {
        let member = |(digest, parts): &(u8, [u8; 4])| Member {
            sha256: [*digest; 32],
            is_folder: false,
            parts: Some(parts.map(part)),
            is_sound: true,
        };
        values.iter().map(member).collect()
    }

    #[test]
    fn the_larger_group_is_the_rule_and_the_smaller_the_exception() {
        let files = members(&[
            (9, [1, 5, 6, 7]),
            (1, [2, 5, 6, 8]),
            (1, [2, 5, 6, 8]),
            (2, [2, 4, 6, 3]),
        ]);
        let clusters = Clusters::of(files);
        assert_eq!(clusters.groups, [vec![1, 2], vec![0], vec![3]]);
        assert_eq!(
            (clusters.base(), clusters.minority()),
            (1, Some(vec![0, 3]))
        );
        assert_eq!(clusters.common(), ['C']);
        assert_eq!(clusters.agreement(1, 0), (vec!['B', 'C'], vec!['A', 'D']));
        let a: Vec<Vec<usize>> = clusters
            .by_part(0)
            .into_iter()
            .map(|(_, files)| files)
            .collect();
        assert_eq!(a, [vec![1, 2, 3], vec![0]]);
    }

    #[test]
    fn where_no_group_is_the_largest_there_is_no_minority() {
        let each = members(&[(1, [1; 4]), (2, [2; 4]), (3, [3; 4])]);
        let halves = members(&[(1, [1; 4]), (2, [2; 4]), (2, [2; 4]), (1, [1; 4])]);
        let all = members(&[(1, [1; 4]), (1, [1; 4])]);
        for (files, base) in [(each, 0), (halves, 0), (all, 0), (Vec::new(), 0)] {
            let clusters = Clusters::of(files);
            assert_eq!((clusters.base(), clusters.minority()), (base, None));
        }
    }

    #[test]
    fn a_folder_is_never_a_file() {
        let mut files = members(&[(1, [1; 4]), (1, [1; 4])]);
        assert_eq!(Clusters::of(files.clone()).groups.len(), 1);
        files[0].is_folder = true;
        assert_eq!(Clusters::of(files).groups.len(), 2);
    }

    #[test]
    fn what_is_no_build_is_no_measure() {
        let mut files = members(&[(1, [1; 4]), (1, [1; 4]), (2, [2; 4])]);
        files[0].is_sound = false;
        files[1].is_sound = false;
        files[2].parts = None;
        let clusters = Clusters::of(files);
        assert_eq!(clusters.base(), 2);
        assert_eq!(clusters.agreement(0, 2), (Vec::new(), Vec::new()));
        assert_eq!(clusters.common(), Vec::<char>::new());
    }
}

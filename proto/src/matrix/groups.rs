//! Equal programs, the largest group first.

use std::collections::BTreeMap;

use super::Entry;
use crate::attest::digest::Digest;
use crate::buildid::{BuildId, Program};

/// Builds that gave one program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What tables call it: `a` for the largest, `b`, … and `z1` after `z`.
    pub letter: String,
    /// The program's SHA-256.
    pub product: Digest,
    /// The indexes of its builds.
    pub members: Vec<usize>,
    /// The hosts that they are of, each once.
    pub hosts: Vec<String>,
    /// Which parts A, B, C, D of the build ID are those of the largest group: `=` and
    /// `X`; `None` where one of both has no build ID of the go command's.
    pub pattern: Option<String>,
    /// Whether it is smaller than the largest group, by hosts.
    pub is_minority: bool,
}

/// Groups builds by what came out; failed ones are in no group.
pub fn of(entries: &[Entry]) -> Vec<Group> {
    let mut members: BTreeMap<Digest, Vec<usize>> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        if let Some(product) = entry.product() {
            members.entry(product).or_default().push(index);
        }
    }
    let mut groups: Vec<Group> = members
        .into_iter()
        .map(|(product, members)| Group {
            letter: String::new(),
            product,
            hosts: hosts(entries, &members),
            members,
            pattern: None,
            is_minority: false,
        })
        .collect();
    // A host that builds often has no more weight.
    groups.sort_by_key(|group| {
        let (hosts, builds) = (group.hosts.len(), group.members.len());
        (std::cmp::Reverse((hosts, builds)), group.product)
    });
    let largest = groups
        .first()
        .map(|first| (first.hosts.len(), first.members.clone()));
    let Some((most, first)) = largest else {
        return groups;
    };
    let base = id(entries, &first);
    for (number, group) in groups.iter_mut().enumerate() {
        group.letter = letter(number);
        group.is_minority = group.hosts.len() < most;
        let own = id(entries, &group.members);
        group.pattern = base
            .zip(own)
            .map(|(base, own)| base.pattern(&own).to_string());
    }
    groups
}

fn hosts(entries: &[Entry], members: &[usize]) -> Vec<String> {
    let mut hosts: Vec<String> = members
        .iter()
        .filter_map(|index| entries.get(*index))
        .map(Entry::host)
        .collect();
    hosts.sort();
    hosts.dedup();
    hosts
}

fn id(entries: &[Entry], members: &[usize]) -> Option<Program> {
    let product = entries
        .get(*members.first()?)?
        .observation
        .product
        .as_ref()?;
    match BuildId::parse(product.build_id.as_deref()?).ok()? {
        BuildId::Program(program) => Some(program),
        BuildId::Package { .. } | BuildId::Redacted | BuildId::Empty | BuildId::Custom(_) => None,
    }
}

fn letter(number: usize) -> String {
    const LETTERS: &[u8; 26] = b"abcdefghijklmnopqrstuvwxyz";
    match LETTERS.get(number) {
        Some(letter) => char::from(*letter).to_string(),
        None => format!("z{}", number - LETTERS.len() + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attest::observation::Mode;
    use crate::matrix::sample::entry;

    #[test]
    fn the_group_of_most_hosts_comes_first_however_often_others_build() {
        let entries = [
            entry("one", Mode::Cold, "odd"),
            entry("one", Mode::Warm, "odd"),
            entry("one", Mode::Shared, "odd"),
            entry("two", Mode::Cold, "usual"),
            entry("three", Mode::Cold, "usual"),
            entry("four", Mode::Cold, ""),
        ];
        let groups = of(&entries);
        let seen: Vec<_> = groups
            .iter()
            .map(|group| {
                (
                    group.letter.as_str(),
                    group.members.clone(),
                    group.is_minority,
                )
            })
            .collect();
        assert_eq!(seen, [("a", vec![3, 4], false), ("b", vec![0, 1, 2], true)]);
        assert_eq!(groups[1].hosts.len(), 1);
    }

    #[test]
    fn one_against_one_is_no_minority() {
        let entries = [entry("one", Mode::Cold, "x"), entry("two", Mode::Cold, "y")];
        assert!(of(&entries).iter().all(|group| !group.is_minority));
        assert!(of(&[]).is_empty());
    }

    #[test]
    fn build_ids_are_compared_part_by_part_with_the_largest_group() {
        let part = |byte: u8| crate::buildid::Part::from_sha256(&[byte; 32]);
        let id = |parts: [u8; 4]| parts.map(|byte| part(byte).to_string()).join("/");
        let with = |name: &str, product: &str, parts| {
            let mut entry = entry(name, Mode::Cold, product);
            entry.observation.product.as_mut().unwrap().build_id = Some(id(parts));
            entry
        };
        let entries = [
            with("one", "x", [1, 2, 3, 4]),
            with("two", "x", [1, 2, 3, 4]),
            with("three", "y", [1, 2, 3, 9]),
            entry("four", Mode::Cold, "z"),
        ];
        let patterns: Vec<_> = of(&entries)
            .iter()
            .map(|group| group.pattern.clone())
            .collect();
        assert_eq!(patterns[0].as_deref(), Some("===="));
        assert!(patterns[1..].contains(&Some("===X".into())) && patterns[1..].contains(&None));
    }

    #[test]
    fn there_are_letters_for_any_number_of_groups() {
        assert_eq!([0, 25, 26, 27].map(letter), ["a", "z", "z1", "z2"]);
    }
}

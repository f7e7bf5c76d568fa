//! The facts of hosts that tell groups apart: a decision tree of one fact, or of two
//! where no single one does.
//!
//! A fact splits the groups when no value of it stands on both sides: all builds on
//! `debian 12` gave one program, all on `debian 13` another. That is a trace and no
//! proof, and of a few hosts many facts fit by chance: those with the fewest values
//! come first, since a fact that is another one on every host would tell any groups
//! apart.

use std::collections::{BTreeMap, BTreeSet};

use super::Entry;
use crate::attest::observation::Mode;

/// The most splits told.
const SPLITS_MAX: usize = 5;

/// One fact, or two together, that tell groups apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The facts' names.
    pub facts: Vec<String>,
    /// Their values, and the index of the group that all builds with them are in.
    pub branches: Vec<(Vec<String>, usize)>,
    /// Whether every build has a value of its own, which would tell any groups apart.
    pub is_weak: bool,
}

/// Finds what tells groups apart. `members` has the entries of each group.
pub fn find(entries: &[Entry], members: &[Vec<usize>]) -> Vec<Split> {
    if members.len() < 2 {
        return Vec::new();
    }
    let mut rows = Vec::new();
    for (group, members) in members.iter().enumerate() {
        for entry in members.iter().filter_map(|index| entries.get(*index)) {
            rows.push((facts(entry), group));
        }
    }
    let names: BTreeSet<String> = rows
        .iter()
        .flat_map(|(facts, _)| facts.keys().cloned())
        .collect();
    let names: Vec<String> = names.into_iter().collect();
    let mut splits: Vec<Split> = names
        .iter()
        .filter_map(|name| split(&rows, &[name]))
        .collect();
    if splits.iter().all(|split| split.is_weak) {
        let pairs = names.iter().enumerate().flat_map(|(at, one)| {
            let others = names.iter().skip(at + 1);
            others.map(move |other| [one, other])
        });
        splits.extend(
            pairs
                .filter_map(|pair| split(&rows, &pair))
                .filter(|split| !split.is_weak),
        );
    }
    splits.sort_by_key(|split| (split.is_weak, split.facts.len(), split.branches.len()));
    splits.truncate(SPLITS_MAX);
    splits
}

type Row = (BTreeMap<String, String>, usize);

fn split(rows: &[Row], names: &[&String]) -> Option<Split> {
    let mut branches: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for (facts, group) in rows {
        // What one host does not tell splits nothing.
        let values = names.iter().map(|name| facts.get(*name).cloned());
        let values: Vec<String> = values.collect::<Option<_>>()?;
        if *branches.entry(values).or_insert(*group) != *group {
            return None;
        }
    }
    Some(Split {
        facts: names.iter().map(|name| (*name).clone()).collect(),
        is_weak: branches.len() == rows.len() && rows.len() > 2,
        branches: branches.into_iter().collect(),
    })
}

/// What may have made a difference, by name.
pub fn facts(entry: &Entry) -> BTreeMap<String, String> {
    let observation = &entry.observation;
    let host = &observation.host;
    let mut facts: BTreeMap<String, String> = host
        .facts
        .iter()
        .filter(|(name, _)| *name != "name")
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut add = |name: &str, value: Option<&String>| {
        if let Some(value) = value {
            facts.insert(name.to_owned(), value.clone());
        }
    };
    add("image", host.image.as_ref());
    add("kernel", host.kernel.as_ref());
    add("C compiler", host.c_toolchain.as_ref());
    add("Go installation", host.toolchain_h1.as_ref());
    // Builds that were given no cache have none to name, and that is known of them.
    let mode = observation.cache.mode;
    let no_source = match mode {
        Mode::Cold => Some("none".to_owned()),
        Mode::Warm => Some("its own".to_owned()),
        Mode::Shared | Mode::Cacheprog => None,
    };
    let source = host.cache_source.clone().or(no_source);
    add("cache source", source.as_ref());
    for (name, folder) in &observation.observed.folders {
        add(&format!("{name} folder"), Some(folder));
    }
    for (name, how) in &observation.observed.varied {
        add(&format!("varied {name}"), Some(how));
    }
    add("processors", Some(&host.cpus.to_string()));
    add("cache", Some(&mode.as_str().to_owned()));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attest::observation::Mode;
    use crate::matrix::sample::entry;

    fn with(name: &str, product: &str, facts: &[(&str, &str)]) -> Entry {
        let mut entry = entry(name, Mode::Cold, product);
        for (name, value) in facts {
            let facts = &mut entry.observation.host.facts;
            facts.insert((*name).to_owned(), (*value).to_owned());
        }
        entry
    }

    fn names(splits: &[Split]) -> Vec<Vec<&str>> {
        let names = splits.iter().map(|split| split.facts.iter());
        names
            .map(|facts| facts.map(String::as_str).collect())
            .collect()
    }

    #[test]
    fn one_fact_that_goes_with_the_groups_is_found() {
        let entries = [
            with("1", "x", &[("libc", "2.36"), ("user-id", "0")]),
            with("2", "x", &[("libc", "2.36"), ("user-id", "1")]),
            with("3", "y", &[("libc", "2.41"), ("user-id", "0")]),
        ];
        let splits = find(&entries, &[vec![0, 1], vec![2]]);
        assert_eq!(names(&splits), [["libc"]]);
        let branches = [(vec!["2.36".to_owned()], 0), (vec!["2.41".to_owned()], 1)];
        assert_eq!(splits[0].branches, branches);
    }

    #[test]
    fn two_facts_together_are_found_where_none_alone_does() {
        let entries = [
            with("1", "x", &[("libc", "a"), ("zone", "a")]),
            with("2", "y", &[("libc", "a"), ("zone", "b")]),
            with("3", "y", &[("libc", "b"), ("zone", "a")]),
            with("4", "x", &[("libc", "b"), ("zone", "b")]),
            with("5", "x", &[("libc", "a"), ("zone", "a")]),
        ];
        let splits = find(&entries, &[vec![0, 3, 4], vec![1, 2]]);
        assert_eq!(names(&splits), [["libc", "zone"]]);
    }

    #[test]
    fn a_fact_that_every_host_has_of_its_own_is_weak_and_a_missing_one_none() {
        let entries = [
            with("1", "x", &[("serial", "1"), ("libc", "a")]),
            with("2", "x", &[("serial", "2"), ("libc", "a")]),
            with("3", "y", &[("serial", "3")]),
        ];
        let splits = find(&entries, &[vec![0, 1], vec![2]]);
        assert_eq!(names(&splits), [["serial"]]);
        assert!(splits[0].is_weak);
        assert!(find(&entries, &[vec![0, 1, 2]]).is_empty());
    }

    #[test]
    fn a_cache_that_gives_something_else_is_a_fact_too() {
        let entries = [
            entry("1", Mode::Cold, "x"),
            entry("2", Mode::Cold, "x"),
            entry("1", Mode::Shared, "y"),
        ];
        let splits = find(&entries, &[vec![0, 1], vec![2]]);
        assert!(names(&splits).contains(&vec!["cache"]));
    }

    #[test]
    fn of_two_caches_of_others_the_odd_one_is_named() {
        let shared = |name: &str, product: &str, source: &str| {
            let mut entry = entry(name, Mode::Shared, product);
            entry.observation.host.cache_source = Some(source.to_owned());
            entry
        };
        let entries = [
            entry("1", Mode::Cold, "x"),
            shared("1", "x", "/good"),
            entry("2", Mode::Cold, "x"),
            shared("2", "y", "/bad"),
        ];
        let splits = find(&entries, &[vec![0, 1, 2], vec![3]]);
        assert_eq!(names(&splits)[0], ["cache source"]);
    }
}

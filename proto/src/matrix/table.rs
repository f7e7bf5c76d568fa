//! Hosts and variations, and in each cell what came out.

use std::collections::{BTreeMap, BTreeSet};

use super::Entry;
use super::groups::{self, Group};
use super::split::{self, Split};
use crate::attest::digest::Digest;

/// The builds of equal inputs.
#[derive(Debug, Clone)]
pub struct Table {
    /// The digest of the inputs.
    pub inputs: Digest,
    /// The builds.
    pub entries: Vec<Entry>,
    /// Equal programs.
    pub groups: Vec<Group>,
    /// Roots over the packages taken in, and the builds that have each; the most
    /// frequent first.
    pub closures: Vec<(Digest, Vec<usize>)>,
    /// What tells the groups apart.
    pub splits: Vec<Split>,
    /// The same of the packages, where the programs are equal and these are not.
    pub closure_splits: Vec<Split>,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The host.
    pub host: String,
    /// The indexes of its builds, one list for each column.
    pub cells: Vec<Vec<usize>>,
}

/// Makes a table for each inputs' digest, in the order of digests.
pub fn of(entries: Vec<Entry>) -> Vec<Table> {
    let mut by_inputs: BTreeMap<Digest, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        by_inputs.entry(entry.inputs).or_default().push(entry);
    }
    let tables = by_inputs.into_iter();
    tables
        .map(|(inputs, entries)| Table::new(inputs, entries))
        .collect()
}

impl Table {
    fn new(inputs: Digest, mut entries: Vec<Entry>) -> Self {
        entries.sort_by_cached_key(|entry| {
            let mode = entry.observation.cache.mode;
            (entry.host(), mode, entry.file.clone())
        });
        let groups = groups::of(&entries);
        let closures = closures(&entries);
        let members: Vec<Vec<usize>> = groups.iter().map(|group| group.members.clone()).collect();
        let closure_members: Vec<Vec<usize>> = closures
            .iter()
            .map(|(_, members)| members.clone())
            .collect();
        Self {
            inputs,
            splits: split::find(&entries, &members),
            closure_splits: split::find(&entries, &closure_members),
            groups,
            closures,
            entries,
        }
    }

    /// Returns the variations: the ways in which builds found their caches.
    pub fn columns(&self) -> Vec<String> {
        let columns: BTreeSet<_> = self.entries.iter().map(column).collect();
        columns.into_iter().map(|(_, name)| name).collect()
    }

    /// Returns the hosts, each with its builds by variation.
    pub fn rows(&self) -> Vec<Row> {
        let columns: BTreeSet<_> = self.entries.iter().map(column).collect();
        let columns: Vec<_> = columns.into_iter().collect();
        let mut rows: Vec<Row> = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let host = entry.host();
            if rows.last().is_none_or(|row| row.host != host) {
                let cells = vec![Vec::new(); columns.len()];
                rows.push(Row { host, cells });
            }
            let at = columns.iter().position(|one| *one == column(entry));
            if let (Some(at), Some(row)) = (at, rows.last_mut())
                && let Some(cell) = row.cells.get_mut(at)
            {
                cell.push(index);
            }
        }
        rows
    }

    /// Returns the group of a build; `None` for one that failed.
    pub fn group(&self, index: usize) -> Option<&Group> {
        self.groups
            .iter()
            .find(|group| group.members.contains(&index))
    }

    /// Returns the number of a build's packages, from 0 for the most frequent ones.
    pub fn closure(&self, index: usize) -> Option<usize> {
        self.closures
            .iter()
            .position(|(_, members)| members.contains(&index))
    }

    /// Returns the builds that failed.
    pub fn failed(&self) -> Vec<usize> {
        let indexes = 0..self.entries.len();
        indexes
            .filter(|index| self.group(*index).is_none())
            .collect()
    }
}

/// Variations in the order of a run, and what was varied on purpose.
fn column(entry: &Entry) -> (u8, String) {
    let mode = entry.observation.cache.mode;
    let varied = &entry.observation.observed.varied;
    let names: Vec<&str> = varied.keys().map(String::as_str).collect();
    let name = match names.as_slice() {
        [] => mode.as_str().to_owned(),
        names => format!("{}, {}", mode.as_str(), names.join(", ")),
    };
    (mode as u8, name)
}

fn closures(entries: &[Entry]) -> Vec<(Digest, Vec<usize>)> {
    let mut closures: BTreeMap<Digest, Vec<usize>> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        if let Some(root) = entry.closure() {
            closures.entry(root).or_default().push(index);
        }
    }
    let mut closures: Vec<_> = closures.into_iter().collect();
    closures.sort_by_key(|(root, members)| (std::cmp::Reverse(members.len()), *root));
    closures
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attest::closure::Summary;
    use crate::attest::observation::Mode;
    use crate::matrix::sample::entry;

    #[test]
    fn every_build_has_its_cell_and_other_inputs_another_table() {
        let mut other = entry("one", Mode::Cold, "x");
        other.inputs = Digest::of(b"other inputs");
        let tables = of(vec![
            entry("two", Mode::Cold, "x"),
            entry("one", Mode::Warm, "x"),
            entry("one", Mode::Cold, "x"),
            entry("one", Mode::Cold, ""),
            other,
        ]);
        assert_eq!(tables.len(), 2);
        let table = tables
            .iter()
            .find(|table| table.entries.len() == 4)
            .unwrap();
        assert_eq!(table.columns(), ["cold", "warm"]);
        let counts: Vec<Vec<usize>> = table
            .rows()
            .iter()
            .map(|row| row.cells.iter().map(Vec::len).collect())
            .collect();
        assert_eq!(counts, [[2, 1], [1, 0]]);
        assert_eq!(table.failed().len(), 1);
        assert_eq!(table.groups.len(), 1);
    }

    #[test]
    fn equal_programs_of_other_packages_are_told_apart_by_these() {
        let with = |name: &str, mode, root: &[u8]| {
            let mut entry = entry(name, mode, "x");
            entry.observation.cache.closure = Some(Summary {
                root: Digest::of(root),
                count: 1,
                list: Digest::of(root),
            });
            entry
        };
        let tables = of(vec![
            with("one", Mode::Cold, b"1"),
            with("two", Mode::Cold, b"1"),
            with("two", Mode::Shared, b"2"),
        ]);
        let table = &tables[0];
        assert_eq!((table.groups.len(), table.closures.len()), (1, 2));
        assert!(table.splits.is_empty());
        let facts: Vec<_> = table
            .closure_splits
            .iter()
            .flat_map(|split| &split.facts)
            .collect();
        assert!(facts.contains(&&"cache".to_owned()), "{facts:?}");
    }
}

//! The facts that tell groups apart, in words.

use std::collections::BTreeMap;

use proto::matrix::split::Split;
use proto::matrix::table::Table;

use super::short;

/// Values named of one group; those of the group that has the most are not told one by
/// one where they are more.
const VALUES_NAMED: usize = 3;

/// Says what goes with which program: `cache source goes with it (a: own or none; b: …)`.
pub(super) fn of_programs(table: &Table) -> Vec<(&Split, String)> {
    let letter = |group: usize| {
        let group = table.groups.get(group);
        group.map_or_else(String::new, |group| group.letter.clone())
    };
    let splits = table.splits.iter();
    splits.map(|split| (split, words(split, letter))).collect()
}

/// Says what goes with which compiled packages, named by the digits of their root. What
/// was said of the programs already is not said again.
pub(super) fn of_packages(table: &Table) -> Vec<(&Split, String)> {
    let root = |place: usize| {
        let root = table.closures.get(place);
        root.map_or_else(String::new, |(root, _)| {
            format!("packages {}", short(&root.to_string()))
        })
    };
    let splits = table.closure_splits.iter();
    let new = splits.filter(|split| !table.splits.contains(split));
    new.map(|split| (split, words(split, root))).collect()
}

fn words(split: &Split, label: impl Fn(usize) -> String) -> String {
    let mut groups: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for (values, group) in &split.branches {
        let values = values.join(" and ");
        groups.entry(*group).or_default().push(values);
    }
    let most = groups.values().map(Vec::len).max().unwrap_or_default();
    let has_rest = groups
        .values()
        .filter(|values| values.len() == most)
        .count()
        == 1;
    let said = groups.iter().map(|(group, values)| {
        let is_rest = has_rest && values.len() > VALUES_NAMED && values.len() == most;
        let named: Vec<&str> = values
            .iter()
            .take(VALUES_NAMED)
            .map(String::as_str)
            .collect();
        let values = match values.len() {
            _ if is_rest => "everything else".to_owned(),
            count if count > VALUES_NAMED => {
                format!("{} or {} more", named.join(" or "), count - VALUES_NAMED)
            }
            _ => named.join(" or "),
        };
        format!("{}: {values}", label(*group))
    });
    let said: Vec<String> = said.collect();
    let go = if split.facts.len() > 1 { "go" } else { "goes" };
    let weak = if split.is_weak {
        "; every build has a value of its own, so this says little"
    } else {
        ""
    };
    format!(
        "{} {go} with it ({}){weak}",
        split.facts.join(" and "),
        said.join("; ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(facts: &[&str], branches: &[(&str, usize)]) -> Split {
        let branches = branches.iter().map(|(values, group)| {
            let values: Vec<String> = values.split(' ').map(str::to_owned).collect();
            (values, *group)
        });
        Split {
            facts: facts.iter().map(|fact| (*fact).to_owned()).collect(),
            branches: branches.collect(),
            is_weak: false,
        }
    }

    #[test]
    fn values_stand_beside_their_group_and_the_many_are_the_rest() {
        let letter = |group: usize| ["a", "b"][group].to_owned();
        let one = split(&["libc"], &[("2.36", 0), ("2.41", 1)]);
        assert_eq!(words(&one, letter), "libc goes with it (a: 2.36; b: 2.41)");
        let rows = [("x 1", 0), ("x 2", 0), ("x 3", 0), ("y 1", 0), ("y 2", 1)];
        assert_eq!(
            words(&split(&["cache", "image"], &rows), letter),
            "cache and image go with it (a: everything else; b: y and 2)"
        );
    }
}

//! Who is one with whom.

use super::host::{Host, Kind};

/// Hosts that have one vote together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Their places in the file.
    pub hosts: Vec<usize>,
}

/// Returns the groups, in the order of their first hosts. Hosts that share a value of
/// one of the kinds are one group; a host without a value shares none of that kind.
pub(super) fn of(hosts: &[Host], kinds: &[Kind]) -> Vec<Group> {
    let mut group_of: Vec<usize> = (0..hosts.len()).collect();
    for (index, host) in hosts.iter().enumerate() {
        for (before, other) in hosts[..index].iter().enumerate() {
            let shares = |kind: &Kind| {
                let value = host.groups.get(kind);
                value.is_some() && value == other.groups.get(kind)
            };
            if kinds.iter().any(shares) {
                let (from, to) = (group_of[index], group_of[before]);
                for group in &mut group_of {
                    if *group == from {
                        *group = to;
                    }
                }
            }
        }
    }
    let mut groups: Vec<(usize, Group)> = Vec::new();
    for (host, name) in group_of.into_iter().enumerate() {
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, group)) => group.hosts.push(host),
            None => groups.push((name, Group { hosts: vec![host] })),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

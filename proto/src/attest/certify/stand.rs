//! Who built the program, and who something else.

use std::collections::{BTreeMap, BTreeSet};

use super::taken::Taken;
use super::{Case, cause};
use crate::attest::decision::{Comparison, Dissent, GroupStand, Stand};
use crate::attest::digest::Digest;
use crate::attest::quorum::{Group, Quorum};

/// The votes.
#[derive(Debug)]
pub(super) struct Votes {
    /// The program that is voted on: the one asked for, else the one that most groups
    /// built; `None` where two have as many, or nothing was built.
    pub(super) product: Option<Digest>,
    hosts: Vec<Stand>,
    groups: Vec<(Group, Stand)>,
}

impl Votes {
    pub(super) fn of(quorum: &Quorum, counted: &[Taken], artifact: Option<Digest>) -> Self {
        let products: Vec<BTreeSet<Digest>> = (0..quorum.hosts.len())
            .map(|host| {
                let own = counted.iter().filter(|one| one.host == host);
                own.filter_map(|one| Some(one.product()?.sha256)).collect()
            })
            .collect();
        let groups = quorum.groups();
        let product = artifact.or_else(|| most(&products, &groups));
        let stand =
            |(host, products): (usize, &BTreeSet<Digest>)| match (products.first(), products.len())
            {
                (None, _) if counted.iter().any(|one| one.host == host) => Stand::Failed,
                (None, _) => Stand::Silent,
                (Some(one), 1) if Some(*one) == product => Stand::For,
                (Some(_), 1) => Stand::Against,
                _ => Stand::Void,
            };
        let hosts: Vec<Stand> = products.iter().enumerate().map(stand).collect();
        let groups = groups.into_iter().map(|group| {
            let stand = together(group.hosts.iter().filter_map(|host| hosts.get(*host)));
            (group, stand)
        });
        Self {
            product,
            groups: groups.collect(),
            hosts,
        }
    }

    /// Returns how many groups built the program.
    pub(super) fn count(&self) -> usize {
        let groups = self.groups.iter();
        groups.filter(|(_, stand)| *stand == Stand::For).count()
    }

    /// Returns how a host stands.
    pub(super) fn host(&self, host: usize) -> Stand {
        self.hosts.get(host).copied().unwrap_or(Stand::Silent)
    }

    /// Returns the hosts of each group that built the program.
    pub(super) fn agreeing_groups(&self) -> impl Iterator<Item = &Group> {
        let groups = self.groups.iter();
        groups
            .filter(|(_, stand)| *stand == Stand::For)
            .map(|(group, _)| group)
    }

    pub(super) fn stands(&self, quorum: &Quorum) -> Vec<GroupStand> {
        let shown = |(group, stand): &(Group, Stand)| {
            let hosts = group
                .hosts
                .iter()
                .filter_map(|host| quorum.hosts.get(*host));
            GroupStand {
                hosts: hosts.map(|host| host.name.clone()).collect(),
                stand: *stand,
            }
        };
        self.groups.iter().map(shown).collect()
    }

    /// Returns the name that observations have for the program.
    pub(super) fn product_name(&self, counted: &[&Taken]) -> Option<String> {
        let mut products = counted.iter().filter_map(|one| one.product());
        let named = products.find(|product| Some(product.sha256) == self.product)?;
        Some(named.name.clone())
    }
}

/// Returns the product that the most groups built without contradicting themselves.
fn most(products: &[BTreeSet<Digest>], groups: &[Group]) -> Option<Digest> {
    let mut counts: BTreeMap<Digest, usize> = BTreeMap::new();
    for group in groups {
        let of = group.hosts.iter().filter_map(|host| products.get(*host));
        let built: BTreeSet<Digest> = of.flatten().copied().collect();
        if let (Some(one), 1) = (built.first(), built.len()) {
            *counts.entry(*one).or_default() += 1;
        }
    }
    let max = counts.values().max().copied()?;
    let mut winners = counts.into_iter().filter(|(_, count)| *count == max);
    let (winner, _) = winners.next()?;
    winners.next().is_none().then_some(winner)
}

/// Returns the stand of a group by those of its hosts: one that contradicts itself has no
/// vote.
fn together<'a>(stands: impl Iterator<Item = &'a Stand>) -> Stand {
    let stands: Vec<Stand> = stands.copied().collect();
    let has = |stand| stands.contains(&stand);
    match (has(Stand::For), has(Stand::Against)) {
        _ if has(Stand::Void) => Stand::Void,
        (true, true) => Stand::Void,
        (true, false) => Stand::For,
        (false, true) => Stand::Against,
        (false, false) if has(Stand::Failed) => Stand::Failed,
        (false, false) => Stand::Silent,
    }
}

/// Returns who built something else, and why as far as that is told.
pub(super) fn dissent(case: &Case<'_>) -> Vec<Dissent> {
    let mut dissent: Vec<Dissent> = Vec::new();
    let agreed = case.counted.iter().find(|one| {
        one.product()
            .is_some_and(|product| Some(product.sha256) == case.votes.product)
    });
    for one in case.counted {
        let stand = case.votes.host(one.host);
        let Some(product) = one.product() else {
            continue;
        };
        let is_other = Some(product.sha256) != case.votes.product;
        if !matches!(stand, Stand::Against | Stand::Void) || (!is_other && stand != Stand::Void) {
            continue;
        }
        let host = one.name(case.quorum).to_owned();
        let is_known = |known: &Dissent| known.host == host && known.product == product.sha256;
        if dissent.iter().any(is_known) {
            continue;
        }
        let mut causes = Vec::new();
        if stand == Stand::Void {
            causes.push("this host built two different programs from the same inputs: its vote is void until a person has looked".to_owned());
        }
        let comparison = match agreed {
            _ if !is_other => Comparison::Identical,
            Some(agreed) => {
                causes.extend(cause::of(agreed, one));
                cause::compare(agreed, one)
            }
            None => Comparison::Different,
        };
        dissent.push(Dissent {
            host,
            product: product.sha256,
            comparison,
            causes,
        });
    }
    dissent
}

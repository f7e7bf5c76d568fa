//! What may have been held back: each observation names the one before it by the same
//! key.

use std::collections::{BTreeMap, BTreeSet};

use super::taken::Taken;
use crate::attest::digest::Digest;
use crate::attest::quorum::Quorum;

/// Says whose chain begins with an observation that is here. A key's first observation
/// names none before it, and so does one by a key that was not told of the one before.
pub(super) fn beginnings(quorum: &Quorum, signed: &[Taken]) -> Option<String> {
    let begins = |place: usize| {
        let mut own = signed.iter().filter(|one| one.host == place);
        own.any(|one| one.observation.chain.previous.is_none())
    };
    let hosts = quorum.hosts.iter().enumerate();
    let begun = hosts.filter(|(place, _)| begins(*place));
    let names: Vec<&str> = begun.map(|(_, host)| host.name.as_str()).collect();
    (!names.is_empty()).then(|| {
        format!(
            "the chain of observations begins anew here for {}: nothing tells of any that were signed before",
            names.join(", ")
        )
    })
}

/// Returns the gaps in the chains of all hosts. Observations of other inputs and old ones
/// fill gaps as well, since a key may sign for several programs.
pub(super) fn gaps(quorum: &Quorum, signed: &[Taken]) -> Vec<String> {
    let mut gaps = Vec::new();
    for (place, host) in quorum.hosts.iter().enumerate() {
        let own: Vec<&Taken> = signed.iter().filter(|one| one.host == place).collect();
        let known: BTreeSet<Digest> = own.iter().map(|one| one.id).collect();
        let mut followed: BTreeMap<Option<Digest>, usize> = BTreeMap::new();
        for one in &own {
            *followed.entry(one.observation.chain.previous).or_default() += 1;
        }
        for (previous, count) in followed {
            let name = &host.name;
            match previous {
                Some(previous) if !known.contains(&previous) => gaps.push(format!(
                    "{name} signed an observation that is not here: {}",
                    previous.short()
                )),
                Some(previous) if count > 1 => gaps.push(format!(
                    "{name} signed {count} observations that each follow {}",
                    previous.short()
                )),
                None if count > 1 => gaps.push(format!(
                    "{name} began its chain of observations {count} times"
                )),
                _ => {}
            }
        }
    }
    gaps
}

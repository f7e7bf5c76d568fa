//! Observations of several hosts side by side: which builds agree, who is in the
//! minority, and what the hosts that disagree have in common.
//!
//! ```text
//! table   hosts and variations, and in each cell what came out
//! groups  equal programs, and which parts of their build IDs are equal
//! split   the facts of hosts that tell the groups apart
//! ```
//!
//! Only builds of equal inputs are compared: each inputs' digest has a table of its
//! own. Nothing here looks at signatures; a table shows what is said, and by which keys
//! it claims to be said.

pub mod groups;
pub mod split;
pub mod table;

use crate::attest::digest::Digest;
use crate::attest::observation::Observation;

/// An observation that is laid into a table.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The file that it came from, for people.
    pub file: String,
    /// The key that its envelope names; nobody has checked that the key signed it.
    pub key: Option<String>,
    /// What it says.
    pub observation: Observation,
    /// Digest of its inputs.
    pub inputs: Digest,
}

impl Entry {
    /// Returns what the host is called: the name that it gave itself or its image, and
    /// its key.
    pub fn host(&self) -> String {
        let host = &self.observation.host;
        let named = host.facts.get("name").or(host.image.as_ref());
        let named = named.map_or(host.os.as_str(), String::as_str);
        match &self.key {
            Some(key) => format!(
                "{named} ({})",
                key.chars().take(KEY_DIGITS).collect::<String>()
            ),
            None => format!("{named} (unsigned)"),
        }
    }

    /// Returns the digest of what came out.
    pub fn product(&self) -> Option<Digest> {
        self.observation
            .product
            .as_ref()
            .map(|product| product.sha256)
    }

    /// Returns the root over the packages that the build took in.
    pub fn closure(&self) -> Option<Digest> {
        self.observation
            .cache
            .closure
            .as_ref()
            .map(|closure| closure.root)
    }
}

/// Digits of a key's ID in a host's name.
const KEY_DIGITS: usize = 8;

#[cfg(test)]
pub(crate) mod sample {
    use super::*;
    use crate::attest::observation::{Mode, Outcome, sample};

    /// An observation of host `name` that gave the program called `product`; nothing for
    /// a build that failed.
    pub(crate) fn entry(name: &str, mode: Mode, product: &str) -> Entry {
        let mut observation = sample();
        observation.host.facts.insert("name".into(), name.into());
        observation.cache.mode = mode;
        if product.is_empty() {
            observation.product = None;
            observation.result = Outcome::Failed {
                expected: None,
                reason: "no".into(),
            };
        } else if let Some(made) = &mut observation.product {
            made.sha256 = Digest::of(product.as_bytes());
        }
        Entry {
            file: format!("{name}.observation.json"),
            key: Some(Digest::of(name.as_bytes()).to_string()),
            inputs: observation.inputs_digest().unwrap_or(Digest([0; 32])),
            observation,
        }
    }
}

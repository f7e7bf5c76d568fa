//! The hosts of a quorum file.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Error, key, time, value};
use crate::attest::key::PublicKey;

/// The longest name of a host or a group, in bytes.
const NAME_LEN_MAX: usize = 200;

/// What a host may share with another, so that one mishap or one person can turn both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Whose it is.
    Org,
    /// The service that runs it.
    Ci,
    /// Where its operating system comes from.
    Image,
    /// The build cache that it takes from.
    Cache,
    /// Where its Go toolchain comes from.
    Toolchain,
}

impl Kind {
    /// Every kind, in order.
    pub const ALL: [Self; 5] = [
        Self::Org,
        Self::Ci,
        Self::Image,
        Self::Cache,
        Self::Toolchain,
    ];

    /// Returns the word that the file has.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Org => "org",
            Self::Ci => "ci",
            Self::Image => "image",
            Self::Cache => "cache",
            Self::Toolchain => "toolchain",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    pub(super) fn names() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }
}

/// A host whose observations count.
#[derive(Debug, Clone)]
pub struct Host {
    /// Its name, for people.
    pub name: String,
    /// The key that it signs with.
    pub key: PublicKey,
    /// What it shares with others, by kind.
    pub groups: BTreeMap<Kind, String>,
    /// What it signs after this, in seconds since 1970, does not count.
    pub until_s: Option<u64>,
    /// Nothing that it signs counts.
    pub is_revoked: bool,
    /// What is not proved to have been logged before this does not count: somebody else
    /// may have had the key since.
    pub compromised_since_s: Option<u64>,
}

impl Host {
    pub(super) fn of(form: Form, of: &[Kind]) -> Result<Self, Error> {
        let host = form.name;
        check_name("hosts.name", &host)?;
        let key = PublicKey::parse(&form.key).map_err(|error: key::Error| Error::Key {
            host: host.clone(),
            error,
        })?;
        let values = [form.org, form.ci, form.image, form.cache, form.toolchain];
        let mut groups = BTreeMap::new();
        for (kind, group) in Kind::ALL.into_iter().zip(values) {
            let Some(group) = group else {
                if of.contains(&kind) {
                    let why = format!(
                        "the host {host:?} has none, and quorum.of names it: \
                         without it nobody knows whom the host is one with"
                    );
                    return Err(value(kind.as_str(), &why));
                }
                continue;
            };
            check_name(kind.as_str(), &group)?;
            groups.insert(kind, group);
        }
        let at = |key: &str, text: Option<String>| text.map(|text| time(key, &text)).transpose();
        Ok(Self {
            name: host,
            key,
            groups,
            until_s: at("until", form.until)?,
            is_revoked: form.revoked,
            compromised_since_s: at("compromised_since", form.compromised_since)?,
        })
    }
}

/// Names that look like others they are not are not names.
fn check_name(key: &str, name: &str) -> Result<(), Error> {
    let is_plain = name.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let is_good = is_plain && name.trim() == name && !name.is_empty() && name.len() <= NAME_LEN_MAX;
    if !is_good {
        let why = format!("{name:?} is not a name: want 1 to {NAME_LEN_MAX} ASCII characters");
        return Err(value(key, &why));
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    name: String,
    key: String,
    #[serde(default)]
    org: Option<String>,
    #[serde(default)]
    ci: Option<String>,
    #[serde(default)]
    image: Option<String>,
    #[serde(default)]
    cache: Option<String>,
    #[serde(default)]
    toolchain: Option<String>,
    #[serde(default)]
    until: Option<String>,
    #[serde(default)]
    revoked: bool,
    #[serde(default)]
    compromised_since: Option<String>,
}

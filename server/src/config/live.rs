//! The settings that a running server takes over, without a restart.
//!
//! They are few, and each is read where it is used, at every use: what [`Live`] holds
//! is what is done. A change of any other key is refused by name, never half made.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use serde_norway::Value;

use super::schema::{is_among, join};
use super::{Bundle, Config, Gc, Proof};

/// The keys that may change while the server runs; a section stands for all its keys.
pub(crate) const KEYS: [&str; 8] = [
    "log.level",
    "gc",
    "proof",
    "cache.list_fresh",
    "cache.negative_ttl",
    "cache.disk_free_min",
    "bundle",
    "limits.drain_timeout",
];

/// The values of [`KEYS`] at one moment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Now {
    /// The level alone may change; the form of the lines may not.
    pub(crate) log_level: String,
    pub(crate) gc: Gc,
    pub(crate) proof: Proof,
    pub(crate) list_fresh: Duration,
    pub(crate) negative_ttl: Duration,
    /// Bytes.
    pub(crate) disk_free_min: u64,
    pub(crate) bundle: Bundle,
    pub(crate) drain_timeout: Duration,
}

impl Now {
    fn of(config: &Config) -> Self {
        Self {
            log_level: config.log.level.clone(),
            gc: config.gc.clone(),
            proof: config.proof.clone(),
            list_fresh: config.cache.list_fresh,
            negative_ttl: config.cache.negative_ttl,
            disk_free_min: config.cache.disk_free_min,
            bundle: config.bundle.clone(),
            drain_timeout: config.limits.drain_timeout,
        }
    }

    /// Returns `config` with these values in it.
    fn put_into(self, mut config: Config) -> Config {
        config.log.level = self.log_level;
        config.gc = self.gc;
        config.proof = self.proof;
        config.cache.list_fresh = self.list_fresh;
        config.cache.negative_ttl = self.negative_ttl;
        config.cache.disk_free_min = self.disk_free_min;
        config.bundle = self.bundle;
        config.limits.drain_timeout = self.drain_timeout;
        config
    }
}

/// The values in effect. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Live(Arc<ArcSwap<Now>>);

impl Live {
    /// Begins with the values of `config`.
    pub(crate) fn new(config: &Config) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(Now::of(config))))
    }

    /// Takes the values of `config` over. Whoever has begun with the old ones ends with
    /// them.
    pub(crate) fn take_over(&self, config: &Config) {
        self.0.store(Arc::new(Now::of(config)));
    }

    /// Returns the values of this moment.
    pub(crate) fn now(&self) -> Arc<Now> {
        self.0.load_full()
    }
}

/// What differs between two settings.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Keys that a running server takes over.
    pub(crate) live: Vec<String>,
    /// Keys that it does not.
    pub(crate) fixed: Vec<String>,
}

impl Changes {
    /// Compares two settings. A key that differs in a secret alone, which is never
    /// shown, is named by its section.
    pub(crate) fn between(old: &Config, new: &Config) -> Self {
        let (old_shown, new_shown) = (flat(old), flat(new));
        let keys = old_shown.keys().chain(new_shown.keys());
        let mut changed: Vec<_> = keys
            .filter(|key| old_shown.get(*key) != new_shown.get(*key))
            .cloned()
            .collect();
        changed.sort();
        changed.dedup();
        let (live, mut fixed): (Vec<_>, Vec<_>) =
            changed.into_iter().partition(|key| is_among(key, &KEYS));
        let adopted = Now::of(new).put_into(old.clone());
        if fixed.is_empty() && adopted != *new {
            fixed.push(hidden(&adopted, new).to_owned());
        }
        Self { live, fixed }
    }
}

/// Names the section that differs in what is not shown.
fn hidden(old: &Config, new: &Config) -> &'static str {
    if old.upstream != new.upstream {
        "upstream"
    } else if old.databases != new.databases {
        "databases"
    } else if old.own != new.own {
        "own"
    } else {
        "what the environment sets"
    }
}

/// Returns what `config show` prints, by the path of each key.
fn flat(config: &Config) -> BTreeMap<String, Value> {
    let mut keys = BTreeMap::new();
    let shown = serde_norway::from_str(&config.show()).unwrap_or(Value::Null);
    collect(String::new(), shown, &mut keys);
    keys
}

fn collect(path: String, value: Value, keys: &mut BTreeMap<String, Value>) {
    let Value::Mapping(entries) = value else {
        keys.insert(path, value);
        return;
    };
    for (key, value) in entries {
        let key = key.as_str().unwrap_or_default();
        collect(join(&path, key), value, keys);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Mode;

    fn config() -> Config {
        Config::new("/var/lib/sumward".into())
    }

    #[test]
    fn what_is_the_same_has_no_changes() {
        assert_eq!(Changes::between(&config(), &config()), Changes::default());
    }

    /// Every key is on one side, and what `Now` holds is what the list says.
    #[test]
    fn live_keys_and_what_is_taken_over_are_the_same_keys() {
        let mut new = config();
        new.log.level = "debug".to_owned();
        new.gc.budget = Some(1 << 30);
        new.gc.every = None;
        new.proof.mode = Mode::Report;
        new.proof.pause = Duration::from_secs(7);
        new.cache.list_fresh = Duration::from_secs(7);
        new.cache.negative_ttl = Duration::from_secs(7);
        new.cache.disk_free_min = 7;
        new.bundle.settle = Duration::from_secs(7);
        new.limits.drain_timeout = Duration::from_secs(7);
        let changes = Changes::between(&config(), &new);
        assert_eq!(changes.fixed, [""; 0]);
        for key in KEYS {
            assert!(
                changes.live.iter().any(|it| it.starts_with(key)),
                "{key}: {changes:?}"
            );
        }
        let live = Live::new(&config());
        live.take_over(&new);
        assert_eq!(*live.now(), Now::of(&new));
        assert_eq!(Now::of(&new).put_into(config()), new);
    }

    #[test]
    fn other_keys_are_named() {
        let mut new = config();
        new.limits.fetches_max = 3;
        new.data = "/srv".into();
        new.gc.budget = Some(1);
        let changes = Changes::between(&config(), &new);
        assert_eq!(changes.fixed, ["data", "limits.fetches_max"]);
        assert_eq!(changes.live, ["gc.budget"]);
    }

    #[test]
    fn what_is_not_shown_is_seen() {
        let mut new = config();
        new.own.accept_head = Some(3);
        assert_eq!(Changes::between(&config(), &new).fixed, ["own"]);
        let mut new = config();
        new.runtime = Some("/run/other".into());
        let fixed = Changes::between(&config(), &new).fixed;
        assert_eq!(fixed, ["what the environment sets"]);
    }
}

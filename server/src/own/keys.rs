//! The keys that sign a log: one, and two while it is changed.

use std::io;
use std::path::Path;

use proto::note::SignerKey;
use proto::sumdb::own::SignedHead;
use proto::tlog::Tree;

use super::key::read;
use super::verifiers::Verifiers;
use crate::config;

/// The keys that sign a log: the one that it is known by, and, while clients move from one
/// key to another, a second one of the same name.
#[derive(Debug)]
pub(crate) struct Keys {
    first: SignerKey,
    second: Option<SignerKey>,
}

impl Keys {
    /// Reads the keys that the settings name; `None` where there is no log. Blocks.
    ///
    /// # Errors
    /// The key of the settings, and what is wrong with its file.
    pub(crate) fn read(settings: &config::Own) -> Result<Option<Self>, (&'static str, io::Error)> {
        let at = |key: &'static str, path: &Path| {
            let shown = path.display();
            read(path).map_err(|error| (key, io::Error::other(format!("{shown}: {error}"))))
        };
        let Some(path) = &settings.key else {
            return Ok(None);
        };
        let first = at("own.key", path)?;
        let second = settings.second_key.as_deref();
        let second = second.map(|path| at("own.second_key", path)).transpose()?;
        let keys = Self { first, second };
        match keys.fault() {
            Some(fault) => Err(("own.second_key", io::Error::other(fault))),
            None => Ok(Some(keys)),
        }
    }

    /// Why the two are no keys of one log.
    fn fault(&self) -> Option<String> {
        let second = self.second.as_ref()?;
        let (first, second) = (self.first.verifier(), second.verifier());
        if first.name() != second.name() {
            return Some(format!(
                "it is a key of {}, and own.key is one of {}: a log keeps its name",
                second.name(),
                first.name()
            ));
        }
        (first.key_hash() == second.key_hash()).then(|| "it is the key of own.key".to_owned())
    }

    /// The log's name, which is also that of each key.
    pub(crate) fn name(&self) -> &str {
        self.first.name()
    }

    /// The public halves.
    pub(super) fn verifiers(&self) -> Verifiers {
        let keys = [Some(&self.first), self.second.as_ref()];
        Verifiers::new(
            keys.into_iter()
                .flatten()
                .map(SignerKey::verifier)
                .collect(),
        )
    }

    /// Signs a tree with each.
    pub(super) fn sign(&self, tree: Tree) -> io::Result<SignedHead> {
        let keys = [Some(&self.first), self.second.as_ref()];
        let keys: Vec<_> = keys.into_iter().flatten().collect();
        SignedHead::sign(tree, &keys).map_err(io::Error::other)
    }
}

//! Which keys there are, by name.

/// What may stand in one place of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Schema {
    /// One value, or a list of words.
    Value,
    /// A list whose entries are texts or have these keys.
    List(&'static [&'static str]),
    /// Keys, in the order in which they are shown.
    Section(Vec<(&'static str, Self)>),
}

/// A key that is not one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unknown {
    /// The path as far as it was followed, the unknown key included.
    pub(super) path: String,
    /// What to write instead.
    pub(super) message: String,
}

impl Schema {
    /// Returns what may stand at a path such as `upstream.list`.
    pub(super) fn at(&self, path: &str) -> Result<&Self, Unknown> {
        let mut here = self;
        let mut followed = String::new();
        for key in path.split('.') {
            let path = join(&followed, key);
            here = match here {
                Self::Section(_) => here.key(&followed, key)?,
                Self::Value | Self::List(_) => {
                    let message = format!("unknown key; `{followed}` has no keys in it");
                    return Err(Unknown { path, message });
                }
            };
            followed = path;
        }
        Ok(here)
    }

    /// Returns what may stand under a key of this section, which is at `path`.
    pub(super) fn key(&self, path: &str, key: &str) -> Result<&Self, Unknown> {
        let Self::Section(keys) = self else {
            return Ok(self);
        };
        if let Some((_, schema)) = keys.iter().find(|(name, _)| *name == key) {
            return Ok(schema);
        }
        let names: Vec<_> = keys.iter().map(|(name, _)| *name).collect();
        Err(unknown(path, key, &names))
    }

    /// Returns the paths of all keys, and those of sections when asked for.
    pub(super) fn paths(&self, with_sections: bool) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect(String::new(), with_sections, &mut paths);
        paths
    }

    fn collect(&self, path: String, with_sections: bool, paths: &mut Vec<String>) {
        let Self::Section(keys) = self else {
            paths.push(path);
            return;
        };
        for (key, schema) in keys {
            schema.collect(join(&path, key), with_sections, paths);
        }
        if with_sections && !path.is_empty() {
            paths.push(path);
        }
    }
}

/// Returns what to say of a key that none of `known` is, in the section at `path`.
pub(super) fn unknown(path: &str, key: &str, known: &[&'static str]) -> Unknown {
    let path = join(path, key);
    let message = if let Some(message) = removed(|removed| removed == path) {
        message.to_owned()
    } else {
        match nearest(key, known) {
            Some(known) => format!("unknown key; did you mean `{known}`?"),
            None => format!("unknown key; known here: {}", known.join(", ")),
        }
    };
    Unknown { path, message }
}

/// Returns what became of the removed key that `is_it` says is meant.
pub(super) fn removed(is_it: impl Fn(&str) -> bool) -> Option<&'static str> {
    let (_, message) = REMOVED.iter().find(|(path, _)| is_it(path))?;
    Some(message)
}

/// Keys that are gone, or that people look for, and what to do about it.
const REMOVED: [(&str, &str); 2] = [
    (
        "cache.list_stale_max",
        "is gone: stored lists are served for ever now when upstream does not answer; remove the key",
    ),
    (
        "config",
        "no file says which files there are or who must have signed them: that is for flags, variables or a credential of the unit (--config-trust, $SUMWARD_CONFIG_TRUST, config-trust)",
    ),
];

/// Returns the known word most like `word`, if any is like it at all.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), *candidate))
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Below this a suggestion misleads: `netrc` for `cert` is 0.6.
const LIKENESS_MIN: f64 = 0.8;

/// Whether a key is among some, of which a section stands for all its keys.
pub(super) fn is_among(key: &str, some: &[&str]) -> bool {
    some.iter().any(|it| {
        let rest = key.strip_prefix(it);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// Returns the path of a key in the section at `path`.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

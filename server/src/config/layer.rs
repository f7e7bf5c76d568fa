//! A layer of the configuration: what one source says, and where it says it.

use std::collections::BTreeMap;
use std::sync::Arc;

use proto::manifest::Role;
use serde_norway::{Mapping, Value};

use super::environment::{PREFIX, variable};
use super::kind::{Part as _, name, scalar};
use super::lines::Lines;
use super::partial::Partial;
use super::place::{LayerKind, Place};
use super::problem::Problem;
use super::schema::{Schema, join, unknown};

/// Where a value was written.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// A flag such as `--upstream`.
    Flag(&'static str),
    /// `--set`.
    Set,
    /// A variable of the environment.
    Variable(String),
    /// A configuration file.
    File {
        /// Its path.
        name: String,
        /// Its layer.
        role: Role,
        /// Where its keys are.
        lines: Arc<Lines>,
    },
    /// The first has a list, to which the second adds.
    Both(Box<Self>, Box<Self>),
}

impl Origin {
    /// Names the place, of which the reader knows that it is about `path`.
    pub(super) fn of(&self, path: &str) -> String {
        match self {
            Self::Flag(flag) => (*flag).to_owned(),
            Self::Set => "--set".to_owned(),
            Self::Variable(name) => name.clone(),
            Self::File { name, lines, .. } => match lines.of_path(path) {
                Some(line) => format!("{name}:{line}"),
                None => name.clone(),
            },
            Self::Both(first, second) => format!("{} and {}", first.of(path), second.of(path)),
        }
    }

    /// Names the place and the key, for a problem with it.
    pub(super) fn place(&self, path: &str) -> String {
        let at = self.of(path);
        match self {
            Self::Set => format!("{at} {path}"),
            Self::File { .. } if !path.is_empty() => format!("{at}: {path}"),
            // One that stands for several keys.
            Self::Variable(name) if name.starts_with("SUMWARD_") && *name != variable(path) => {
                format!("{at}: {path}")
            }
            Self::Flag(_) | Self::Variable(_) | Self::File { .. } | Self::Both(..) => at,
        }
    }

    /// Returns the layer, the place, and of a file its name and line.
    fn tell(&self, path: &str) -> Place {
        let mut place = Place {
            layer: LayerKind::Several,
            at: self.of(path),
            file: None,
            line: None,
        };
        match self {
            Self::Flag(_) | Self::Set => place.layer = LayerKind::Flag,
            Self::Variable(name) if name.starts_with(PREFIX) => place.layer = LayerKind::Variable,
            Self::Variable(_) => place.layer = LayerKind::Other,
            Self::File { name, role, .. } => {
                place.layer = LayerKind::of(*role);
                place.file = Some(name.clone());
                place.line = self.line(path);
            }
            Self::Both(..) => {}
        }
        place
    }

    fn line(&self, path: &str) -> Option<usize> {
        match self {
            Self::File { lines, .. } => lines.of_path(path),
            Self::Flag(_) | Self::Set | Self::Variable(_) | Self::Both(..) => None,
        }
    }
}

/// A value and where it was written.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// What some sources say: values by the path of their key, each of which serde
/// takes. What they do not say is absent.
#[derive(Debug, Default)]
pub(super) struct Layer {
    entries: BTreeMap<String, Given>,
}

impl Layer {
    /// Adds what a source says at `path`: a value, or a section of them. What is wrong
    /// with it is reported and left out.
    pub(super) fn put(
        &mut self,
        path: &str,
        value: Value,
        origin: &Origin,
        problems: &mut Vec<Problem>,
    ) {
        let mut found = Vec::new();
        match Partial::schema().at(path) {
            Ok(schema) => self.put_at(path, schema, value, origin, &mut found),
            Err(unknown) => found.push((unknown.path, unknown.message)),
        }
        report(found, origin, problems);
    }

    /// Adds a whole configuration, as [`Self::put`] does.
    pub(super) fn put_all(&mut self, value: Value, origin: &Origin, problems: &mut Vec<Problem>) {
        let mut found = Vec::new();
        self.put_at("", &Partial::schema(), value, origin, &mut found);
        report(found, origin, problems);
    }

    fn put_at(
        &mut self,
        path: &str,
        schema: &Schema,
        value: Value,
        origin: &Origin,
        found: &mut Vec<(String, String)>,
    ) {
        match (schema, value) {
            (_, Value::Null) => {}
            (Schema::Section(_), Value::Mapping(entries)) => {
                for (key, value) in entries {
                    let key = scalar(&key).unwrap_or_default();
                    match schema.key(path, &key) {
                        Ok(schema) => self.put_at(&join(path, &key), schema, value, origin, found),
                        Err(unknown) => found.push((unknown.path, unknown.message)),
                    }
                }
            }
            (Schema::Section(_), value) => {
                let message = format!("want keys and values, found {}", name(&value));
                found.push((path.to_owned(), message));
            }
            (Schema::Value, value) => match check(path, &value) {
                Ok(()) => self.insert(path, value, origin, found),
                Err(message) => found.push((path.to_owned(), message)),
            },
            (Schema::List(keys), value) => {
                let before = found.len();
                check_list(path, keys, &value, found);
                if found.len() == before {
                    self.insert(path, value, origin, found);
                }
            }
        }
    }

    fn insert(
        &mut self,
        path: &str,
        value: Value,
        origin: &Origin,
        found: &mut Vec<(String, String)>,
    ) {
        if let Some(other) = self.entries.get(path) {
            let message = format!(
                "{} sets this as well; give one of them",
                other.origin.place(path)
            );
            found.push((path.to_owned(), message));
            return;
        }
        let origin = origin.clone();
        self.entries
            .insert(path.to_owned(), Given { value, origin });
    }

    /// Adds what a lower layer says of keys that this one does not have.
    pub(super) fn above(mut self, below: Self) -> Self {
        for (path, entry) in below.entries {
            self.entries.entry(path).or_insert(entry);
        }
        self
    }

    /// Adds the entries of a lower layer's list after those of this one.
    pub(super) fn append(&mut self, path: &str, below: Self) {
        for (_, entry) in below.entries.into_iter().filter(|(key, _)| key == path) {
            let Some(above) = self.entries.get_mut(path) else {
                self.entries.insert(path.to_owned(), entry);
                continue;
            };
            if let (Value::Sequence(items), Value::Sequence(more)) = (&mut above.value, entry.value)
            {
                items.extend(more);
                let origins = (Box::new(above.origin.clone()), Box::new(entry.origin));
                above.origin = Origin::Both(origins.0, origins.1);
            }
        }
    }

    /// Returns what is said under a key.
    pub(super) fn entry(&self, path: &str) -> Option<&Given> {
        self.entries.get(path)
    }

    /// Whether a key is said.
    pub(super) fn has(&self, path: &str) -> bool {
        self.entries.contains_key(path)
    }

    /// Returns where each key is said.
    pub(super) fn origins(&self) -> BTreeMap<String, Place> {
        self.entries
            .iter()
            .map(|(path, entry)| (path.clone(), entry.origin.tell(path)))
            .collect()
    }

    /// Removes the keys that may not stand here, and returns what `message` says of each.
    pub(super) fn keep(
        &mut self,
        may: impl Fn(&str) -> bool,
        message: impl Fn(&str) -> String,
    ) -> Vec<Problem> {
        let mut removed: Vec<_> = self.entries.extract_if(.., |path, _| !may(path)).collect();
        removed.sort_by_key(|(path, entry)| entry.origin.line(path));
        removed
            .into_iter()
            .map(|(path, entry)| Problem::new(entry.origin.place(&path), message(&path)))
            .collect()
    }

    /// Returns the keys of this layer that a higher one says otherwise, with both places.
    pub(super) fn overridden_by(&self, above: &Self) -> Vec<String> {
        let both = self.entries.iter().filter_map(|(path, entry)| {
            let by = above.entries.get(path)?.origin.of(path);
            Some(format!("{path} ({}) by {by}", entry.origin.of(path)))
        });
        both.collect()
    }

    /// Returns the values as serde reads them.
    pub(super) fn partial(&self) -> Result<Partial, Problem> {
        let mut root = Value::Mapping(Mapping::new());
        for (path, entry) in &self.entries {
            nest(&mut root, path, entry.value.clone());
        }
        read(root).map_err(|message| Problem::new("settings", message))
    }
}

/// Checks one value alone, so that one mistake does not hide the next.
fn check(path: &str, value: &Value) -> Result<(), String> {
    let mut root = Value::Mapping(Mapping::new());
    nest(&mut root, path, value.clone());
    read(root).map(drop)
}

/// Checks each entry of a list alone, then all of them together.
fn check_list(
    path: &str,
    keys: &'static [&'static str],
    value: &Value,
    found: &mut Vec<(String, String)>,
) {
    let before = found.len();
    for (index, item) in value.as_sequence().into_iter().flatten().enumerate() {
        let path_of_item = format!("{path}[{index}]");
        let mut item = item.clone();
        if let Value::Mapping(entries) = &mut item {
            entries.retain(|key, _| {
                let key = scalar(key).unwrap_or_default();
                let is_known = keys.contains(&key.as_str());
                if !is_known {
                    let unknown = unknown(&path_of_item, &key, keys);
                    found.push((unknown.path, unknown.message));
                }
                is_known
            });
        }
        if let Err(message) = check(path, &Value::Sequence(vec![item])) {
            found.push((path_of_item, message));
        }
    }
    if found.len() == before
        && let Err(message) = check(path, value)
    {
        found.push((path.to_owned(), message));
    }
}

fn read(root: Value) -> Result<Partial, String> {
    serde_norway::from_value(root).map_err(|error| error.to_string())
}

/// Puts a value at a path of mappings.
fn nest(root: &mut Value, path: &str, value: Value) {
    let mut here = root;
    for key in path.split('.') {
        if !here.is_mapping() {
            *here = Value::Mapping(Mapping::new());
        }
        here = &mut here[key];
    }
    *here = value;
}

/// Reports what was found at a source's paths, from top to bottom.
fn report(mut found: Vec<(String, String)>, origin: &Origin, problems: &mut Vec<Problem>) {
    found.sort_by_key(|(path, _)| origin.line(path));
    let problem = |(path, message): (String, String)| Problem::new(origin.place(&path), message);
    problems.extend(found.into_iter().map(problem));
}

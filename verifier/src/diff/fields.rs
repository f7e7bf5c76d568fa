//! Build information side by side, field by field.

use std::collections::BTreeMap;
use std::fmt;

use proto::buildinfo::{BuildInfo, Module};

use crate::goinfo::GoInfo;

/// One field that differs; `None` where a side does not have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Which field it is.
    pub name: Name,
    /// The first file's value.
    pub a: Option<String>,
    /// The second file's value.
    pub b: Option<String>,
}

/// The fields of build information.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// The Go version, experiments included.
    GoVersion,
    /// The package path of package main.
    Path,
    /// The main module: path, version and sum.
    Main,
    /// A module linked in, by path.
    Dep(String),
    /// A build setting, by key.
    Setting(String),
    /// A line of a kind unknown to this program.
    Other,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GoVersion => f.write_str("go"),
            Self::Path => f.write_str("path"),
            Self::Main => f.write_str("mod"),
            Self::Dep(path) => write!(f, "dep {path}"),
            Self::Setting(key) => write!(f, "build {key}"),
            Self::Other => f.write_str("other line"),
        }
    }
}

/// Returns every field in which two programs' build information differs. When
/// only one side has any, there is nothing to set side by side.
pub fn compare(a: &GoInfo, b: &GoInfo) -> Vec<Field> {
    let (Some(a_info), Some(b_info)) = (&a.build_info, &b.build_info) else {
        return Vec::new();
    };
    let mut fields = Vec::new();
    let mut add = |name, a: Option<String>, b: Option<String>| {
        if a != b {
            fields.push(Field { name, a, b });
        }
    };
    add(
        Name::GoVersion,
        a_info.value.version.clone(),
        b_info.value.version.clone(),
    );
    let (Some(a), Some(b)) = (&a_info.value.info, &b_info.value.info) else {
        return fields;
    };
    add(Name::Path, Some(a.path.clone()), Some(b.path.clone()));
    add(
        Name::Main,
        a.main.as_ref().map(print),
        b.main.as_ref().map(print),
    );
    for (path, (a, b)) in join(&deps(a), &deps(b)) {
        add(Name::Dep(path), a, b);
    }
    for (key, (a, b)) in join(&settings(a), &settings(b)) {
        add(Name::Setting(key), a, b);
    }
    let other = |info: &BuildInfo| (!info.other.is_empty()).then(|| info.other.join("\n"));
    add(Name::Other, other(a), other(b));
    fields
}

/// Prints a module on one line.
pub fn print(module: &Module) -> String {
    let mut text = module.path.clone();
    for part in [&module.version, &module.sum] {
        if !part.is_empty() {
            text.push(' ');
            text.push_str(part);
        }
    }
    if let Some(by) = &module.replace {
        text.push_str(" => ");
        text.push_str(&print(by));
    }
    text
}

fn deps(info: &BuildInfo) -> Vec<(String, String)> {
    info.deps
        .iter()
        .map(|dep| (dep.path.clone(), print(dep)))
        .collect()
}

fn settings(info: &BuildInfo) -> Vec<(String, String)> {
    info.settings
        .iter()
        .map(|setting| (setting.key.clone(), setting.value.clone()))
        .collect()
}

type Sides = (Option<String>, Option<String>);

/// Joins two lists by key; keys in the order of the alphabet.
fn join(a: &[(String, String)], b: &[(String, String)]) -> BTreeMap<String, Sides> {
    let mut joined: BTreeMap<String, Sides> = BTreeMap::new();
    for (key, value) in a {
        joined.entry(key.clone()).or_default().0 = Some(value.clone());
    }
    for (key, value) in b {
        joined.entry(key.clone()).or_default().1 = Some(value.clone());
    }
    joined
}

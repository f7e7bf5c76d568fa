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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::tests::program;

    fn differing(a: &str, b: &str) -> Vec<(String, Option<String>, Option<String>)> {
        let [a, b] = [a, b].map(|text| program("go1.27.3", text));
        let fields = compare(&a.go, &b.go).into_iter();
        fields
            .map(|field| (field.name.to_string(), field.a, field.b))
            .collect()
    }

    #[test]
    fn each_line_is_a_field_and_only_those_that_differ_are_named() {
        let a =
            "path\tp\nmod\tp\tv1.0.0\th1:A=\ndep\td\tv1.0.0\th1:B=\nbuild\t-race=true\nold\tline\n";
        let b = "path\tq\nmod\tp\t(devel)\t\ndep\td\tv1.0.0\th1:B=\n=>\t../d\t(devel)\t\n\
                 dep\te\tv1.1.0\t\nbuild\tvcs=git\n";
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            differing(a, b),
            [
                ("path".into(), some("p"), some("q")),
                ("mod".into(), some("p v1.0.0 h1:A="), some("p (devel)")),
                (
                    "dep d".into(),
                    some("d v1.0.0 h1:B="),
                    some("d v1.0.0 h1:B= => ../d (devel)")
                ),
                ("dep e".into(), None, some("e v1.1.0")),
                ("build -race".into(), some("true"), None),
                ("build vcs".into(), None, some("git")),
                ("other line".into(), some("old\tline"), None),
            ]
        );
        assert_eq!(differing(a, a), []);
    }

    #[test]
    fn versions_are_a_field_and_one_side_alone_is_none() {
        let text = "path\tp\n";
        let (mut a, b) = (program("go1.26.1", text), program("go1.27.3", text));
        let found = compare(&a.go, &b.go);
        let [field] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(
            (&field.name, field.name.to_string()),
            (&Name::GoVersion, "go".into())
        );
        assert_eq!(field.a.as_deref(), Some("go1.26.1"));
        a.go.build_info = None;
        assert_eq!(compare(&a.go, &b.go), []);
        assert_eq!(compare(&b.go, &a.go), []);
    }
}

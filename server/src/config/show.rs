//! The settings as a configuration file.

use std::collections::BTreeMap;

use serde_json::json;

use super::Config;
use super::kind::Part as _;
use super::lines::Lines;
use super::partial::Partial;
use super::place::{LayerKind, Place};

/// Prints every setting as YAML under the keys of the configuration file; read
/// back it gives the same settings, unless secrets were left out.
pub(super) fn print(config: &Config) -> String {
    serde_norway::to_string(&Partial::shown(config))
        .expect("texts, numbers and lists and maps of them are YAML")
}

/// Prints every setting as [`print()`] does, and behind each where it was set.
pub(super) fn print_with_origins(config: &Config, origins: &BTreeMap<String, Place>) -> String {
    let text = print(config);
    let lines = Lines::of(&text).unwrap_or_default();
    let mut comments = BTreeMap::new();
    for path in Partial::schema().paths(false) {
        if let Some(line) = lines.of_path(&path) {
            let origin = origins.get(&path);
            let origin =
                origin.map_or_else(|| LayerKind::Default.as_str().to_owned(), Place::to_string);
            comments.insert(line, origin.replace(char::is_control, "?"));
        }
    }
    let mut shown = String::new();
    for (number, line) in (1..).zip(text.lines()) {
        shown.push_str(line);
        if let Some(origin) = comments.get(&number) {
            shown.push_str("  # ");
            shown.push_str(origin);
        }
        shown.push('\n');
    }
    shown
}

/// Prints every setting as JSON, with the layer and the place of each where they are given.
pub(super) fn print_json(config: &Config, origins: Option<&BTreeMap<String, Place>>) -> String {
    let settings = json!(Partial::shown(config));
    let shown = match origins {
        None => settings,
        Some(origins) => {
            let paths = Partial::schema().paths(false).into_iter();
            let paths = paths.filter(|path| path != "data" || settings.get(path).is_some());
            let placed = paths.map(|path| {
                let origin = origins
                    .get(&path)
                    .map_or_else(|| json!({"layer": LayerKind::Default}), |it| json!(it));
                (path, origin)
            });
            let placed: serde_json::Map<_, _> = placed.collect();
            json!({"settings": settings, "origins": placed})
        }
    };
    format!("{shown:#}\n")
}

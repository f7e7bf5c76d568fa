//! JSON as a list of paths and values.

use serde_json::Value;

use super::super::listing::shorten;

/// The most values of one document.
const VALUES_MAX: usize = 20_000;

/// Returns every value with the path to it: `config/Env/0`.
pub(super) fn flatten(value: Option<&Value>) -> Vec<(String, String)> {
    let mut values = Vec::new();
    if let Some(value) = value {
        add(&mut values, "", value);
        if values.len() >= VALUES_MAX {
            values.push(("(all of it)".into(), shorten(&value.to_string())));
        }
    }
    values
}

/// Values nest no deeper than the JSON parser goes.
fn add(values: &mut Vec<(String, String)>, path: &str, value: &Value) {
    if values.len() >= VALUES_MAX {
        return;
    }
    let below = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}/{name}")
        }
    };
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                add(values, &below(name), value);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                add(values, &below(&index.to_string()), value);
            }
        }
        Value::String(text) => values.push((path.into(), shorten(text))),
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            values.push((path.into(), value.to_string()));
        }
    }
}

/// Says whether a value is the time at which something was made.
pub(super) fn is_time(path: &str) -> bool {
    path.ends_with("created") || path.ends_with("org.opencontainers.image.created")
}

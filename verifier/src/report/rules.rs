//! What the stable slugs of findings mean, in words.

use std::sync::LazyLock;

use serde_json::Value;

use crate::schemas;

/// The schema of a comparison's report, which says what every cause stands for.
static SCHEMA: LazyLock<Option<Value>> =
    LazyLock::new(|| serde_json::from_str(schemas::named("report-v1")?).ok());

/// Returns what a slug stands for, in a sentence or two; `None` for slugs of
/// commands other than the comparison.
pub fn meaning(slug: &str) -> Option<&'static str> {
    let cause = causes().find(|cause| cause["const"] == slug)?;
    cause["description"].as_str()
}

fn causes() -> impl Iterator<Item = &'static Value> {
    let place = "/$defs/cause/properties/cause/anyOf";
    let causes = SCHEMA.as_ref().and_then(|schema| schema.pointer(place));
    causes.and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::Name;

    #[test]
    fn every_cause_has_a_meaning_in_the_schema() {
        let slugs: Vec<String> = Name::ALL.into_iter().map(Name::as_str).collect();
        for slug in &slugs {
            let words = meaning(slug).unwrap_or_else(|| panic!("{slug}"));
            assert!(words.ends_with('.') && words.len() > 10, "{slug}: {words}");
        }
        let named: Vec<&str> = causes()
            .filter_map(|cause| cause["const"].as_str())
            .collect();
        assert_eq!(named, slugs, "one row a name, in the order of the names");
        assert_eq!(meaning("no-such-rule"), None);
    }
}

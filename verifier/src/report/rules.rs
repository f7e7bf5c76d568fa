//! What the stable slugs of findings mean, in words.
//!
//! The schema of the report documents every cause; this reads it from there, so
//! that the two can't come apart.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::cause::Name;

const REPORT_SCHEMA: &str = include_str!("../../schema/report-v1.json");

/// Returns what a slug stands for, in a sentence or two; `None` for slugs of
/// commands other than the comparison.
pub fn meaning(slug: &str) -> Option<&'static str> {
    static MEANINGS: OnceLock<HashMap<String, String>> = OnceLock::new();
    MEANINGS.get_or_init(read).get(slug).map(String::as_str)
}

/// Returns a slug as a title: `cpu-level` as "Cpu level".
pub fn title(slug: &str) -> String {
    let words = slug.replace('-', " ");
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => words,
    }
}

/// The schema's description is a row of "slug: sentences. slug: sentences.".
fn read() -> HashMap<String, String> {
    let schema: serde_json::Value = serde_json::from_str(REPORT_SCHEMA).unwrap_or_default();
    let text = schema
        .pointer("/$defs/cause/properties/cause/description")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    let mut places: Vec<(usize, usize, String)> = Name::ALL
        .into_iter()
        .filter_map(|name| {
            let slug = name.as_str();
            let at = text.find(&format!(" {slug}: "))?;
            Some((at, at + slug.len() + 3, slug))
        })
        .collect();
    places.sort();
    let ends: Vec<usize> = places
        .iter()
        .skip(1)
        .map(|(at, ..)| *at)
        .chain([text.len()])
        .collect();
    let meaning = |((_, begin, slug), end): ((usize, usize, String), usize)| {
        let words = text.get(begin..end).unwrap_or_default().trim();
        (slug, words.to_owned())
    };
    places.into_iter().zip(ends).map(meaning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_a_meaning_of_its_own() {
        for name in Name::ALL {
            let slug = name.as_str();
            let words = meaning(&slug).unwrap_or_else(|| panic!("{slug}"));
            assert!(words.ends_with('.') && words.len() > 10, "{slug}: {words}");
            let strays = |other: Name| words.contains(&format!(" {}: ", other.as_str()));
            assert!(!Name::ALL.into_iter().any(strays), "{slug}: {words}");
        }
        assert_eq!(meaning("build-tags"), Some("Built with different -tags."));
        assert_eq!(meaning("no-such-rule"), None);
    }

    #[test]
    fn titles_read_as_words() {
        assert_eq!(title("cpu-level"), "Cpu level");
        assert_eq!(title(""), "");
    }
}

//! What stays when files are let go: patterns, versions, and files of versions.

use std::path::Path;

use serde_norway::Value;

use super::kind::{Kind, comma_list};

/// What stays, as words: patterns in the syntax of GOPRIVATE, `MODULE@VERSION`, and the
/// names of go.sum files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pins(Vec<String>);

impl Pins {
    /// Reads a list with commas. Files are not looked for.
    ///
    /// # Errors
    /// A word that is no pattern and no version.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words = text.split(',').map(str::trim).filter(|it| !it.is_empty());
        let words: Vec<_> = words.map(str::to_owned).collect();
        for word in &words {
            if Self::go_sum(word).is_none() {
                let added = proto::retention::Pins::default().add(word);
                added.map_err(|error| format!("`{word}`: {error}"))?;
            }
        }
        Ok(Self(words))
    }

    /// Returns the words.
    pub fn words(&self) -> impl Iterator<Item = &String> {
        self.0.iter()
    }

    /// Returns the file that a word names, where it names one: go.sum, go.work.sum.
    pub fn go_sum(word: &str) -> Option<&Path> {
        word.ends_with(".sum").then(|| Path::new(word))
    }
}

/// Words of [`Pins`].
pub(super) struct PinWords;

impl Kind for PinWords {
    type Setting = Pins;

    fn parse(text: &str) -> Result<Pins, String> {
        Pins::parse(text)
    }

    fn print(pins: &Pins) -> String {
        pins.0.join(",")
    }

    fn read(value: &Value) -> Result<Pins, String> {
        Self::parse(&comma_list(value)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_patterns_versions_and_files() {
        let text = "rsc.io/*,golang.org/x/text@v0.3.0,/srv/app/go.sum";
        let pins = Pins::parse(text).unwrap();
        assert_eq!(PinWords::print(&pins), text);
        assert_eq!(pins.words().count(), 3);
        let files = pins.words().filter_map(|word| Pins::go_sum(word));
        assert_eq!(files.collect::<Vec<_>>(), [Path::new("/srv/app/go.sum")]);
        for wrong in ["[a", "rsc.io/quote@latest", "a@b"] {
            assert!(Pins::parse(wrong).is_err(), "{wrong}");
        }
    }
}

//! What stays when files are let go: patterns, versions, and files of versions.

use std::path::Path;

use serde_norway::Value;

use super::kind::{Kind, comma_list};

/// What stays, as words: patterns in the syntax of GOPRIVATE, `MODULE@VERSION`, and the
/// names of go.sum files and bundles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pins(Vec<String>);

impl Pins {
    /// Reads a list with commas. Files are not looked for.
    ///
    /// # Errors
    /// A word that is not a pattern and no version.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words = text.split(',').map(str::trim).filter(|it| !it.is_empty());
        let words: Vec<_> = words.map(str::to_owned).collect();
        for word in &words {
            if Self::file(word).is_none() {
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

    /// Returns the file that a word names, where it names one.
    pub fn file(word: &str) -> Option<Naming<'_>> {
        let path = Path::new(word);
        match word.rsplit_once('.')?.1 {
            "sum" => Some(Naming::GoSum(path)),
            "bundle" => Some(Naming::Bundle(path)),
            _ => None,
        }
    }
}

/// A file that names what stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming<'a> {
    /// `go.sum`, `go.work.sum`.
    GoSum(&'a Path),
    /// `first.bundle`, or the volumes of it.
    Bundle(&'a Path),
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
        let text = "rsc.io/*,golang.org/x/text@v0.3.0,/srv/app/go.sum,a.bundle";
        let pins = Pins::parse(text).unwrap();
        assert_eq!(PinWords::print(&pins), text);
        assert_eq!(pins.words().count(), 4);
        let files = pins.words().filter_map(|word| Pins::file(word));
        let want = [
            Naming::GoSum(Path::new("/srv/app/go.sum")),
            Naming::Bundle(Path::new("a.bundle")),
        ];
        assert_eq!(files.collect::<Vec<_>>(), want);
        for wrong in ["[a", "rsc.io/quote@latest", "a@b"] {
            assert!(Pins::parse(wrong).is_err(), "{wrong}");
        }
    }
}

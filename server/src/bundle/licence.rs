//! Under which licences a module is, by the text of its licence files.
//!
//! What is told is what the files' text is like, not what anybody may do.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{Read, Seek};

use spdx::detection::scan::Scanner;
use spdx::detection::{Store, TextData};
use zip::ZipArchive;

/// What is said where the files tell nothing (SPDX 2.3, 7.13).
pub(crate) const UNKNOWN: &str = "NOASSERTION";

/// Texts of licences to compare with.
pub(crate) struct Licences(Option<Stores>);

struct Stores {
    all: Store,
    /// Those that most modules have.
    common: Store,
}

/// What most modules have. Rarer ones are variants of these that few words tell apart.
const COMMON: [&str; 10] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MPL-2.0",
    "Unlicense",
    "Zlib",
];

/// How alike a text must be, of 1: that which the library's authors advise.
const CONFIDENCE: f32 = 0.9;
/// Licence files of one module that are read.
const FILES_MAX: usize = 8;
/// Bytes that are read of each.
const FILE_BYTES_MAX: u64 = 256 << 10;

impl Licences {
    /// Loads the texts. Blocks, for some 100 ms.
    pub(crate) fn load() -> Self {
        let stores = Store::load_inline().ok().map(|all| {
            let mut common = Store::new();
            for name in COMMON {
                if let Some(text) = all.get_original(name) {
                    common.add_license(name.to_owned(), text.clone());
                }
            }
            Stores { all, common }
        });
        Self(stores)
    }

    /// Returns the licences of a module zip as an SPDX expression: all that its root's
    /// licence files are, or [`UNKNOWN`]. Blocks.
    pub(crate) fn of(&self, zip: impl Read + Seek, prefix: &str) -> String {
        let found = self.found(zip, prefix).unwrap_or_default();
        if found.is_empty() {
            return UNKNOWN.to_owned();
        }
        found.into_iter().collect::<Vec<_>>().join(" AND ")
    }

    fn found(&self, zip: impl Read + Seek, prefix: &str) -> Option<BTreeSet<String>> {
        let stores = self.0.as_ref()?;
        let mut zip = ZipArchive::new(zip).ok()?;
        let named = |name: &str| name.strip_prefix(prefix).is_some_and(is_licence);
        let names: Vec<String> = zip
            .file_names()
            .filter_map(|name| name.ok().map(Cow::into_owned))
            .filter(|name| named(name))
            .take(FILES_MAX)
            .collect();
        let mut found = BTreeSet::new();
        for name in names {
            let mut text = Vec::new();
            let file = zip.by_name(&name).ok()?;
            file.take(FILE_BYTES_MAX).read_to_end(&mut text).ok()?;
            found.insert(stores.name(&String::from_utf8_lossy(&text))?);
        }
        Some(found)
    }
}

impl Stores {
    /// The licence that a text is; `None` where it is none, or nearly as much a common one
    /// as another: few words tell them apart, and a wrong name is worse than none.
    fn name(&self, text: &str) -> Option<String> {
        let text = TextData::new(text);
        let scan = |store| {
            let scanner = Scanner::new(store).confidence_threshold(CONFIDENCE);
            scanner.scan(&text).license.map(|it| it.name.to_owned())
        };
        let name = scan(&self.all)?;
        let common = scan(&self.common);
        common.is_none_or(|common| common == name).then_some(name)
    }
}

/// Whether a file in a module's root holds its licence, by its name.
fn is_licence(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let starts = ["license", "licence", "copying", "unlicense"];
    !name.contains('/') && starts.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_in_the_root_alone_are_a_modules_licence() {
        for (name, want) in [
            ("LICENSE", true),
            ("LICENCE.md", true),
            ("COPYING.LESSER", true),
            ("vendor/x/LICENSE", false),
            ("licences.go", false),
            ("README.md", false),
        ] {
            // Go files are no text of a licence, and the text decides.
            assert_eq!(is_licence(name) && !name.ends_with(".go"), want, "{name}");
        }
    }
}

//! Under which licences a module is, by the text of its licence files.
//!
//! What is told is what the files' text is like, not what anybody may do.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{Read, Seek};
use std::sync::OnceLock;

use spdx::detection::scan::Scanner;
use spdx::detection::{LicenseType, Store, TextData};
use zip::ZipArchive;

/// What is said where the files tell nothing (SPDX 2.3, 7.13).
pub(crate) const UNKNOWN: &str = "NOASSERTION";

/// Texts of licences to compare with, loaded when they are first needed.
#[derive(Default)]
pub(crate) struct Licences(OnceLock<Option<Stores>>);

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

/// The licence of this program, which is Apache-2.0.
const APACHE: &str = include_str!("../../../LICENSE");
/// What its appendix stands behind. Many leave that out, and what they have is then more like
/// a licence that was made of it than like the whole.
const APACHE_END: &str = "END OF TERMS AND CONDITIONS";

/// Licences of one text, at most.
const PARTS_MAX: u16 = 4;
/// Lines of a text in which several are looked for.
const LINES_MAX: usize = 1000;

/// How alike a text must be, of 1: that which the library's authors advise.
const CONFIDENCE: f32 = 0.9;
/// Licence files of one module that are read.
const FILES_MAX: usize = 8;
/// Bytes that are read of each.
const FILE_BYTES_MAX: u64 = 256 << 10;

impl Licences {
    /// Loads the texts. Blocks, for some 100 ms.
    pub(crate) fn load(&self) {
        self.stores();
    }

    fn stores(&self) -> Option<&Stores> {
        self.0.get_or_init(Stores::load).as_ref()
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
        let stores = self.stores()?;
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
            found.extend(stores.names(&String::from_utf8_lossy(&text))?);
        }
        Some(found)
    }
}

impl Stores {
    fn load() -> Option<Self> {
        let mut all = Store::load_inline().ok()?;
        let mut common = Store::new();
        for name in COMMON {
            if let Some(text) = all.get_original(name) {
                common.add_license(name.to_owned(), text.clone());
            }
        }
        let (terms, _) = APACHE.split_once(APACHE_END)?;
        let terms = TextData::new(terms).without_text();
        for store in [&mut all, &mut common] {
            let added = store.add_variant("Apache-2.0", LicenseType::Alternate, terms.clone());
            added.ok()?;
        }
        Some(Self { all, common })
    }

    /// The licences that a text is, or is made of; `None` where it tells nothing.
    fn names(&self, text: &str) -> Option<BTreeSet<String>> {
        let data = TextData::new(text);
        match self.name(&data) {
            Some(name) => Some(BTreeSet::from([name])),
            None => self.parts(&data),
        }
    }

    /// The licences of a text that has several one after the other. One alone is none: what
    /// stands beside it may take back what it gives.
    fn parts(&self, text: &TextData) -> Option<BTreeSet<String>> {
        if text.lines().len() > LINES_MAX {
            return None;
        }
        let scanner = Scanner::new(&self.all)
            .confidence_threshold(CONFIDENCE)
            .optimize(true)
            .max_passes(PARTS_MAX);
        let found = scanner.scan(text);
        let names = found.containing.iter().map(|it| it.license.name.to_owned());
        let names: BTreeSet<String> = names.collect();
        (found.license.is_none() && names.len() > 1).then_some(names)
    }

    /// The licence that a text is; `None` where it is none, or nearly as much a common one
    /// as another: few words tell them apart, and a wrong name is worse than none.
    fn name(&self, text: &TextData) -> Option<String> {
        let scan = |store| {
            let scanner = Scanner::new(store).confidence_threshold(CONFIDENCE);
            scanner.scan(text).license.map(|it| it.name.to_owned())
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
    fn a_text_is_named_without_its_appendix_and_beside_another_one() {
        let stores = Stores::load().unwrap();
        let names = |text: &str| {
            let names = stores.names(text).into_iter().flatten();
            names.collect::<Vec<_>>().join(" AND ")
        };
        let (terms, appendix) = APACHE.split_once(APACHE_END).unwrap();
        assert_eq!(names(APACHE), "Apache-2.0");
        assert_eq!(names(terms), "Apache-2.0");
        let other = terms.replace("commercial damages or losses", "losses");
        assert_eq!(names(&other), "Apache-2.0");
        let (_, notice) = appendix.split_once("Copyright").unwrap();
        let both = format!("Two licences.\n\n{MIT}\n\nThe rest of the files:\n\nCopyright{notice}");
        assert_eq!(names(&both), "Apache-2.0 AND MIT");
        let clause = "You may not sell it, nor a service whose value is that of it. ".repeat(20);
        assert_eq!(names(&format!("{MIT}\n{clause}")), "");
        assert_eq!(names("All rights reserved."), "");
    }

    const MIT: &str = "\
MIT License

Copyright (c) 2020 Somebody

Permission is hereby granted, free of charge, to any person obtaining a copy of
this software and associated documentation files (the \"Software\"), to deal in
the Software without restriction, including without limitation the rights to
use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies
of the Software, and to permit persons to whom the Software is furnished to do
so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
";

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
            // Go files are not text of a licence, and the text decides.
            assert_eq!(is_licence(name) && !name.ends_with(".go"), want, "{name}");
        }
    }
}

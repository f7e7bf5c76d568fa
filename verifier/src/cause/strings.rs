//! ldflags-variable, embedded-file, source-content: string variables with other
//! text, in files without symbols too.

use std::ops::Range;

use super::{Cause, Confidence, Evidence, Name, Pair, Reach, content, embedded};
use crate::artifact::Artifact;
use crate::diff::literals;
use crate::diff::strings::{self, StringDiff};
use crate::goinfo::functions::package;
use crate::goinfo::symbols::Symbols;

/// The most variables listed.
const LISTED_MAX: usize = 12;

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let found = found(pair);
    let (set, others): (Vec<_>, Vec<_>) = found.iter().partition(|one| one.is_set_by_linker(pair));
    let (files, texts): (Vec<_>, Vec<_>) = others.into_iter().partition(|one| one.is_file(pair));
    let mut causes: Vec<Cause> = linker(pair, &set).into_iter().collect();
    if embedded::code_is_same(pair) {
        let same_main = |pattern: proto::buildid::Pattern| pattern.0[1] && pattern.0[2];
        // Equal parts B and C: package main embeds the same.
        let same_main = pair.diff.pattern.is_some_and(same_main);
        let files = if same_main { Vec::new() } else { files };
        causes.extend(file(pair, &files));
        let main_differs = pair.diff.pattern.is_some_and(|pattern| !pattern.0[2]);
        causes.extend(text(pair, &texts, main_differs));
    }
    causes
}

/// Only what -X sets, which no other cause accounts for.
pub(super) fn set_by_linker(pair: &Pair<'_>) -> Vec<Cause> {
    let found = found(pair);
    let set: Vec<_> = found
        .iter()
        .filter(|one| one.is_set_by_linker(pair))
        .collect();
    linker(pair, &set).into_iter().collect()
}

/// String variables with other text; none where all inputs are equal.
fn found<'a>(pair: &Pair<'a>) -> Vec<Variable<'a>> {
    let same_inputs = pair.diff.pattern.is_none_or(|pattern| pattern.0[0]);
    if same_inputs || pair.diff.functions.is_none() || !pair.same_go() {
        return Vec::new();
    }
    let symbols = pair.symbols(0);
    strings::compare(pair.a, pair.b)
        .into_iter()
        .map(|string| Variable::of(pair, symbols, string))
        .filter(|variable| !variable.is_go_own() && !variable.is_told(pair))
        .filter(|variable| !variable.is_known_set(pair))
        .collect()
}

/// A string variable, its symbol where there is one.
struct Variable<'a> {
    name: Option<&'a str>,
    string: StringDiff,
    section: &'a str,
}

impl<'a> Variable<'a> {
    fn of(pair: &Pair<'a>, symbols: &Symbols<'a>, string: StringDiff) -> Self {
        let image = &pair.a.image;
        let address = image.address_of(string.header_a);
        let symbol = address.and_then(|address| symbols.at(address));
        let section = image
            .region_at(string.header_a)
            .map_or("", |region| region.name.as_str());
        Self {
            name: symbol.map(|symbol| symbol.name),
            section,
            string,
        }
    }

    /// The go command sets these itself, and they are told elsewhere.
    fn is_go_own(&self) -> bool {
        self.name.is_some_and(|name| name.starts_with("runtime."))
    }

    /// Symbols name what -X set, and that is told elsewhere.
    fn is_told(&self, pair: &Pair<'_>) -> bool {
        let set = [pair.a, pair.b].map(|artifact| artifact.go.variables.as_deref());
        let mut set = set.into_iter().flatten().flatten();
        self.name
            .is_some_and(|name| set.any(|variable| variable.name == name))
    }

    /// Code shows it to be set by the linker, and that is told elsewhere.
    fn is_known_set(&self, pair: &Pair<'_>) -> bool {
        let header = self.string.header_a;
        pair.set_strings().iter().any(|one| {
            one.headers[0]
                .as_ref()
                .is_some_and(|known| known.start == header)
        })
    }

    fn texts<'p>(&self, pair: &Pair<'p>) -> [&'p [u8]; 2] {
        [
            &pair.a.bytes()[self.string.a.clone()],
            &pair.b.bytes()[self.string.b.clone()],
        ]
    }

    /// The linker ends the text of a variable that it sets by NUL; strings of the
    /// source stand side by side. One build may have been left without -X.
    fn is_ended(&self, pair: &Pair<'_>) -> bool {
        pair.a.bytes().get(self.string.a.end) == Some(&0)
            || pair.b.bytes().get(self.string.b.end) == Some(&0)
    }

    /// Such variables lie in data that the program may write.
    fn is_set_by_linker(&self, pair: &Pair<'_>) -> bool {
        let is_writable = matches!(self.section, ".data" | "__data" | "data");
        let is_trimmed = |artifact: &Artifact| artifact.go.setting("-trimpath") == Some("true");
        // Builds without -trimpath record the flag.
        let is_hidden = is_trimmed(pair.a) && is_trimmed(pair.b);
        // Where symbols name the values of all such variables, others do not have
        // one.
        let has_names = pair.a.go.variables.is_some() && pair.b.go.variables.is_some();
        is_writable && is_hidden && !has_names && self.is_ended(pair) && !self.is_file(pair)
    }

    /// The bytes of each file that differ with it: the text, and the pointer and
    /// length.
    fn places(&self, pair: &Pair<'_>) -> [[Range<usize>; 2]; 2] {
        let word = usize::from(pair.a.image.machine.bits.unwrap_or(64) / 8);
        let header = |at: usize| at..at.saturating_add(2 * word);
        let string = &self.string;
        [
            [string.a.clone(), header(string.header_a)],
            [string.b.clone(), header(string.header_b)],
        ]
    }

    /// Files end with a line end, or hold several lines; strings in the source
    /// hardly ever do.
    fn is_file(&self, pair: &Pair<'_>) -> bool {
        self.texts(pair).iter().all(|text| {
            text.ends_with(b"\n") || text.iter().filter(|byte| **byte == b'\n').count() > 1
        })
    }

    fn evidence(&self, pair: &Pair<'_>) -> Evidence {
        let [a, b] = self.texts(pair);
        let at = format!("{} at offset {:#x}", self.section, self.string.header_a);
        let place = match self.name {
            Some(name) => format!("string variable {name} ({at})"),
            None => format!("string variable in {at}"),
        };
        if a.len().max(b.len()) > 200 {
            let [a, b] = embedded::show(Some(a), Some(b));
            return Evidence::sides(place, a, b);
        }
        let text = |text: &[u8]| format!("{:?}", String::from_utf8_lossy(text));
        Evidence::new(place, text(a), text(b))
    }
}

fn evidence(pair: &Pair<'_>, found: &[&Variable<'_>]) -> Vec<Evidence> {
    let shown = found.iter().take(LISTED_MAX);
    shown.map(|variable| variable.evidence(pair)).collect()
}

fn reach(pair: &Pair<'_>, found: &[&Variable<'_>]) -> Reach {
    let of = |side: usize| -> Vec<Range<usize>> {
        let places = found.iter().flat_map(|one| one.places(pair)[side].clone());
        places.collect()
    };
    let of_one_length = found
        .iter()
        .all(|one| one.string.a.len() == one.string.b.len());
    if of_one_length {
        Reach::Places(of(0))
    } else {
        Reach::Moved([of(0), of(1)])
    }
}

fn linker(pair: &Pair<'_>, ended: &[&Variable<'_>]) -> Option<Cause> {
    let first = ended.first()?;
    let kinds: Vec<&str> = ended
        .iter()
        .flat_map(|variable| variable.texts(pair))
        .filter_map(|text| kind(&String::from_utf8_lossy(text)))
        .collect();
    let kind = kinds
        .first()
        .map_or_else(String::new, |kind| format!(", {kind}"));
    let count = match ended.len() {
        1 => "a string variable".to_owned(),
        count => format!("each of {count} string variables"),
    };
    let of = first
        .name
        .map_or_else(String::new, |name| format!(" ({name})"));
    Some(Cause {
        name: Name::LdflagsVariable,
        confidence: Confidence::Likely,
        summary: format!(
            "{count}{of} has another text{kind}, as -ldflags=-X gives it; builds with -trimpath do not \
             record the flag"
        ),
        evidence: evidence(pair, ended),
        fix: "pass the same -X values to both builds, and only values that depend on the source: the commit's own \
              time (git log -1 --format=%cI) in place of the clock, no host or user names"
            .into(),
        reach: reach(pair, ended),
    })
}

fn file(pair: &Pair<'_>, found: &[&Variable<'_>]) -> Option<Cause> {
    let first = found.first()?;
    let mut marks: Vec<&str> = found
        .iter()
        .filter_map(|one| {
            let [a, b] = one.texts(pair);
            embedded::mark(a, b)
        })
        .collect();
    marks.sort_unstable();
    marks.dedup();
    let of = first.name.map_or_else(
        || "a string variable".to_owned(),
        |name| format!("variable {name}"),
    );
    let how = if marks.is_empty() {
        String::new()
    } else {
        format!(" ({})", marks.join(", "))
    };
    Some(Cause {
        name: Name::EmbeddedFile,
        confidence: Confidence::Likely,
        summary: format!(
            "the text of {of} differs{how} while all code is equal, as an embedded file (//go:embed) would do"
        ),
        evidence: evidence(pair, found),
        fix: embedded::fix(&marks),
        reach: reach(pair, found),
    })
}

fn text(pair: &Pair<'_>, found: &[&Variable<'_>], main_differs: bool) -> Vec<Cause> {
    // Tables that the compiler lays out have no symbols; what points to them has.
    let nameless = |one: &&&Variable<'_>| one.name.is_none();
    let word = usize::from(pair.a.image.machine.bits.unwrap_or(64) / 8);
    let header = |one: &&Variable<'_>| one.string.header_a..one.string.header_a + word;
    let places: Vec<Range<usize>> = found.iter().filter(nameless).map(header).collect();
    let holders = literals::holders(pair.a, pair.symbols(0), &places);
    let owner = |one: &Variable<'_>| match one.name {
        Some(name) => content::Owner::of(pair, &package::of_symbol(name)),
        None => {
            let mut known = places.iter().zip(&holders);
            let of = known.find(|(place, _)| place.start == one.string.header_a);
            of.and_then(|(_, of)| of.as_ref())
                .map_or(content::Owner::Unknown, |of| {
                    super::literals::owner_of(pair, of)
                })
        }
    };
    let of = |wanted: content::Owner| -> Vec<&Variable<'_>> {
        let found = found.iter().copied();
        found.filter(|one| owner(one) == wanted).collect()
    };
    let unknown = if main_differs {
        Name::SourceContent
    } else {
        Name::DependencyContent
    };
    let owners = [
        (content::Owner::Main, Name::SourceContent),
        (content::Owner::Dependency, Name::DependencyContent),
        (content::Owner::Standard, Name::ToolchainPatched),
        (content::Owner::Unknown, unknown),
    ];
    let cause = |(owner, name)| text_of(pair, owner, name, &of(owner));
    owners.into_iter().filter_map(cause).collect()
}

fn text_of(
    pair: &Pair<'_>,
    owner: content::Owner,
    name: Name,
    found: &[&Variable<'_>],
) -> Option<Cause> {
    let first = found.first()?;
    let of = first.name.map_or_else(
        || "a string variable".to_owned(),
        |name| format!("variable {name}"),
    );
    // Package main is equal, and without symbols nobody tells whose text it is.
    let is_anyones = owner == content::Owner::Unknown && name == Name::DependencyContent;
    let whose = match name {
        Name::ToolchainPatched => {
            ": the standard library is not the same though both toolchains call themselves alike"
        }
        _ if is_anyones => {
            "; without symbols nothing tells whose it is: a dependency's, or the standard library's"
        }
        _ => "",
    };
    let fix = match name {
        Name::ToolchainPatched => {
            "build both with the release from go.dev (verify-build toolchain tells whether it is one)"
        }
        _ => {
            "build both from one commit with a clean tree; look at the variables named, and at generated files"
        }
    };
    Some(Cause {
        name,
        confidence: if is_anyones {
            Confidence::Possible
        } else {
            Confidence::Likely
        },
        summary: format!("the text of {of} differs while all code is equal{whose}"),
        evidence: evidence(pair, found),
        fix: fix.into(),
        reach: reach(pair, found),
    })
}

/// Says what a text looks like.
pub(super) fn kind(text: &str) -> Option<&'static str> {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if embedded::has_time(text) {
        Some("a date or time")
    } else if matches!(text.len(), 7..=12 | 40 | 64) && is_hex(text) {
        Some("a commit's hash by its look")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_a_text_looks_like() {
        let table = [
            ("2026-01-02T03:04:05Z", Some("a date or time")),
            ("built at 1767322800 by", Some("a date or time")),
            ("1234567890123", None),
            (
                "da39a3ee5e6b4b0d3255bfef95601890afd80709",
                Some("a commit's hash by its look"),
            ),
            ("deadbeef", Some("a commit's hash by its look")),
            ("v1.2.3", None),
            ("", None),
        ];
        for (text, want) in table {
            assert_eq!(kind(text), want, "{text}");
        }
    }
}

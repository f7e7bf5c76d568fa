//! Texts that match a pattern in symbol names and debug information, on one side
//! and not on the other.

use std::borrow::Cow;
use std::collections::BTreeMap;

use regex::bytes::Regex;

use super::{Evidence, Pair};
use crate::artifact::Artifact;
use crate::dwarf::sections::{self, SECTION_MAX};

/// The most matches looked at in one section.
const MATCHES_MAX: usize = 10_000;

/// The most matches kept as evidence.
const KEPT_MAX: usize = 8;

/// Sections with names and paths in them.
const TEXTS: [&str; 4] = ["str", "line_str", "line", "info"];

/// A text in one section that only one side has there.
pub(super) struct Found {
    place: String,
    a: Option<String>,
    b: Option<String>,
}

impl Found {
    /// Says whether what either side has fits.
    pub(super) fn is(&self, fits: impl Fn(&str) -> bool) -> bool {
        self.a.as_deref().is_some_and(&fits) || self.b.as_deref().is_some_and(&fits)
    }

    pub(super) fn evidence(&self) -> Evidence {
        Evidence::sides(self.place.clone(), self.a.clone(), self.b.clone())
    }
}

/// Finds what matches on one side only, for each pattern. Sections are unpacked once
/// for all of them.
pub(super) fn differing<const N: usize>(
    pair: &Pair<'_>,
    patterns: [Option<&Regex>; N],
) -> [Vec<Found>; N] {
    let mut found = patterns.map(|_| Vec::new());
    for name in std::iter::once(".strtab").chain(TEXTS) {
        let is_wanted = |(pattern, found): (&Option<&Regex>, &Vec<Found>)| {
            pattern.is_some() && found.len() < KEPT_MAX
        };
        if !section_differs(pair, name) || !patterns.iter().zip(&found).any(is_wanted) {
            continue;
        }
        let (a, b) = (content(pair.a, name), content(pair.b, name));
        for (pattern, found) in patterns.iter().zip(&mut found) {
            let Some(pattern) = pattern.filter(|_| found.len() < KEPT_MAX) else {
                continue;
            };
            let (a, b) = (
                matches(a.as_deref(), pattern),
                matches(b.as_deref(), pattern),
            );
            add(name, &a, &b, found);
        }
    }
    found
}

/// Texts of both sides are shown together in their order.
fn add(
    name: &str,
    a: &BTreeMap<String, usize>,
    b: &BTreeMap<String, usize>,
    found: &mut Vec<Found>,
) {
    let only = |ours: &BTreeMap<String, usize>, theirs: &BTreeMap<String, usize>| {
        let only = ours.iter().filter(|(text, _)| !theirs.contains_key(*text));
        only.map(|(text, at)| (text.clone(), *at))
            .collect::<Vec<_>>()
    };
    let (mut ours, mut theirs) = (only(a, b).into_iter(), only(b, a).into_iter());
    while found.len() < KEPT_MAX {
        let (one, other) = (ours.next(), theirs.next());
        if one.is_none() && other.is_none() {
            break;
        }
        let at = |found: &Option<(String, usize)>| found.as_ref().map(|(_, at)| format!("{at:#x}"));
        let offsets: Vec<String> = [at(&one), at(&other)].into_iter().flatten().collect();
        let section = if name == ".strtab" {
            name.to_owned()
        } else {
            format!(".debug_{name} once unpacked")
        };
        found.push(Found {
            place: format!("{section} at {}", offsets.join(" and ")),
            a: one.map(|(text, _)| text),
            b: other.map(|(text, _)| text),
        });
    }
}

fn is_section(name: &str, region: &crate::image::Region) -> bool {
    region.name == name || sections::bare(region) == Some(name)
}

fn section_differs(pair: &Pair<'_>, name: &str) -> bool {
    let named = |artifact: &Artifact| {
        let region = artifact
            .image
            .regions
            .iter()
            .find(|region| is_section(name, region));
        region.map(|region| region.name.clone())
    };
    let names = [named(pair.a), named(pair.b)];
    let differs =
        |region: &crate::diff::RegionDiff| names.iter().flatten().any(|name| *name == region.name);
    pair.diff.regions.iter().any(differs)
}

/// Texts and where each comes first.
fn matches(content: Option<&[u8]>, pattern: &Regex) -> BTreeMap<String, usize> {
    let mut texts = BTreeMap::new();
    let found = pattern.find_iter(content.unwrap_or_default());
    for found in found.take(MATCHES_MAX) {
        let text = String::from_utf8_lossy(found.as_bytes()).into_owned();
        texts.entry(text).or_insert_with(|| found.start());
    }
    texts
}

/// A section as it is once unpacked.
fn content<'a>(artifact: &'a Artifact, name: &str) -> Option<Cow<'a, [u8]>> {
    let region = artifact
        .image
        .regions
        .iter()
        .find(|region| is_section(name, region))?;
    sections::unpack(artifact.bytes(), &artifact.image, region, SECTION_MAX)
}

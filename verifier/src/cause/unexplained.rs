//! unexplained: what no proven cause accounts for, with its ranges.

use super::{Cause, Confidence, Evidence, Name, Pair, Reach};
use crate::diff::RegionDiff;
use crate::diff::regions::Span;
use crate::image::Content;

/// The most ranges listed as evidence; the report holds the rest.
const RANGES_MAX: usize = 12;

/// The most of them from one region.
const RANGES_EACH_MAX: usize = 3;

/// Bytes of each side shown for a small range.
const SHOWN_BYTES: usize = 48;

pub(super) fn explain(pair: &Pair<'_>, causes: &[Cause]) -> Option<Cause> {
    let sure = |cause: &&Cause| cause.confidence == Confidence::Proven;
    let reaches = |reach: Reach| causes.iter().filter(sure).any(|cause| cause.reach == reach);
    if reaches(Reach::Anything) {
        return None;
    }
    let one_sided = reaches(Reach::OneSided);
    let mut left: Vec<&RegionDiff> = pair
        .diff
        .regions
        .iter()
        .filter(|region| region.differing > region.stamped)
        .filter(|region| !(one_sided && is_one_sided_effect(region)))
        .collect();
    if left.is_empty() && !causes.is_empty() {
        return None;
    }
    // What the program runs comes before the tables that describe it.
    left.sort_by_key(|region| !matches!(region.content, Content::Code | Content::Data));
    let bytes: usize = left
        .iter()
        .map(|region| region.differing - region.stamped)
        .sum();
    let total: usize = left.iter().map(|region| region.spans.len().max(1)).sum();
    let evidence: Vec<Evidence> = left
        .iter()
        .flat_map(|region| ranges(pair, region).into_iter().take(RANGES_EACH_MAX))
        .take(RANGES_MAX)
        .collect();
    let more = if total > evidence.len() {
        format!(", {} of {total} places shown", evidence.len())
    } else {
        String::new()
    };
    let summary = if bytes == 0 {
        "only the names of the builds differ, for a reason that these two files alone do not show"
            .into()
    } else {
        format!("{bytes} bytes differ for a reason that these two files alone do not show{more}")
    };
    Some(Cause {
        name: Name::Unexplained,
        confidence: Confidence::Possible,
        summary,
        evidence,
        fix: fix(pair),
        reach: Reach::Stamps,
    })
}

fn fix(pair: &Pair<'_>) -> String {
    let untrimmed = pair.which(|artifact| artifact.go.setting("-trimpath") != Some("true"));
    let flag = if untrimmed.is_some() {
        "with -trimpath and "
    } else {
        ""
    };
    format!(
        "build both again {flag}from an empty GOCACHE on each machine, and compare; if they still differ, look at \
         the places listed (symbols, if the files have them, tell which function or variable lies there)"
    )
}

/// Taking sections away also changes the headers that list them. Code or data
/// on one side only is another matter.
fn is_one_sided_effect(region: &RegionDiff) -> bool {
    match region.content {
        Content::Layout | Content::Symbols => true,
        Content::Notes if super::split_debug::LINKS.contains(&region.name.as_str()) => true,
        Content::Notes => region.a.is_none() || region.b.is_none(),
        Content::Code | Content::Data => false,
    }
}

fn ranges(pair: &Pair<'_>, region: &RegionDiff) -> Vec<Evidence> {
    if region.spans.is_empty() {
        let show = |range: &Option<std::ops::Range<usize>>| {
            range
                .as_ref()
                .map(|range| format!("{} bytes at {:#x}", range.len(), range.start))
        };
        return vec![Evidence::sides(
            region.name.clone(),
            show(&region.a),
            show(&region.b),
        )];
    }
    let shown = |span: &Span| {
        let [a, b] = [
            excerpt(pair.a.bytes(), &span.a),
            excerpt(pair.b.bytes(), &span.b),
        ];
        Evidence::new(place(region, span), a, b)
    };
    region.spans.iter().map(shown).collect()
}

/// Names a place in both files.
pub(super) fn place(region: &RegionDiff, span: &Span) -> String {
    if span.a.start == span.b.start {
        return format!("{} at offset {:#x}", region.name, span.a.start);
    }
    format!(
        "{} at offsets {:#x} and {:#x}",
        region.name, span.a.start, span.b.start
    )
}

/// Shows bytes as text where they are text, else as hexadecimal.
pub(super) fn excerpt(bytes: &[u8], range: &std::ops::Range<usize>) -> String {
    let all = bytes.get(range.clone()).unwrap_or_default();
    let shown = &all[..all.len().min(SHOWN_BYTES)];
    let is_text = shown.len() > 1 && shown.iter().all(|byte| (0x20..0x7f).contains(byte));
    let text = match std::str::from_utf8(shown) {
        Ok(text) if is_text => format!("{text:?}"),
        _ => hex::encode(&shown[..shown.len().min(SHOWN_BYTES / 2)]),
    };
    if all.len() > shown.len() {
        format!("{text}… ({} bytes)", all.len())
    } else {
        text
    }
}
